// Debian's dfu-util, unmodified, against the DfuSe bootloader over USB/IP.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { buildDfuShim, dfuShimEnvironment } from '../../dfu-shim/build.ts';
import { applyPatch, optionPatches, optionsInForce } from './option-patch.ts';
import { type Bench, type BenchOptions, flashStart, openUsb, pattern, romBench } from './rom-bench.ts';
import { type ClientResult, runClient } from './run-client.ts';

const usable = hasTool('dfu-util') && hasTool('gcc');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-dfu-util-'));
const shim = usable ? buildDfuShim(folder) : '';
afterAll(() => rmSync(folder, { recursive: true }));

const erased = (length: number) => new Uint8Array(length).fill(0xff);
const image = pattern(20000);
const imageFile = join(folder, 'image.bin');
writeFileSync(imageFile, image);
const start = '0x08000000';

/** Serial numbers: made from the unique id, but on H743, where all parts of a revision have the same. */
const chips = [
  { id: 'stm32f427', release: '2200', transfer: 2048, serial: /^[0-9A-F]{12}$/ },
  { id: 'stm32f405', release: '2200', transfer: 2048, serial: /^[0-9A-F]{12}$/ },
  { id: 'stm32h743', release: '0200', transfer: 1024, serial: /^200364500000$/ },
  { id: 'stm32g0b1', release: '0200', transfer: 1024, serial: /^[0-9A-F]{12}$/ },
  { id: 'stm32l476', release: '2200', transfer: 2048, serial: /^[0-9A-F]{12}$/ },
  { id: 'stm32u575', release: '0200', transfer: 1024, serial: /^[0-9A-F]{12}$/ },
] as const;

