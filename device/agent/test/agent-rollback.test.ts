// An application at level 2 that puts an older agent, signed and whole, back into both slots:
// refused where the part has one-time memory for the counter of agents (spec/recovery.md
// section 5), taken where it has none.

import { concatBytes, u32le } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import { eraseUnitsOf, findChip } from '@firmseal/chips';
import type { CpuPort } from '@firmseal/virtual-stm32';
import { expect, it } from 'vitest';
import { buildWeakenedAnchor } from '../build.ts';
import { agentImageOf, agentPackage } from './agent-package.ts';
import { HostileApplication, letApplication, putRange, readRange } from './hostile-application.ts';
import { blankLine, type Line } from './line.ts';
import { applicationPackage, twoPlaces } from './trial-application.ts';

const counterAt = 12;

/** The erase units of both slots, with what else lies in them. */
const slotsOf = ({ chip }: Line) =>
  (['agent', 'agentCopy'] as const).map((name) => {
    const { layout } = chip.chip;
    const range = { addressStart: layout[name].addressStart, length: layout.agent.length };
    return { eraseUnits: eraseUnitsOf(chip.chip, range) };
  });

const isLoader = (line: Line): boolean =>
  (decodeCbor(line.request(0x01), { maxBytes: 4096 }) as Map<number, unknown>).get(32) === true;

/** The counter of the agent in slot A. */
const counterOf = ({ chip }: Line): number => {
  const head = chip.judge.flash(chip.chip.layout.agent.addressStart, 32);
  return new DataView(head.buffer).getUint32(counterAt, true);
};

async function update(line: Line, counter: number): Promise<void> {
  await line.updateAgent(await agentPackage(line.chip.chip.id, { counter }));
  line.request(0x26); // start: the chip resets
  expect(counterOf(line)).toBe(counter);
}

/** Agent 3 runs, agent 2 ran before; the application keeps what the slots held then. */
async function replacedTwice(chipId: string, agent?: Uint8Array) {
  const application = new HostileApplication();
  const line = await blankLine(chipId, 'rollback', agent, [application]);
  await line.personalize(2);
  const [place] = twoPlaces(findChip(chipId));
  await line.install(await applicationPackage(chipId, place, { securityCounter: 5 }));
  await update(line, 2);
  const saved: Uint8Array[] = [];
  letApplication(line, application, (cpu) => {
    for (const slot of slotsOf(line)) saved.push(readRange(cpu, slot));
  });
  await update(line, 3);
  const putBack = (cpu: CpuPort) => {
    for (const [i, slot] of slotsOf(line).entries()) putRange(cpu, slot, saved[i]!);
  };
  return { line, application, putBack };
}

it.each(['stm32f427', 'stm32g0b1', 'stm32u575'])(
  'an older agent in both slots is not started and not loaded; the newer one is: %s',
  async (chipId) => {
    const { line, application, putBack } = await replacedTwice(chipId);
    const { thumbprint } = line.device!;
    letApplication(line, application, putBack);
    expect(isLoader(line)).toBe(true);
    const image = (counter: number) => agentImageOf(chipId, { counter });
    expect(line.try(0x40, (await image(2)).subarray(0, 1024)).status).toBe('agent-counter-rolled-back');
    const newer = await image(3);
    line.request(0x40, newer.subarray(0, 1024));
    // The reset behind the last piece would start the application.
    line.chip.setPin('agent-request', true);
    for (let at = 1024; at < newer.length; at += 1024)
      line.request(0x41, concatBytes(u32le(at), newer.subarray(at, at + 1024)));
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
    expect([counterOf(line), line.device!.thumbprint]).toEqual([3, thumbprint]);
  },
);

it('on the STM32H743, which has no one-time memory, it is started', async () => {
  const { line, application, putBack } = await replacedTwice('stm32h743');
  letApplication(line, application, putBack);
  expect([isLoader(line), counterOf(line)]).toEqual([false, 2]);
});

it('and by an anchor that does not look at the floor', async () => {
  const weak = await buildWeakenedAnchor('stm32g0b1', { 'agent-image-floor': '' });
  const { line, application, putBack } = await replacedTwice('stm32g0b1', weak);
  letApplication(line, application, putBack);
  expect([isLoader(line), counterOf(line)]).toEqual([false, 2]);
});

it('an entry that the chip did not make raises no floor', async () => {
  const { line, application } = await replacedTwice('stm32g0b1');
  const { otp } = line.chip.chip;
  letApplication(line, application, (cpu) => {
    const forged = concatBytes(
      Uint8Array.of(0x46, 0x4f, 2, 1),
      u32le(0x7fff_ffff),
      new Uint8Array(8).fill(7),
    );
    const place = otp!.addressStart + otp!.length - 16;
    expect(cpu.programUnits(place, forged)).toBe('ok');
  });
  expect([isLoader(line), counterOf(line)]).toEqual([false, 3]);
});
