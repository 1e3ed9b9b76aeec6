// The chips of the catalogue programmed by a client that nobody here wrote: OpenOCD, through ST's
// stlink-server protocol. Identity, flash, option bytes, readout protection and what its fall erases; at
// level 2 OpenOCD finds no target. What was observed is kept in conformance/openocd.json; the test
// compares, FIRMSEAL_RECORD=1 writes it again.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { optionField, withOptionField } from '@firmseal/chips';
import { createVirtualChip, machineCode, type VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, describe, expect, test } from 'vitest';
import { hasTool, toolVersion } from '../../../tools/toolchain.ts';
import { type OpenocdRun, runOpenocd } from './openocd.ts';
import { openocdFamilies } from './openocd-families.ts';

const hasOpenocd = hasTool('openocd');
const recordFile = fileURLToPath(new URL('../results/openocd.json', import.meta.url));
const families = Object.entries(openocdFamilies).map(([id, family]) => ({ id, ...family }));
type Family = (typeof families)[number];

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
  const address = `0x${chip.chip.flash.addressStart.toString(16)}`;
  const word = (at: string) => `read_memory ${at} 32 1`;
  const sram = `0x${chip.chip.ram[0]!.addressStart.toString(16)}`;
  const loaded: [string, string][] = family.load === undefined ? [] : [['load', family.load]];
  const steps: [string, string][] = [
    ['probe', 'flash probe 0'],
    ['write', `flash write_image erase image.bin ${address}`],
    ['verify', `verify_image image.bin ${address}`],
    ['read back', `read_memory ${address} 8 ${bytes.length}`],
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
  ];
  const run = await runOpenocd(chip, { family, steps }, { 'image.bin': bytes });
  expect(Uint8Array.from(run.answers['read back']!.split(' ').map(Number))).toEqual(bytes);
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
    expect(ranLoader).toBe(true);
    note('program', 'equal; loader ran on the core');

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
    const run = await runOpenocd(chip, { family, steps: [['probe', 'flash probe 0']] });
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
