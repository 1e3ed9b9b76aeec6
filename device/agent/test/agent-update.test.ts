// spec/agent.md section 9, on WebAssembly builds: a package that brings an agent, under an application that
// stands; what is refused before anything is written; what is refused before a receipt.

import { readFileSync } from 'node:fs';
import { fromHex } from '@firmseal/bytes';
import { eraseUnitAt, findChip } from '@firmseal/chips';
import { splitPackage } from '@firmseal/seal';
import { describe, expect, it } from 'vitest';
import { buildWeakenedAgent } from '../build.ts';
import { type AgentChange, agentDelegation, agentPackage } from './agent-package.ts';
import { blankLine, type Line } from './line.ts';
import { ApplicationPlayer, applicationPackage, twoPlaces } from './trial-application.ts';
import { delegate, epoch, makeLicense, type TestLicense, type TestPackage } from './trusted-site.ts';

function enterAgent({ chip }: Line): void {
  chip.setPin('agent-request', true);
  chip.reset();
  chip.setPin('agent-request', false);
}

interface Bench {
  readonly line: Line;
  readonly player: ApplicationPlayer;
  readonly former: TestPackage;
  readonly license: TestLicense;
}

/** A chip whose application (counter 5) stands; the agent waits. */
async function standing(chipId: string, agent?: Uint8Array): Promise<Bench> {
  const player = new ApplicationPlayer();
  const line = await blankLine(chipId, 'agent update', agent, [player]);
  await line.personalize(1);
  const [place] = twoPlaces(findChip(chipId));
  const former = await applicationPackage(chipId, place, { securityCounter: 5 });
  const license = await line.licenseFor(former);
  await line.install(former, license);
  line.chip.reset();
  player.started.length = 0;
  enterAgent(line);
  return { line, player, former, license };
}

/** The application stands with its counter, identity and receipt, and boots. */
function expectStanding({ line, player, former, license }: Bench, thumbprint: Uint8Array): void {
  enterAgent(line);
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
  expect(line.device!.thumbprint).toEqual(thumbprint);
  expect(line.receipt(license, former.manifest)).toMatchObject({ result: 'installed' });
  player.started.length = 0;
  line.chip.reset();
  expect(player.started).toHaveLength(1);
}

describe.each(['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575'])('%s', (chipId) => {
  it('an agent is replaced, and the application under it stands', async () => {
    const bench = await standing(chipId);
    const { line } = bench;
    const { thumbprint } = line.device!;
    const update = await agentPackage(chipId);
    const license = await line.licenseFor(update);
    expect(await line.updateAgent(update, license)).toMatchObject({
      ...{ result: 'installed', measured: true, installCount: 2, securityCounter: 5, agentVersion: 1 },
      agent: { version: 2, counter: 2 },
    });
    expect(line.agentReceipt(license, update.manifest)).toMatchObject({ fresh: false, result: 'installed' });
    line.request(0x26); // start: the chip resets
    // The new agent waits once, so that its host can ask it.
    expect(line.hello()).toMatchObject({ agentVersion: 2, lifeCycle: 'installed', securityCounter: 5 });
    expect(line.agentReceipt(license, update.manifest, new Uint8Array(32))).toMatchObject({
      ...{ result: 'installed', measured: true, agentVersion: 2, agent: { version: 2, counter: 2 } },
    });
    expectStanding(bench, thumbprint);
    enterAgent(line);
    expect(line.try(0x20, update.headerBytes).status).toBe('agent-counter-rolled-back');
  });
});

const chipId = 'stm32g0b1';

