import { readdirSync, readFileSync } from 'node:fs';
import { Fault, type FaultCode } from '@firmseal/fault';
import { expect, test } from 'vitest';
import { exitCodeOf, exitCodeOfFault, exitCodes } from './exit-code.ts';
import type { InstallResult } from './install.ts';

const head = {
  socket: 's',
  socketNumber: 1,
  installId: 'i',
  times: { totalMs: 0, eraseMs: 0, programMs: 0, verifyMs: 0 },
};
const pass: InstallResult = { ...head, outcome: 'pass' };
const fail = (code: FaultCode): InstallResult => ({ ...head, outcome: 'fail', fault: new Fault(code) });

test('no fault of any area ends in 0', () => {
  const folder = new URL('../../../spec/errors/', import.meta.url);
  let codes = 0;
  for (const name of readdirSync(folder)) {
    const { errors } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      errors: { code: FaultCode }[];
    };
    for (const { code } of errors) {
      codes++;
      expect(exitCodeOfFault(new Fault(code))).toBeGreaterThan(0);
      expect(exitCodeOf([pass, fail(code)])).toBeGreaterThan(0);
    }
  }
  expect(codes).toBeGreaterThan(100);
});

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

test('the documentation lists every exit code', () => {
  const readme = readFileSync(new URL('../../../docs/exit-codes.md', import.meta.url), 'utf8');
  for (const [name, code] of Object.entries(exitCodes))
    expect(readme).toMatch(new RegExp(`\\| ${code} +\\| ${name} +\\|`));
});
