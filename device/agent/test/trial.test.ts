// spec/agent.md section 6, on the agent's WebAssembly build: two applications side by side,
// trial, confirmation, revert.

import { findChip } from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { buildWeakenedAgent } from '../build.ts';
import { blankLine, type Line } from './line.ts';
import {
  ApplicationPlayer,
  applicationPackage,
  confirmPlace,
  flashConfirmation,
  twoPlaces,
} from './trial-application.ts';
import { makePackage, type TestPackage } from './trusted-site.ts';

interface Bench {
  readonly line: Line;
  readonly player: ApplicationPlayer;
  readonly former: TestPackage;
  readonly next: TestPackage;
  readonly places: readonly [number, number];
}

function enterAgent({ chip }: Line): void {
  chip.setPin('agent-request', true);
  chip.reset();
  chip.setPin('agent-request', false);
}

/** A chip whose former application (counter 5) stands and has run. */
async function installed(chipId: string, agent?: Uint8Array, level: 0 | 1 = 1): Promise<Bench> {
  const player = new ApplicationPlayer();
  const line = await blankLine(chipId, 'trial', agent, [player]);
  await line.personalize(level);
  player.started.length = 0; // a chip without an agent starts at its first word
  const places = twoPlaces(findChip(chipId));
  const least = { leastReadoutLevel: level };
  const former = await applicationPackage(chipId, places[0], { securityCounter: 5, ...least });
  const next = await applicationPackage(chipId, places[1], {
    ...{ securityCounter: 7, interruption: 'trial', ...least },
  });
  await line.install(former);
  line.chip.reset();
  expect(player.started).toEqual([places[0]]);
  enterAgent(line);
  return { line, player, former, next, places };
}

describe.each(['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575', 'stm32l476', 'stm32f405'])(
  '%s',
  (chipId) => {
    it('installs beside the former application, which stays until the new one confirms itself', async () => {
      const { line, player, former, next, places } = await installed(chipId);
      const license = await line.licenseFor(next);
      const receipt = await line.install(next, license);
      expect(receipt).toMatchObject({
        result: 'on-trial',
        measured: true,
        installCount: 2,
        securityCounter: 5,
      });
      expect(line.hello()).toMatchObject({
        ...{ lifeCycle: 'trial', securityCounter: 5, manifestDigest: next.manifestDigest },
      });
      player.manner = 'confirms';
      line.chip.reset();
      expect(player.started.at(-1)).toBe(places[1]);
      line.chip.reset(); // here the agent sees the confirmation
      expect(player.started.at(-1)).toBe(places[1]);
      enterAgent(line);
      expect(line.hello()).toMatchObject({
        ...{ lifeCycle: 'installed', securityCounter: 7, manifestDigest: next.manifestDigest },
      });
      expect(line.receipt(license, next.manifest)).toMatchObject({ result: 'installed', securityCounter: 7 });
      expect(line.try(0x20, former.headerBytes).status).toBe('counter-rolled-back');
    });

    it('keeps an application that confirmed itself in flash over a loss of power, and no other', async () => {
      const { line, player, next, places } = await installed(chipId);
      for (const manner of ['confirms', 'confirms-in-flash'] as const) {
        player.manner = 'silent';
        const license = await line.licenseFor(next);
        await line.install(next, license);
        player.manner = manner;
        line.chip.reset();
        expect(player.started.at(-1)).toBe(places[1]);
        player.manner = 'silent';
        line.chip.powerOff();
        line.chip.powerOn();
        const isKept = manner === 'confirms-in-flash';
        expect(player.started.at(-1)).toBe(places[isKept ? 1 : 0]);
        enterAgent(line);
        expect(line.hello()).toMatchObject({ lifeCycle: isKept ? 'installed' : 'reverted' });
      }
      expect(line.hello()).toMatchObject({ securityCounter: 7 });
    });

    it('goes back to the former application when the new one does not confirm itself', async () => {
      const { line, player, next, places } = await installed(chipId);
      const license = await line.licenseFor(next);
      await line.install(next, license);
      line.chip.reset();
      expect(player.started.at(-1)).toBe(places[1]);
      line.chip.reset();
      expect(player.started.at(-1)).toBe(places[0]);
      line.chip.reset();
      expect(player.started.at(-1)).toBe(places[0]);
      enterAgent(line);
      const hello = line.hello();
      expect(hello).toMatchObject({ lifeCycle: 'reverted', securityCounter: 5, installCount: 2 });
      expect(() => line.receipt(license, next.manifest)).toThrow('given up');
      // The same place again, after a better build.
      const better = await applicationPackage(chipId, places[1], {
        securityCounter: 8,
        interruption: 'trial',
      });
      await line.install(better);
      player.manner = 'confirms';
      line.chip.reset();
      line.chip.reset();
      enterAgent(line);
      expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 8 });
    });
  },
);

const chipId = 'stm32g0b1';