describe.runIf(usable).each(chips)('$id', ({ id, release, transfer, serial }) => {
  let bench: Bench;
  let usb: Awaited<ReturnType<typeof openUsb>>;
  const open = async (options: BenchOptions = {}) => {
    bench = romBench(id, options);
    usb = await openUsb(bench);
  };
  const reopen = async (options: BenchOptions) => {
    await usb.close();
    await open(options);
  };
  const dfu = (...args: string[]): Promise<ClientResult> =>
    runClient('dfu-util', args, dfuShimEnvironment(shim, usb.port));
  const download = (modifiers = '') => dfu('-a', '0', '-s', `${start}${modifiers}`, '-D', imageFile);
  const upload = async (alternate: number, place: string) => {
    const file = join(folder, 'upload.bin');
    rmSync(file, { force: true });
    const result = await dfu('-a', String(alternate), '-s', place, '-U', file);
    return { ...result, bytes: result.status === 0 ? new Uint8Array(readFileSync(file)) : undefined };
  };
  const flashNow = (length: number) => bench.chip.judge.flash(flashStart, length);

  beforeEach(() => open());
  afterEach(() => usb.close());

  test('is listed with its memories', async () => {
    const { printed } = await dfu('-l');
    const { alternates } = findChip(id).romBootloader.dfu!;
    expect(printed.match(/Found DFU/g)).toHaveLength(alternates.length);
    for (const [number, layout] of alternates.entries()) {
      const shown = new RegExp(
        `\\[0483:df11\\] ver=${release}, .*path="1-1", alt=${number}, name="(.*)", serial="(.*)"`,
      ).exec(printed);
      expect(shown?.[1]).toBe(layout);
      expect(shown?.[2]).toMatch(serial);
    }
  });

  test('is written and read back', async () => {
    const { status, printed } = await download();
    expect(printed).toContain('DFU mode device DFU version 011a');
    expect(printed).toContain(`Device returned transfer size ${transfer}`);
    expect([status, printed]).toEqual([0, expect.stringContaining('File downloaded successfully')]);
    expect(flashNow(image.length)).toEqual(image);
    expect((await upload(0, `${start}:${image.length}`)).bytes).toEqual(image);
  });

  test('is erased unit by unit, or whole', async () => {
    await reopen({ content: pattern(32, 3) });
    const units = bench.chip.chip.flash.eraseUnits;
    const beyond = units.find(({ addressStart }) => addressStart >= flashStart + image.length)!;
    bench.chip.debug.connect();
    expect(bench.chip.debug.programFlash(beyond.addressStart, pattern(32, 2))).toBe('ok');
    await download();
    expect(flashNow(image.length)).toEqual(image);
    expect(bench.chip.judge.flash(beyond.addressStart, 32)).toEqual(pattern(32, 2));
    expect((await download(':mass-erase:force')).printed).toContain('Performing mass erase');
    expect(flashNow(image.length)).toEqual(image);
    expect(bench.chip.judge.flash(beyond.addressStart, 32)).toEqual(erased(32));
  });

  test('leaves for the program', async () => {
    const { printed } = await download(':leave');
    expect(printed).toContain('Submitting leave request');
    expect(printed).toContain('Transitioning to dfuMANIFEST state');
    const booted = { kind: 'application-booted', address: flashStart, mapping: 'normal' };
    expect(bench.events).toContainEqual(booted);
    expect((await dfu('-l')).printed).not.toContain('Found DFU');
  });

  /** Reads the option bytes, turns bits of them and writes them back, which resets the chip. */
  const rewriteOptions = async (turn: Readonly<Record<number, number>>) => {
    const { address, length, alternate } = optionPatches[id]!;
    const place = `0x${address.toString(16)}`;
    // force: the layout string of G0B1's option bytes is that of its flash.
    const { bytes } = await upload(alternate, `${place}:${length}:force`);
    const file = join(folder, 'options.bin');
    writeFileSync(file, applyPatch(bytes!, turn));
    return dfu('-a', String(alternate), '-s', `${place}:force`, '-D', file);
  };

  test('option bytes are read as memory; written, they are in force after a reset', async () => {
    await reopen({ content: pattern(32) });
    const before = optionsInForce(bench.chip);
    await rewriteOptions(optionPatches[id]!.turn);
    expect(optionsInForce(bench.chip)).not.toBe(before);
    expect(bench.chip.judge.readoutLevel).toBe(0);
    expect(bench.events.filter((one) => one.kind === 'started').at(-1)).toMatchObject({
      cause: 'option-launch',
    });
    expect((await upload(0, `${start}:32`)).bytes).toEqual(pattern(32));
  });

  test('level 1 is set by writing the option bytes: then reads are refused, and its end erases', async () => {
    await reopen({ content: pattern(32) });
    await rewriteOptions(optionPatches[id]!.protect);
    expect(bench.chip.judge.readoutLevel).toBe(1);
    expect((await upload(0, `${start}:32`)).printed).toContain('SET_ADDRESS not correctly executed');
    expect(flashNow(32)).toEqual(pattern(32));
    await dfu('-a', '0', '-s', `${start}:unprotect:force`, '-D', imageFile);
    expect(bench.chip.judge.readoutLevel).toBe(0);
    expect(flashNow(32)).toEqual(erased(32));
  });

  test('refuses reads, writes and erases at level 1; read unprotect erases and resets', async () => {
    await reopen({ level: 1, content: pattern(32) });
    const refusals = {
      SET_ADDRESS: await upload(0, `${start}:32`),
      ERASE_PAGE: await download(),
      MASS_ERASE: await download(':mass-erase:force'),
    };
    for (const [command, { status, printed }] of Object.entries(refusals)) {
      expect(printed).toContain(`dfu-util: ${command} not correctly executed`);
      expect(status).not.toBe(0);
    }
    expect(flashNow(32)).toEqual(pattern(32));

    const { printed } = await dfu('-a', '0', '-s', `${start}:unprotect:force`, '-D', imageFile);
    expect(printed).toContain('Device disconnects, erases flash and resets now');
    expect(bench.chip.judge.readoutLevel).toBe(0);
    expect(flashNow(32)).toEqual(erased(32));
    expect((await download()).status).toBe(0);
    expect(flashNow(image.length)).toEqual(image);
  });

  test('does not show itself at level 2', async () => {
    await reopen({ level: 2 });
    expect((await dfu('-l')).printed).not.toContain('Found DFU');
  });
});
