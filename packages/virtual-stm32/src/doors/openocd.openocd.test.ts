// The chips of the catalogue programmed by a client that nobody here wrote: OpenOCD, through ST's stlink-server protocol.
// Identity, flash, option bytes, readout protection and what its fall erases; at level 2 OpenOCD finds no target.
// What was observed is kept in conformance/openocd.json; the test compares, FIRMSEAL_RECORD=1 writes it anew.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { optionField, withOptionField } from '@firmseal/chips';
import { afterAll, describe, expect, test } from 'vitest';
import { hasTool, toolVersion } from '../../../../tools/toolchain.ts';
import type { VirtualChip } from '../chip.ts';
import { machineCode } from '../cortex-m-core.ts';
import { createVirtualChip } from '../factory.ts';
import { type OpenocdRun, runOpenocd } from './test-openocd.ts';

const hasOpenocd = hasTool('openocd');
const recordFile = fileURLToPath(new URL('../../conformance/openocd.json', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'firmseal-openocd-'));

interface Family {
  readonly id: string;
  readonly target: string;
  readonly before?: string;
  /** The driver, and how it writes flash here. */
  readonly driver: string;
  readonly path: 'slow words' | 'loader in SRAM';
  /** Lines that OpenOCD prints of the chip. */
  readonly identity: readonly RegExp[];
  readonly sizeKiB: RegExp;
  /** Reads the option register with the brown-out level. */
  readonly readOption: string;
  readonly writeOption: string;
  readonly option: { readonly field: string; readonly before: number; readonly after: number };
  /** Brings option bytes into force. */
  readonly load?: string;
  readonly manual: string;
}

const l4x = (offset: string) => ({
  ...({ driver: 'stm32l4x', path: 'loader in SRAM', load: 'stm32l4x option_load 0' } as const),
  readOption: `stm32l4x option_read 0 ${offset}`,
});

const families: readonly Family[] = [
  {
    ...{ id: 'stm32f427', target: 'stm32f4x.cfg', before: 'set WORKAREASIZE 0', manual: 'RM0090 3.7.3' },
    ...{ driver: 'stm32f2x', path: 'slow words', readOption: 'stm32f2x options_read 0' },
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x20016419/],
    sizeKiB: /Dual Bank 2048 kiB STM32F42x/,
    writeOption: 'stm32f2x options_write 0 0x0e4', // BOR_LEV 1, the other user bits as they are
    option: { field: 'BOR_LEV', before: 3, after: 1 },
  },
  {
    ...{ id: 'stm32f405', target: 'stm32f4x.cfg', before: 'set WORKAREASIZE 0', manual: 'RM0090 3.7.3' },
    ...{ driver: 'stm32f2x', path: 'slow words', readOption: 'stm32f2x options_read 0' },
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x10076413/],
    sizeKiB: /flash size = 1024 KiB/,
    writeOption: 'stm32f2x options_write 0 0x0e4',
    option: { field: 'BOR_LEV', before: 3, after: 1 },
  },
  {
    ...{ id: 'stm32h743', target: 'stm32h7x.cfg', before: 'set WORKAREASIZE 0; set DUAL_BANK 1' },
    ...{ driver: 'stm32h7x', path: 'slow words', readOption: 'stm32h7x option_read 0 0x1c' },
    identity: [/SWD DPIDR 0x6ba02477/, /Cortex-M7 r1p1 processor detected/, /Device: STM32H74x\/75x/],
    sizeKiB: /flash size probed value 2048k/,
    writeOption: 'stm32h7x option_write 0 0x20 0x00000008 0x0000000c',
    option: { field: 'BOR_LEV', before: 0, after: 2 },
    manual: 'RM0433 4.5.3',
  },
  {
    ...{ id: 'stm32g0b1', target: 'stm32g0x.cfg', ...l4x('0x20'), manual: 'RM0444 3.5.2' },
    identity: [/SWD DPIDR 0x0bc11477/, /Cortex-M0\+ r0p1 processor detected/, /STM32G0B\/G0Cx - Rev '?A'?/],
    sizeKiB: /flash size = 512 KiB/,
    writeOption: 'stm32l4x option_write 0 0x20 0x00000800 0x00001800',
    option: { field: 'BORF_LEV', before: 3, after: 1 },
  },
  {
    ...{ id: 'stm32l476', target: 'stm32l4x.cfg', ...l4x('0x20'), manual: 'RM0351 3.5.1' },
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /STM32L47\/L48xx - Rev '?4'?/],
    sizeKiB: /flash size = 1024 KiB/,
    writeOption: 'stm32l4x option_write 0 0x20 0x00000200 0x00000700',
    option: { field: 'BOR_LEV', before: 0, after: 2 },
  },
  {
    ...{ id: 'stm32u575', target: 'stm32u5x.cfg', ...l4x('0x40'), manual: 'RM0456 7.6.2' },
    identity: [/SWD DPIDR 0x0be12477/, /Cortex-M33 r0p4 processor detected/, /STM32U57\/U58xx - Rev '?B'?/],
    sizeKiB: /flash size = 2048 KiB/,
    writeOption: 'stm32l4x option_write 0 0x40 0x00000200 0x00000700',
    option: { field: 'BOR_LEV', before: 0, after: 2 },
  },
];

interface Result {
  readonly chip: string;
  readonly step: string;
  readonly observed: string;
  /** The manual that says what must happen, where the step is about a rule. */
  readonly source?: string;
}

const results: Result[] = [];

/** 1 KiB that begins with a vector table whose reset handler jumps to itself, then a pattern. */
function image(chip: VirtualChip): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length: 1024 }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, chip.chip.ram[0]!.addressStart + 0x1000, true);
  view.setUint32(4, chip.chip.flash.addressStart + 0x101, true);
  view.setUint16(0x100, 0xe7fe, true);
  return bytes;
}

