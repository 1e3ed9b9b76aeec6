// Debian's dfu-util, unmodified, against the DfuSe bootloader over USB/IP.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildDfuShim, dfuShimEnvironment } from '../../../tools/dfu-shim/build.ts';
import { hasTool } from '../../../tools/toolchain.ts';
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

describe.runIf(usable)('option bytes by dfu-util', () => {
  test('F427: read as memory; writing them takes force by a reset, and raises the readout level', async () => {
    const bench = romBench('stm32f427', { content: pattern(32) });
    const usb = await openUsb(bench);
    const options = join(folder, 'options.bin');
    const place = ['-a', '1', '-s', '0x1FFFC000:16'];
    const environment = dfuShimEnvironment(shim, usb.port);
    await runClient('dfu-util', [...place, '-U', options], environment);
    const bytes = new Uint8Array(readFileSync(options));
    expect([...bytes.subarray(0, 2), ...bytes.subarray(8, 10)]).toEqual([0xef, 0xaa, 0xff, 0x3f]);
    bytes[1] = 0xbb;
    writeFileSync(options, bytes);
    await runClient('dfu-util', ['-a', '1', '-s', '0x1FFFC000:force', '-D', options], environment);
    await usb.close();
    expect(bench.chip.judge.readoutLevel).toBe(1);
    expect(bench.events.filter((one) => one.kind === 'started').at(-1)).toMatchObject({
      cause: 'option-launch',
    });
  });
});
