// The end of `firmseal silicon check` on virtual chips whose agent is WebAssembly: install, update, a cable
// that is cut, power that is cut, and the board that is given up for level 2. The machine code goes through
// the same in `npm run lab -- ways`.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCrypto } from '@firmseal/crypto-node';
import { isTried, readSiliconReport, type SiliconReport } from '@firmseal/silicon';
import {
  createVirtualChip,
  serveProbe,
  serveUart,
  UartDoor,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { memoryShell, runHere } from './run-here.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Bench {
  readonly chip: VirtualChip;
  readonly words: string[];
  readonly report: () => SiliconReport;
}

async function bench(id: string): Promise<Bench> {
  const chip = createVirtualChip({ chip: id, seed: `trial ${id}`, executors: [wasmAgent(nodeCrypto)] });
  chip.powerOn();
  const [probe, uart] = [await serveProbe(chip, 0), await serveUart(new UartDoor(chip), 0)];
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-trial-'));
  closing.push(
    () => probe.close(),
    () => uart.close(),
    () => rmSync(folder, { recursive: true }),
  );
  const at = (server: typeof probe) => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const out = join(folder, 'report.json');
  return {
    chip,
    words: [
      ...['silicon', 'check', '--chip', id, '--via', `virtual:${at(probe)}`, '--socket', `tcp:${at(uart)}`],
      ...['--agent-build', 'webassembly', '--out', out, '--confirm-erase'],
    ],
    report: () => readSiliconReport(readFileSync(out, 'utf8'), out),
  };
}

/** Does what the command asks for, each time that it asks. */
async function runWithHand(words: string[], asks: string, hand: (time: number) => void) {
  const { shell, out, err } = memoryShell({});
  let times = 0;
  const looking = setInterval(() => {
    if (out.text.split(asks).length - 1 > times) hand(++times);
  }, 20);
  const status = await runCommandLine(words, shell).finally(() => clearInterval(looking));
  return { status, printed: out.text + err.text };
}

const outcomes = ({ checks }: SiliconReport) =>
  Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
const ends = { rehearsal: 'pass', install: 'pass', update: 'pass', 'link-cut': 'pass' };

describe('a check on silicon', () => {
  it('ends with an install, an update, and one whose cable is cut; the report then counts', async () => {
    const { chip, words, report } = await bench('stm32f427');
    const options = new Map(chip.judge.optionsLoaded);
    const { status, stdout, stderr } = await runHere(words);
    expect(status, stdout + stderr).toBe(0);
    const found = report();
    expect(outcomes(found)).toMatchObject({ ...ends, generator: 'pass' });
    expect(found.checks.find(({ name }) => name === 'link-cut')?.expected).toContain('cut in a record');
    expect(found.checks.find(({ name }) => name === 'update')?.found).toMatch(/REHEARSAL, version 2\.0\.0/);
    expect(new Map(chip.judge.optionsLoaded)).toEqual(options);
    expect(chip.judge.flash(0x0800_0000, 64).every((byte) => byte === 0xff)).toBe(true);

    const elsewhere = { ...found, placeKind: 'serial' as const };
    const pair = { chip: 'stm32f427', agentSha256: found.agentSha256! };
    expect(isTried([elsewhere], pair)).toBe(true);
    for (const needed of Object.keys(ends)) {
      const checks = elsewhere.checks.filter(({ name }) => name !== needed);
      expect(isTried([{ ...elsewhere, checks }], pair), needed).toBe(false);
    }
  });

  it('goes on after a power cut, and then gives the board up for level 2', async () => {
    const { chip, words, report } = await bench('stm32h743');
    const whole = [...words, '--power-cut', '--sacrifice', '--confirm-permanent'];
    const levels: number[] = [];
    const { status, printed } = await runWithHand(whole, 'Take the power off', () => {
      levels.push(chip.judge.readoutLevel);
      chip.powerOff();
      setTimeout(() => chip.powerOn(), 100);
    });
    expect(status, printed).toBe(0);
    const all = Object.entries({ ...ends, 'power-cut': 'pass' }).map(([name, end]) => [
      name === 'rehearsal' ? 'level-2-personalization' : `level-2-${name}`,
      end,
    ]);
    expect(outcomes(report())).toMatchObject({ ...ends, 'power-cut': 'pass', ...Object.fromEntries(all) });
    expect(levels).toEqual([0, 2]);
    expect(chip.judge.readoutLevel).toBe(2);
    expect(printed).toContain('the board is lost');
  });

  it.each([
    ['not confirmed', ['--sacrifice'], 'permanent-unconfirmed'],
    [
      'without what it is for',
      ['--sacrifice', '--confirm-permanent', '--no-installs'],
      'sacrifice-without-rehearsal',
    ],
  ])('gives no board up %s', async (_, more, code) => {
    const { chip, words } = await bench('stm32f427');
    const operations = chip.power.operations;
    expect((await runHere([...words, ...more])).stderr).toContain(code);
    expect(chip.power.operations).toBe(operations);
  });

  it('says where it ended on a chip that fails, and skips the rest', async () => {
    const { chip, words, report } = await bench('stm32f427');
    const { status } = await runWithHand(words, 'rehearsal ', () => chip.powerOff());
    expect(status).not.toBe(0);
    expect(outcomes(report())).toMatchObject({ rehearsal: 'pass', generator: 'fail', install: 'skipped' });
  });
});