describe('refused before anything is written', () => {
  const cases: readonly (readonly [string, AgentChange])[] = [
    ['agent-counter-rolled-back', { counter: 0 }],
    ['manifest-chip-wrong', { chipId: 'stm32u575' }],
    ['agent-target-wrong', { area: { address: findChip(chipId).layout.agent.addressStart } }],
    ['agent-target-wrong', { area: { address: findChip(chipId).layout.slots[0]!.storeStart } }],
  ];
  it.each(cases)('%s', async (code, change) => {
    const bench = await standing(chipId);
    const { line } = bench;
    const { operations } = line.chip.power;
    const update = await agentPackage(chipId, { code: new Uint8Array(64), ...change });
    expect(line.try(0x20, update.headerBytes).status).toBe(code);
    expect(line.chip.power.operations).toBe(operations);
    expectStanding(bench, line.device!.thumbprint);
  });
});

describe('refused before a receipt, and forgotten', () => {
  const small = { code: new Uint8Array(3000).fill(1) };
  const cases: readonly (readonly [string, () => Promise<AgentChange>])[] = [
    ['agent-image-other', async () => ({ ...small, area: { agentCounter: 3 } })],
    ['delegation-counter-exceeded', async () => ({ ...small, image: await overCap() })],
    ['agent-image-malformed', async () => ({ image: new Uint8Array(2048).fill(0x5a) })],
    [
      'delegation-revoked',
      async () => ({ ...small, delegation: await agentDelegation({ epoch: epoch - 1 }) }),
    ],
  ];
  /** Signed under a wider cap, with the narrow delegation put in its place. */
  async function overCap() {
    const { agentImageOf } = await import('./agent-package.ts');
    const [wide, narrow] = [
      await agentDelegation({ counterCap: 9 }),
      await agentDelegation({ counterCap: 1 }),
    ];
    const image = await agentImageOf(chipId, { ...small, delegation: wide });
    const at = image.findIndex((_, i) => wide.every((byte, k) => image[i + k] === byte));
    if (at < 0 || wide.length !== narrow.length) throw new Error('no delegation in the image');
    const changed = image.slice();
    changed.set(narrow, at);
    return changed;
  }
  it.each(cases)('%s', async (code, changeOf) => {
    const bench = await standing(chipId);
    const { line } = bench;
    const { thumbprint } = line.device!;
    const update = await agentPackage(chipId, await changeOf());
    await expect(line.updateAgent(update)).rejects.toThrow(code);
    expect(line.try(0x27, new Uint8Array(0)).status).toBe('no-receipt');
    line.chip.reset();
    expectStanding(bench, thumbprint);
    enterAgent(line);
    expect(line.hello().agentVersion).toBe(1);
  });
});

/** A chip whose install of firmware waits for its end. */
async function interrupted(agent?: Uint8Array): Promise<Line> {
  const { line } = await standing(chipId, agent);
  const [, place] = twoPlaces(findChip(chipId));
  const next = await applicationPackage(chipId, place, { securityCounter: 6, interruption: 'resume' });
  const license = await line.licenseFor(next);
  line.package(next);
  line.license(license);
  line.record(0, next.records[0]!);
  line.chip.reset();
  return line;
}

it('no agent is taken while an install of firmware waits for its end', async () => {
  const line = await interrupted();
  const update = await agentPackage(chipId, { code: new Uint8Array(64) });
  expect(line.try(0x20, update.headerBytes).status).toBe('agent-install-pending');
});

/** A package of epoch 2 with an image whose signer was delegated in epoch 1, which it ends. */
async function ofAnEndedSigner(line: Line) {
  const delegation = await delegate('package-signer', 'package signer', { epoch: epoch + 1 });
  const update = await agentPackage(chipId, {
    code: new Uint8Array(3000).fill(1),
    packageDelegation: delegation,
  });
  const issuer = await delegate('license-issuer', 'license issuer', { epoch: epoch + 1 });
  const { nonce, unwraps } = line.hello();
  const license = await makeLicense(update, { ...line.device!, nonce, unwraps }, { delegation: issuer });
  return { update, license };
}

it('an agent of a signer that was revoked since is refused by an agent that knows of it', async () => {
  const { line } = await standing(chipId);
  const { update, license } = await ofAnEndedSigner(line);
  await expect(line.updateAgent(update, license)).rejects.toThrow('delegation-revoked');
});

