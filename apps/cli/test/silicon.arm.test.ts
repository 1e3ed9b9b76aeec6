// `firmseal silicon check` with the machine code that ships on a virtual chip behind a serial line, up to the
// rehearsal of personalization; what its report is good for, and what personalization refuses without one.
// The installs after it are in silicon-trial.test.ts, and in `npm run lab -- ways` on machine code. In a
// sample the host computes the cryptography of the chip.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { machineCode, serveUart, UartDoor } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildShipping } from '../../../device/agent/build-shipping.ts';
import { targetOf } from '../../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../../device/agent/toolchain/thumb.ts';
import { computeCryptoHere } from '../../../lab/power/bench.ts';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { runCommandLine } from '../src/program.ts';
import { memoryShell, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-silicon-'));
const at = (name: string) => join(folder, name);
const environment = { FIRMSEAL_PASSPHRASE: 'of this test only' };
const firmseal = (...words: string[]) => runHere(words, environment);
const chip = startInBootloader('stm32g0b1', { seed: 'silicon', programs: [machineCode()] });
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
let via = '';

beforeAll(async () => {
  buildShipping({ only: ['stm32g0b1'] });
  if (!isWhole) computeCryptoHere(chip, buildAgent(targetOf('stm32g0b1')));
  const server = await serveUart(new UartDoor(chip), 0);
  closing.push(() => server.close());
  via = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
  await firmseal('keys', 'new', '--role', 'root', '--out', at('root.key'));
  await firmseal('keys', 'new', '--role', 'device-ca', '--out', at('ca.key'));
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** Nobody answers at that address: what is refused before is refused for another reason. */
const personalize = (...words: string[]) =>
  firmseal(
    ...['personalize', '--chip', 'stm32g0b1', '--product', 'panel', '--root-key', at('root.key.pub')],
    ...['--device-ca', at('ca.key'), ...words],
  );
const nowhere = ['--via', 'tcp:127.0.0.1:9'];

it('compares, rehearses, puts everything back; its report lets level 2 be set once it has the installs', async () => {
  const words = [
    ...['silicon', 'check', '--chip', 'stm32g0b1', '--board', 'nucleo-g0b1re', '--via', via],
    '--no-installs',
  ];
  const unasked = await firmseal(...words, '--out', at('report.json'));
  expect(unasked.status).toBe(2);
  expect(unasked.stdout).toContain('erases the whole flash');

  const before = new Map(chip.judge.optionsLoaded);
  const program = Uint8Array.from({ length: 256 }, (_, i) => i);
  const marker = 0x0804_0000;
  chip.debug.connect();
  expect(chip.debug.programFlash(marker, program)).toBe('ok');
  chip.powerOff();
  chip.powerOn();

  const { shell, out, err } = memoryShell(environment);
  // The hand on the reset button.
  const looking = setInterval(() => {
    if (!out.text.includes('Reset the chip now')) return;
    clearInterval(looking);
    chip.reset();
  }, 50);
  const status = await runCommandLine([...words, '--out', at('report.json'), '--confirm-erase'], shell);
  clearInterval(looking);
  const outcome = { status, stdout: out.text };
  expect(outcome.status, out.text + err.text).toBe(0);
  expect(outcome.stdout).toMatch(/^pass +rehearsal +agent-written, identity-made, certified, protected/m);
  expect(chip.judge.flash(marker, 256)).toEqual(program);
  expect(new Map(chip.judge.optionsLoaded)).toEqual(before);
  expect(readFileSync(at('report.json'), 'utf8')).not.toContain(Buffer.from(chip.uid).toString('hex'));

  const short = await firmseal('silicon', 'report', at('report.json'));
  expect(short.stdout).toContain('does not let an agent be locked in at level 2');
  const report = JSON.parse(readFileSync(at('report.json'), 'utf8')) as { checks: object[] };
  for (const name of ['install', 'update', 'link-cut']) report.checks.push({ name, outcome: 'pass' });
  writeFileSync(at('report.json'), JSON.stringify(report));
  const read = await firmseal('silicon', 'report', at('report.json'));
  expect(read.stdout).toContain('it lets the agent');
  const taken = await personalize(
    ...[...nowhere, '--confirm-permanent', '--silicon-report', at('report.json')],
  );
  expect(taken.stderr).not.toContain('never-tried-on-silicon');
});

describe('personalize refuses before anything begins', () => {
  it.each<[string, string[], string]>([
    ['level 2 without a report', [...nowhere, '--confirm-permanent'], 'never-tried-on-silicon'],
    ['level 2 unconfirmed', nowhere, 'permanent-unconfirmed'],
    ['a rehearsal at level 1', [...nowhere, '--rehearsal', '--level', '1'], 'rehearsal-level'],
    ['a way without its socket', ['--via', 'probe:1-4', '--rehearsal'], 'socket-needed'],
    [
      'more sockets than ways',
      [...nowhere, '--rehearsal', '--socket', 'tcp:a:1', '--socket', 'tcp:a:2'],
      'sockets-unequal',
    ],
    ['one way twice', [...nowhere, ...nowhere, '--rehearsal'], 'socket-repeated'],
    ['another board', [...nowhere, '--rehearsal', '--board', 'nucleo-h743zi'], 'board-of-another-chip'],
    ['an unknown board', [...nowhere, '--rehearsal', '--board', 'nucleo'], 'board-unknown'],
  ])('%s', async (_, words, code) => {
    expect((await personalize(...words)).stderr).toContain(code);
  });
});
