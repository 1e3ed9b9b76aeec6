// Each agent here lacks one defence of recovery, floor, journal or identity, and does what the whole one
// refuses (recovery.test.ts, identity-copies.test.ts).

import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeEpochStatement, makeSuccession } from '@firmseal/formats';
import { expect, it } from 'vitest';
import { buildWeakenedAgent } from '../build.ts';
import type { Weakening } from '../toolchain/defences.ts';
import {
  enterAgent,
  eraseRange,
  HostileApplication,
  letApplication,
  putRange,
  type RecoveryChange,
  readRange,
  recover,
} from './hostile-application.ts';
import { blankLine, type Line } from './line.ts';
import { applicationPackage, twoPlaces } from './trial-application.ts';
import { delegate, keyPair, product, root, signerOf } from './trusted-site.ts';

/** A chip at level 2 with an agent that lacks something; its application has the counter 5. */
async function bench(chipId: string, weakening: Weakening) {
  const agent = await buildWeakenedAgent(chipId, weakening);
  const application = new HostileApplication();
  const line = await blankLine(chipId, 'recovery', agent, [application]);
  await line.personalize(2);
  const [place] = twoPlaces(findChip(chipId));
  const sealed = (securityCounter: number) => applicationPackage(chipId, place, { securityCounter });
  await line.install(await sealed(5));
  return { line, application, sealed };
}

type Bench = Awaited<ReturnType<typeof bench>>;

const halves = ({ chip }: Line) => chip.chip.layout.journal;

function loseJournal({ line, application }: Bench): void {
  letApplication(line, application, (cpu) => {
    for (const half of halves(line)) eraseRange(cpu, half);
  });
  expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
}

/** Content of both halves now, as an application reads it. */
function saveJournal({ line, application }: Bench): Uint8Array[] {
  const saved: Uint8Array[] = [];
  letApplication(line, application, (cpu) => {
    for (const half of halves(line)) saved.push(readRange(cpu, half));
  });
  return saved;
}

const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0xff);
const floors = { securityCounter: 5, unwraps: 16 };

it.each<[string, string, Partial<typeof floors>, (line: Line) => RecoveryChange]>([
  ['recovery-signature', '(void)key;', {}, () => ({ by: signerOf('stranger') })],
  ['recovery-device', '', {}, () => ({ statement: { thumbprint: new Uint8Array(32) } })],
  ['recovery-nonce', '', {}, (line) => ({ statement: { nonce: line.hello().nonce } })],
  ['recovery-floor', '', { securityCounter: 4 }, () => ({})],
])('without %s a statement is taken that the chip refuses', async (defence, instead, lower, changeOf) => {
  const on = await bench('stm32f427', { [defence]: instead });
  loseJournal(on);
  const change = changeOf(on.line);
  expect((await recover(on.line, { ...floors, ...lower }, change)).status).toBe(0);
});

it('without recovery-root the root before a rotation recovers', async () => {
  const on = await bench('stm32f427', { 'recovery-root': '' });
  const { publicKey } = keyPair('second root');
  const succession = await makeSuccession(crypto, root, { product, publicKey, epoch: 4 });
  const by = signerOf('second root');
  const delegation = await delegate('package-signer', 'package signer', { by, epoch: 4 });
  const [place] = twoPlaces(findChip('stm32f427'));
  const change = { delegation, successions: [succession] };
  const sealed = await applicationPackage('stm32f427', place, { securityCounter: 6 }, change);
  expect(on.line.try(0x20, sealed.headerBytes).status).toBe(0);
  enterAgent(on.line);
  expect(on.line.hello()).toMatchObject({ epoch: 4 });
  loseJournal(on);
  const epochStatement = await makeEpochStatement(crypto, root, { product, epoch: 9 });
  expect((await recover(on.line, { ...floors, epoch: 9 }, { epochStatement })).status).toBe(0);
});

it('without recovery-second-pass the flow word is short of a step, and nothing is renewed', async () => {
  const on = await bench('stm32f427', { 'recovery-second-pass': 'memcpy(second, first, sizeof second);' });
  loseJournal(on);
  expect((await recover(on.line, floors)).status).toBe('internal-check-failed');
  enterAgent(on.line);
  expect(on.line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
});

it('without recovery-nothing-else and package-of-a-lost-chip a chip without a journal takes an older firmware', async () => {
  // The package's own check refuses the same.
  const on = await bench('stm32f427', {
    'recovery-nothing-else': '(void)serves_a_lost_chip; (void)why_lost;',
    'package-of-a-lost-chip': '',
  });
  loseJournal(on);
  expect(on.line.try(0x20, (await on.sealed(4)).headerBytes).status).toBe(0);
});

it('without boot-floor-looked-at an older journal boots', async () => {
  const on = await bench('stm32f427', { 'boot-floor-looked-at': '' });
  const saved = saveJournal(on);
  await on.line.install(await on.sealed(9));
  letApplication(on.line, on.application, (cpu) => {
    for (const [i, half] of halves(on.line).entries()) putRange(cpu, half, saved[i]!);
  });
  expect(on.line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
});

it('without journal-older-half-erased an older state waits for the newer half to be erased', async () => {
  const on = await bench('stm32h743', { 'journal-older-half-erased': '(void)older_left;' });
  const { line, application } = on;
  const older = saveJournal(on).find((bytes) => !isBlank(bytes))!;
  await line.install(await on.sealed(9));
  const free = saveJournal(on).findIndex(isBlank);
  expect(free).toBeGreaterThanOrEqual(0);
  letApplication(line, application, (cpu) => putRange(cpu, halves(line)[free]!, older));
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 9 });
  letApplication(line, application, (cpu) => eraseRange(cpu, halves(line)[1 - free]!));
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5 });
});

it('without identity-second-copy-healed what an application spoilt stays', async () => {
  // Made with the identity, but not made again.
  const asMade =
    'if (blank_slot(&places[SECOND_COPY]) == places[SECOND_COPY].start) heal(&places[SECOND_COPY]);';
  const { line, application } = await bench('stm32g0b1', { 'identity-second-copy-healed': asMade });
  const { addressStart, length } = line.chip.chip.layout.identityCopy;
  const before = line.chip.judge.flash(addressStart, length);
  letApplication(line, application, (cpu) => {
    cpu.programUnits(addressStart + 1664 - (1664 % cpu.writeUnitBytes), new Uint8Array(cpu.writeUnitBytes));
  });
  const after = line.chip.judge.flash(addressStart, length);
  expect(after.subarray(0, 1664)).toEqual(before.subarray(0, 1664));
  expect(isBlank(after.subarray(1696)), 'no other image beside it').toBe(true);
});