it.each([
  ['', 'reverted'],
  ['trial-confirmed-too-early', 'installed'],
] as const)(
  'gives up a trial that was confirmed before it ran; without that check (%s) it is %s',
  async (defence, lifeCycle) => {
    const chipId = 'stm32h743';
    const agent =
      defence === '' ? undefined : await buildWeakenedAgent(chipId, { [defence]: '(void)left_too_early;' });
    const { line, player, next, places } = await installed(chipId, agent, 0);
    await line.install(next);
    const { chip } = line;
    chip.debug.connect();
    const [place, unit] = [confirmPlace(chip.chip, places[1]), chip.chip.write.unitBytes];
    for (let at = 0; at < 32; at += unit) {
      const piece = flashConfirmation.subarray(at, at + unit);
      expect(chip.debug.programFlash(place + at, piece)).toBe('ok');
    }
    chip.debug.disconnect();
    chip.reset();
    expect(player.started.at(-1)).toBe(places[defence === '' ? 0 : 1]);
    enterAgent(line);
    expect(line.hello()).toMatchObject({ lifeCycle });
  },
);

it('a trial gets one boot: power that goes while it runs is no confirmation', async () => {
  const { line, player, next, places } = await installed(chipId);
  await line.install(next);
  player.manner = 'confirms'; // into RAM, which is lost
  line.chip.reset();
  line.chip.powerOff();
  line.chip.powerOn();
  expect(player.started.slice(-2)).toEqual([places[1], places[0]]);
});

it('a confirmation that an application leaves without a trial counts for nothing later', async () => {
  const { line, player, next, places } = await installed(chipId);
  player.manner = 'confirms';
  line.chip.reset();
  enterAgent(line);
  player.manner = 'silent';
  await line.install(next);
  line.chip.reset();
  line.chip.reset();
  expect(player.started.slice(-2)).toEqual([places[1], places[0]]);
});

it('the application asks for the agent; an install that is cut off leaves the former application', async () => {
  const { line, player, next, places } = await installed(chipId);
  line.chip.reset();
  line.chip.receive(Uint8Array.of(0x61)); // the application leaves its request and resets
  expect(line.info().get(3)).toBe(3);
  const license = await line.licenseFor(next);
  line.package(next);
  line.license(license);
  line.record(0, next.records[0]!);
  line.chip.reset();
  expect(player.started.at(-1)).toBe(places[0]);
  enterAgent(line);
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
});

it('refuses what shares an erase unit with the application that stands, and any package while a trial waits', async () => {
  const { line, former, next, places } = await installed(chipId);
  const inTheWay = await applicationPackage(chipId, places[0], { securityCounter: 6, interruption: 'trial' });
  expect(line.try(0x20, inTheWay.headerBytes).status).toBe('trial-no-room');
  // The last page of the former application's, half used.
  const touching = await applicationPackage(chipId, places[0] + 1536, {
    ...{ securityCounter: 6, interruption: 'trial' },
  });
  expect(line.try(0x20, touching.headerBytes).status).toBe('trial-no-room');
  await line.install(next);
  for (const one of [former, next, inTheWay])
    expect(line.try(0x20, one.headerBytes).status).toBe('trial-undecided'); // the counter has not risen yet
});

it('eight areas together are the most', async () => {
  const { line, places } = await installed(chipId);
  const [, start] = places;
  const pages = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      area: { kind: 'firmware', address: start + 0x800 * i, lengthBytes: 256 } as const,
      plaintext: new Uint8Array(256).fill(i),
    }));
  const make = (count: number) =>
    makePackage(chipId, {
      core: { entry: start, chips: [chipId], securityCounter: 6, interruption: 'trial' },
      areas: pages(count),
    });
  expect(line.try(0x20, (await make(8)).headerBytes).status).toBe('trial-no-room');
  expect(line.try(0x20, (await make(7)).headerBytes).status).toBe(0);
});

it('the former application is digested at boot when it asks for it, also after a revert; a trial that is spoilt is given up at once', async () => {
  const player = new ApplicationPlayer();
  const line = await blankLine(chipId, 'trial', undefined, [player]);
  await line.personalize(0);
  const places = twoPlaces(findChip(chipId));
  const bootCheck = 'digest';
  await line.install(await applicationPackage(chipId, places[0], { securityCounter: 5, bootCheck }));
  await line.install(
    await applicationPackage(chipId, places[1], { securityCounter: 6, bootCheck, interruption: 'trial' }),
  );
  // Readout level 0: a debugger spoils the new application.
  line.chip.debug.connect();
  expect(line.chip.debug.eraseUnit(places[1])).toBe('ok');
  line.chip.powerOff();
  line.chip.powerOn();
  expect(player.started).toEqual([places[0]]);
  enterAgent(line);
  expect(line.hello()).toMatchObject({ lifeCycle: 'reverted', securityCounter: 5 });
  line.chip.debug.connect();
  expect(line.chip.debug.eraseUnit(places[0])).toBe('ok');
  line.chip.reset();
  expect(line.chip.bootedApplication).toBeUndefined();
});

describe('an agent without one of the rules is found out', () => {
  it('the counter rises with the confirmation only', async () => {
    const weak = await buildWeakenedAgent(chipId, {
      'install-end-looked-at':
        '(void)check_end(count); fs_now.security_counter = fs_session.manifest.security_counter;',
    });
    const { line, next } = await installed(chipId, weak);
    await line.install(next);
    expect(line.hello().securityCounter).toBe(7);
  });

  it('no confirmation, no second boot', async () => {
    const weak = await buildWeakenedAgent(chipId, {
      'trial-reverts': 'result = confirm();',
    });
    const { line, player, next, places } = await installed(chipId, weak);
    await line.install(next);
    line.chip.reset();
    line.chip.reset();
    expect(player.started.at(-1)).toBe(places[1]);
  });
});
