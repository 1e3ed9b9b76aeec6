// `firmseal flash` in this process, on virtual chips behind the places that a user names: the UART of one
// over TCP, the debug port of one, and OpenOCD.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openocdOnChip } from '@firmseal/openocd/testing';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { createVirtualChip, machineCode, serveProbe, serveUart, UartDoor } from '@firmseal/virtual-stm32';
import { afterAll, describe, expect, it } from 'vitest';
import { lackingTool } from '../../../tools/test-report/skip-tests.ts';
import { jsonLines, runHere } from './run-here.ts';

const flash = 0x0800_0000;
const folder = mkdtempSync(join(tmpdir(), 'firmseal-flash-'));
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true });
});

const image = Uint8Array.from({ length: 1000 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff);
const file = join(folder, 'app.bin');
writeFileSync(file, image);

async function onUart(id: string) {
  const chip = startInBootloader(id);
  const server = await serveUart(new UartDoor(chip), 0);
  closing.push(() => server.close());
  const via = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
  const firmseal = (name: string, ...rest: string[]) =>
    runHere(['flash', name, '--chip', id, '--via', via, ...rest]);
  return { chip, firmseal };
}

describe('firmseal flash', () => {
  it('plans, writes, compares and starts over the UART bootloader', async () => {
    const { chip, firmseal } = await onUart('stm32g0b1');
    const before = chip.power.operations;
    const plan = await firmseal('write', file, '--at', '0x08000000', '--dry-run');
    expect(plan).toMatchObject({ status: 0, stderr: '' });
    expect(plan.stdout).toContain('would: 0x08000000 to 0x080007FF: 1 sector (2 KiB) is erased: programmed');
    expect(chip.power.operations).toBe(before);

    const written = await firmseal('write', file, '--at', '0x08000000', '--start');
    expect(written, written.stderr).toMatchObject({ status: 0 });
    expect(written.stdout.split('\n').slice(-5)).toEqual([
      'wrote 1000 bytes',
      'verified 1000 bytes, all as written',
      'started the program at 0x08000000',
      'done',
      '',
    ]);
    expect(chip.judge.flash(flash, 1000)).toEqual(image);
    expect(chip.bootedApplication?.address).toBe(flash);
  });

  it('reads, compares, checks for erased flash, erases; a difference is the exit code of a chip', async () => {
    const { chip, firmseal } = await onUart('stm32l476');
    expect(await firmseal('blank-check', '--length', '2048')).toMatchObject({
      status: 0,
      stdout: 'erased\n',
    });
    await firmseal('write', file, '--at', '0x08000000');
    expect(await firmseal('compare', file, '--at', '0x08000000')).toMatchObject({ status: 0 });
    const differs = await firmseal('compare', file, '--at', '0x08000008');
    expect(differs.status).toBe(14);
    expect(differs.stderr).toContain('The flash at 0x08000008 holds something else');
    const blank = await firmseal('blank-check', '--length', '2048');
    expect(blank.status).toBe(14);
    expect(blank.stderr).toContain('there is data at 0x08000000');

    const out = join(folder, 'read.bin');
    expect(await firmseal('read', '--length', '1000', '--out', out)).toMatchObject({ status: 0 });
    expect(new Uint8Array(readFileSync(out))).toEqual(image);
    const hex = join(folder, 'read.hex');
    await firmseal('read', '--length', '1000', '--out', hex);
    expect(await firmseal('compare', hex)).toMatchObject({ status: 0 });

    expect((await firmseal('erase')).status).toBe(2);
    expect(await firmseal('erase', '--from', '0x08000000', '--length', '2048')).toMatchObject({ status: 0 });
    expect(chip.judge.flash(flash, 2048)).toEqual(new Uint8Array(2048).fill(0xff));
  });

  it('shows option bytes, sets them, protects and unprotects; what is permanent or erases must be said', async () => {
    const { chip, firmseal } = await onUart('stm32f427');
    expect((await firmseal('options')).stdout).toContain('RDP=0xAA (level 0)\n');
    const plan = await firmseal('options', '--set', 'BOR_LEV=1', '--set', 'RDP=0xCC', '--dry-run');
    expect(plan.stdout).toContain('would: option byte RDP=0xAA (level 0) -> 0xCC (level 2, for good)\n');
    expect(plan.stdout).toContain('would: PERMANENT: RDP: readout level 2 is for good');
    const refused = await firmseal('options', '--set', 'RDP=0xCC');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('--confirm-permanent');
    expect(await firmseal('options', '--set', 'BOR_LEV=1')).toMatchObject({ status: 0 });
    expect((await firmseal('options')).stdout).toContain('BOR_LEV=0x1 (level 2)\n');

    await firmseal('write', file, '--at', '0x08000000');
    expect(await firmseal('protect')).toMatchObject({ status: 0 });
    expect(chip.judge.readoutLevel).toBe(1);
    const closed = await firmseal('read', '--length', '16', '--out', join(folder, 'never.bin'));
    expect(closed.status).toBe(14);
    expect((await firmseal('unprotect')).status).toBe(2);
    expect(chip.judge.readoutLevel).toBe(1);
    expect(await firmseal('unprotect', '--confirm-erase')).toMatchObject({ status: 0 });
    expect(chip.judge.readoutLevel).toBe(0);
    expect(chip.judge.flash(flash, 4)).toEqual(Uint8Array.of(255, 255, 255, 255));

    const untried = await firmseal('protect', '--level', '2', '--confirm-permanent');
    expect(untried.status).toBe(14);
    expect(untried.stderr).toContain('--never-tried-on-silicon');
    expect(chip.judge.readoutLevel).toBe(0);
    const locking = ['--confirm-permanent', '--never-tried-on-silicon'];
    expect(await firmseal('protect', '--level', '2', ...locking)).toMatchObject({ status: 0 });
    expect(chip.judge.readoutLevel).toBe(2);
    const silent = await firmseal('options');
    expect(silent.status).toBe(13);
    expect(silent.stderr).toContain('No ROM bootloader answered');
  });

  it('refuses another chip than the named one, and texts that name no place', async () => {
    const { firmseal } = await onUart('stm32g0b1');
    const other = await firmseal('write', file, '--at', '0x08000000', '--chip', 'stm32l476');
    expect(other.status).toBe(14);
    expect(other.stderr).toContain('stm32g0b1');
    const unfit = await runHere(['flash', 'options', '--chip', 'stm32g0b1', '--via', 'written']);
    expect(unfit.status).toBe(2);
    expect((await runHere(['flash', 'options', '--chip', 'stm32g0b1'])).status).toBe(2);
  });

  it('works the same over the debug port of a virtual chip, with events as JSON lines', async () => {
    const chip = createVirtualChip({ chip: 'stm32u575', seed: 'flash', executors: [machineCode()] });
    const server = await serveProbe(chip, 0);
    closing.push(() => server.close());
    const via = `virtual:127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outcome = await runHere([
      ...['flash', 'write', file, '--chip', 'stm32u575', '--via', via],
      ...['--at', '0x08000000', '--set', 'BOR_LEV=2', '--json'],
    ]);
    expect(outcome.status, outcome.stderr).toBe(0);
    const events = jsonLines(outcome);
    expect([...new Set(events.map(({ event }) => event))]).toEqual([
      ...['identified', 'progress', 'options-in-force', 'done'],
    ]);
    expect(events).toContainEqual({
      ...{ event: 'progress', stage: 'verify', percent: 100, done: 1000, total: 1000 },
    });
    expect(chip.judge.flash(flash, 1000)).toEqual(image);
  });

  it('works the same through OpenOCD', async (context) => {
    const lack = lackingTool(['openocd']);
    if (lack !== undefined) return context.skip(lack);
    const chip = createVirtualChip({ chip: 'stm32l476', seed: 'flash', executors: [machineCode()] });
    chip.powerOn();
    const openocd = await openocdOnChip(chip);
    try {
      const via = `openocd:127.0.0.1:${openocd.port}`;
      const words = ['flash', 'write', file, '--chip', 'stm32l476', '--via', via, '--at', '0x08000000'];
      const outcome = await runHere(words);
      expect(outcome.status, outcome.stderr).toBe(0);
      expect(chip.judge.flash(flash, 1000)).toEqual(image);
    } finally {
      await openocd.close();
    }
  });
});
