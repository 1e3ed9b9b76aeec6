import { exitCodes, Fault, type FaultCode } from '@firmseal/fault';
import { expect, test } from 'vitest';
import { exitCodeOf, exitCodeOfFault } from './exit-code.ts';
import type { InstallResult } from './install.ts';

const head = {
  socket: 's',
  socketNumber: 1,
  installId: 'i',
  times: { totalMs: 0, eraseMs: 0, programMs: 0, verifyMs: 0 },
};
const pass: InstallResult = { ...head, outcome: 'pass' };
const fail = (code: FaultCode): InstallResult => ({ ...head, outcome: 'fail', fault: new Fault(code) });

test.each<[FaultCode, number]>([
  ['internal-error', exitCodes.internal],
  ['record-hash-wrong', exitCodes.package],
  ['image-does-not-fit', exitCodes.input],
  ['policy-irreversible', exitCodes.input],
  ['key-passphrase-wrong', exitCodes.input],
  ['file-unreadable', exitCodes.input],
  ['audit-failed', exitCodes.unsound],
  ['probe-refused', exitCodes.chip],
  ['license-missing', exitCodes.license],
  ['license-nonce-wrong', exitCodes.license],
  ['hello-signature-invalid', exitCodes.chip],
  ['receipt-digest-wrong', exitCodes.receipt],
  ['flash-verify-failed', exitCodes.chip],
  ['link-timeout', exitCodes.link],
  ['step-timeout', exitCodes.link],
  ['chip-changed', exitCodes.chip],
  ['journal-in-use', exitCodes.station],
  ['authority-unreachable', exitCodes.authority],
  ['install-stopped', exitCodes.stopped],
  ['state-in-use', exitCodes.station],
  ['store-busy', exitCodes.authority],
])('%s', (code, exit) => {
  expect(exitCodeOf([fail(code)])).toBe(exit);
  expect(exitCodeOf([fail(code), pass, fail(code)])).toBe(exit);
});

test('restarts that ran out count as what caused them', () => {
  const cause = new Fault('receipt-challenge-wrong');
  const fault = new Fault('install-restarts-exhausted', {}, { cause });
  expect(exitCodeOfFault(fault)).toBe(exitCodes.receipt);
});

test('failures of different kinds are mixed', () => {
  expect(exitCodeOf([fail('link-timeout'), fail('record-hash-wrong')])).toBe(exitCodes.mixed);
});

test.each([
  ['unprotected', 21],
  ['enrolled', 22],
  ['unwitnessed', 23],
  ['rehearsal', 24],
] as const)('an install that ended as %s has an exit status of its own', (outcome, code) => {
  expect(exitCodeOf([{ ...head, outcome }])).toBe(code);
  expect(exitCodeOf([pass, { ...head, outcome }])).toBe(code);
  expect(exitCodeOf([fail('license-missing'), { ...head, outcome }])).toBe(20);
});