async function program(family: Family, chip: VirtualChip): Promise<OpenocdRun> {
  const bytes = image(chip);
  const file = join(folder, `${family.id}.bin`);
  const back = join(folder, `${family.id}.back.bin`);
  writeFileSync(file, bytes);
  const address = `0x${chip.chip.flash.addressStart.toString(16)}`;
  const word = (at: string) => `read_memory ${at} 32 1`;
  const sram = `0x${chip.chip.ram[0]!.addressStart.toString(16)}`;
  const loaded: [string, string][] = family.load === undefined ? [] : [['load', family.load]];
  const run = await runOpenocd({
    ...{ chip, target: family.target, before: family.before ?? '' },
    steps: [
      ['probe', 'flash probe 0'],
      ['write', `flash write_image erase ${file} ${address}`],
      ['verify', `verify_image ${file} ${address}`],
      ['dump', `dump_image ${back} ${address} ${bytes.length}`],
      ['option before', family.readOption],
      ['option write', family.writeOption],
      ...loaded,
      ['reset after option', 'reset halt'],
      ['option after', family.readOption],
      ['lock', `${family.driver} lock 0`],
      ...loaded,
      ['reset after lock', 'reset halt'],
      ['read flash locked', word(address)],
      ['read sram locked', word(sram)],
      ['unlock', `${family.driver} unlock 0`],
      ...loaded,
      ['reset after unlock', 'reset halt'],
      ['read flash unlocked', word(address)],
    ],
  });
  expect(new Uint8Array(readFileSync(back))).toEqual(bytes);
  return run;
}

describe.skipIf(!hasOpenocd).each(families)('OpenOCD and $id', (family) => {
  const { id, option, manual } = family;
  const note = (step: string, observed: string, source?: string) =>
    results.push({ chip: id, step, observed, ...(source === undefined ? {} : { source }) });

  test('is identified, programmed, read back, configured, locked and unlocked', async () => {
    const chip = createVirtualChip({ chip: id, seed: `openocd ${id}`, executors: [machineCode()] });
    const levels: number[] = [];
    const flashAtLoss: boolean[] = [];
    chip.powerOn();
    chip.power.onOperation = ({ kind }) => {
      if (kind === 'mass-erase') {
        levels.push(chip.judge.readoutLevel);
        flashAtLoss.push(chip.judge.flash(chip.chip.flash.addressStart, 1)[0] !== 0xff);
      }
    };
    const before = optionField(chip.chip, chip.judge.optionsLoaded, option.field);
    const { exitCode, log, answers } = await program(family, chip);
    expect(exitCode, log).toBe(0);
    for (const line of [...family.identity, family.sizeKiB]) expect(log).toMatch(line);
    note('identity', family.identity.map((line) => line.exec(log)![0]).join('; '));
    note('flash size', family.sizeKiB.exec(log)![0]);

    expect(answers['write']).toMatch(/^wrote \d+ bytes/m);
    expect(answers['verify']).toMatch(/^verified 1024 bytes/m);
    const ranLoader = !/couldn't use (block writes|loader)/.test(log) && chip.machine.processor.retired > 0;
    expect(ranLoader).toBe(family.path === 'loader in SRAM');
    note(
      'program',
      family.path === 'slow words' ? 'equal; slow word writes' : 'equal; loader ran on the core',
    );

    expect(before).toBe(option.before);
    expect(optionField(chip.chip, chip.judge.optionsStored, option.field)).toBe(option.after);
    expect(answers['option write']).not.toMatch(/error/);
    expect(answers['option before']).not.toBe(answers['option after']);
    note('option bytes', `${option.field} ${option.before} -> ${option.after}`);

    expect(answers['read flash locked']).toMatch(/^error/);
    note('read of flash at level 1', 'refused: bus error', manual);
    expect(answers['read sram locked']).toMatch(/^0x/);
    note('read of SRAM at level 1', 'read', manual);

    expect(levels).toEqual([1]);
    expect(flashAtLoss).toEqual([true]);
    expect(answers['read flash unlocked']).toBe('0xffffffff');
    expect(chip.judge.readoutLevel).toBe(0);
    note('level 1 to 0', 'mass erase first', manual);
  });

  test('is no target any more at level 2', async () => {
    const chip = createVirtualChip({ chip: id, seed: `openocd ${id} level 2` });
    chip.powerOn();
    chip.debug.connect();
    const { field, level2 } = chip.chip.readoutProtection;
    const locked = withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value: level2 });
    expect(chip.debug.writeOptionBytes(locked)).toBe('ok');
    chip.reset();
    expect(chip.judge.readoutLevel).toBe(2);
    const { target, before = '' } = family;
    const run = await runOpenocd({ chip, target, before, steps: [['probe', 'flash probe 0']] });
    expect(run.exitCode).not.toBe(0);
    expect(run.answers).toEqual({});
    expect(run.log).toMatch(/connected to stlink-server/);
    expect(run.log).toMatch(/nable to connect to the target/);
    expect(run.log).not.toMatch(/processor detected/);
    note('connect at level 2', 'refused: nothing answers', manual);
  });
});

afterAll(() => {
  if (results.length === 0) return;
  const record = { client: toolVersion('openocd'), door: 'st-link backend tcp, dapdirect_swd', results };
  if (process.env['FIRMSEAL_RECORD'] === '1')
    writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  const kept = JSON.parse(readFileSync(recordFile, 'utf8')) as typeof record;
  for (const result of results) expect(kept.results).toContainEqual(result);
  expect(new Set(kept.results.map((one) => one.chip))).toEqual(new Set(families.map((one) => one.id)));
});