describe('an agent without one of the rules is found out', () => {
  const small = { code: new Uint8Array(3000).fill(1) };
  const weak = async (defence: string, instead: string) =>
    standing(chipId, await buildWeakenedAgent(chipId, { [defence]: instead }));
  const offered = async (defence: string, change: AgentChange, instead = ';') => {
    const { line } = await weak(defence, instead);
    return line.try(0x20, (await agentPackage(chipId, { ...small, ...change })).headerBytes).status;
  };

  it('takes an agent for another place', async () => {
    const address = findChip(chipId).layout.agent.addressStart;
    expect(
      await offered('agent-target', { area: { address } }, 'if (area->kind == FS_AREA_AGENT) {}'),
    ).not.toBe('agent-target-wrong');
  });

  it('takes an agent of a header alone, which no owner can seal', async () => {
    const vectors = new URL('../../../vectors/package/open.json', import.meta.url);
    const { cases } = JSON.parse(readFileSync(vectors, 'utf8'));
    const one = cases.find(({ name }: { name: string }) => name === 'agent of a header alone');
    const agent = await buildWeakenedAgent('stm32f427', { 'agent-package-alone': ';' });
    const { line } = await standing('stm32f427', agent);
    const { headerBytes } = splitPackage(fromHex(one.file));
    expect(line.try(0x20, headerBytes).status).not.toBe('agent-package-invalid');
  });

  it('takes an older agent', async () =>
    expect(await offered('agent-counter', { counter: 0 }, '(void)manifest;')).toBe(0));

  it('takes an agent beside an install of firmware', async () => {
    const line = await interrupted(await buildWeakenedAgent(chipId, { 'agent-not-beside-an-install': ';' }));
    expect(line.try(0x20, (await agentPackage(chipId, small)).headerBytes).status).toBe(0);
  });

  it('takes an image of another counter than the package says', async () => {
    const { line } = await weak('agent-counter-of-the-package', '(void)area;');
    const update = await agentPackage(chipId, { ...small, area: { agentCounter: 3 } });
    await expect(line.updateAgent(update)).rejects.toThrow('receipt');
  });

  it('takes an agent of a revoked signer', async () => {
    const { line } = await weak('agent-image-epoch', ';');
    const { update, license } = await ofAnEndedSigner(line);
    expect(await line.updateAgent(update, license)).toMatchObject({ result: 'installed' });
  });

  it('gives a receipt for what the anchor will not start', async () => {
    const instead = `(void)trust; FS_FLOW_STEP(2u * FS_STEP_IMAGE); facts->has_proof = FS_YES; facts->version = 2;
      facts->epoch = fs_now.epoch; facts->counter = fs_session.manifest.areas[0].detail;
      facts->code_length = fs_session.manifest.areas[0].length - FS_AGENT_HEADER_LENGTH;`;
    const { line } = await weak('agent-image-checked', `{ ${instead} }`);
    const update = await agentPackage(chipId, { image: new Uint8Array(2048).fill(0x5a) });
    expect(await line.updateAgent(update)).toMatchObject({ result: 'installed' });
  });

  it('gives a receipt where no agent was installed', async () => {
    const { line } = await weak('agent-receipt-of-an-ended-install', ';');
    expect(line.try(0x27, new Uint8Array(0)).status).not.toBe('no-receipt');
  });
});

it('the slot of the second agent has an erase unit of its own or that of the identity, not of an application', () => {
  for (const id of ['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575']) {
    const chip = findChip(id);
    const { agentCopy, slots } = chip.layout;
    const last = eraseUnitAt(chip, agentCopy.addressStart + agentCopy.length - 1)!;
    const end = last.addressStart + last.sizeBytes;
    expect(
      slots.every(
        ({ storeStart, length }) => storeStart >= end || storeStart + length <= agentCopy.addressStart,
      ),
    ).toBe(true);
  }
});
