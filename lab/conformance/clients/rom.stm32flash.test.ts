// Debian's stm32flash, unmodified, against the UART bootloader over a pseudo-terminal.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { applyPatch, optionPatches, optionsInForce } from './option-patch.ts';
import { type Bench, type BenchOptions, flashStart, openUart, pattern, romBench } from './rom-bench.ts';
import { type ClientResult, runClient } from './run-client.ts';

const usable = hasTool('stm32flash', 'in-ci', ['-h']) && hasTool('python3');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-stm32flash-'));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * What stm32flash 0.7 prints of the chip: name and first sector are from its table, by
 * the id that the chip answers.
 */
const chips = [
  {
    id: 'stm32f427',
    printed: ['0x0419 (STM32F42xxx/43xxx)', 'Up to 2048KiB (size first sector: 1x16384)'],
  },
  {
    id: 'stm32f405',
    printed: ['0x0413 (STM32F40xxx/41xxx)', 'Up to 1024KiB (size first sector: 1x16384)'],
  },
  {
    id: 'stm32h743',
    printed: ['0x0450 (STM32H74xxx/75xxx)', 'Up to 2048KiB (size first sector: 1x131072)'],
  },
  {
    id: 'stm32g0b1',
    printed: ['0x0467 (STM32G0B0/B1/C1xx)', 'Up to 512KiB (size first sector: 1x2048)'],
  },
  {
    id: 'stm32l476',
    printed: ['0x0415 (STM32L47xxx/48xxx)', 'Up to 1024KiB (size first sector: 1x2048)'],
  },
] as const;

const erased = (length: number) => new Uint8Array(length).fill(0xff);
const image = pattern(20000);
const imageFile = join(folder, 'image.bin');
writeFileSync(imageFile, image);

describe.runIf(usable).each(chips)('$id', ({ id, printed }) => {
  let bench: Bench;
  let uart: Awaited<ReturnType<typeof openUart>>;
  const open = async (options: BenchOptions = {}, before: (bench: Bench) => void = () => {}) => {
    bench = romBench(id, options);
    before(bench);
    uart = await openUart(bench);
  };
  /** -c: the synchronisation byte was sent before. */
  const flash = (...args: string[]): Promise<ClientResult> =>
    runClient('stm32flash', ['-m', '8n1', '-b', '115200', ...args, uart.path]);

  beforeEach(() => open());
  afterEach(() => uart.close());

  test('is identified', async () => {
    const result = await flash();
    expect(result.status).toBe(0);
    for (const text of [...printed, 'Version      : 0x31', 'Option 1     : 0x00'])
      expect(result.printed).toContain(text);
  });

  test('is written, verified and read back', async () => {
    const written = await flash('-w', imageFile, '-v');
    expect(written.printed).toContain('Wrote and verified address 0x08004e20 (100.00%) Done.');
    expect(written.status).toBe(0);
    expect(bench.chip.judge.flash(flashStart, image.length)).toEqual(image);
    const copy = join(folder, `${id}.bin`);
    const read = await flash('-c', '-r', copy, '-S', `${flashStart}:${image.length}`);
    expect(read.status).toBe(0);
    expect(new Uint8Array(readFileSync(copy))).toEqual(image);
  });

  test('one unit is erased, then all of them', async () => {
    await uart.close();
    await open({ content: pattern(32) });
    const [first, second] = bench.chip.chip.flash.eraseUnits;
    bench.chip.debug.connect();
    expect(bench.chip.debug.programFlash(second!.addressStart, pattern(32, 2))).toBe('ok');
    const page = await flash('-o', '-s', '0', '-e', '1');
    expect([page.status, page.printed]).toEqual([0, expect.stringContaining('Erasing flash')]);
    expect(bench.chip.judge.flash(first!.addressStart, 32)).toEqual(erased(32));
    expect(bench.chip.judge.flash(second!.addressStart, 32)).toEqual(pattern(32, 2));
    expect((await flash('-c', '-o')).status).toBe(0);
    expect(bench.chip.judge.flash(second!.addressStart, 32)).toEqual(erased(32));
  });

  test('an erase of a write-protected unit is acknowledged, and does nothing', async () => {
    await uart.close();
    const protectUnit0 = [0x7f, 0x63, 0x9c, 0x00, 0x00, 0x00];
    await open({ content: pattern(32) }, ({ chip }) => chip.receive(Uint8Array.from(protectUnit0)));
    const page = await flash('-o', '-s', '0', '-e', '1');
    expect([page.status, page.printed]).toEqual([0, expect.stringContaining('Erasing flash')]);
    expect(bench.chip.judge.flash(flashStart, 32)).toEqual(pattern(32));
    expect((await flash('-c', '-u')).printed).toContain('Write-unprotecting flash');
    expect((await flash('-o', '-s', '0', '-e', '1')).status).toBe(0);
    expect(bench.chip.judge.flash(flashStart, 32)).toEqual(erased(32));
  });

  test('option bytes are read as memory; written, they are in force after a reset', async () => {
    await uart.close();
    await open({ content: pattern(32) });
    const { address, length, turn } = optionPatches[id]!;
    const before = optionsInForce(bench.chip);
    const file = join(folder, `${id}-options.bin`);
    expect((await flash('-r', file, '-S', `${address}:${length}`)).status).toBe(0);
    writeFileSync(file, applyPatch(new Uint8Array(readFileSync(file)), turn));
    await flash('-c', '-w', file, '-S', String(address));
    expect(optionsInForce(bench.chip)).not.toBe(before);
    expect(bench.chip.judge.readoutLevel).toBe(0);
    expect(bench.chip.judge.flash(flashStart, 32)).toEqual(pattern(32));
  });

  test('is protected against reading; lifting that erases the flash', async () => {
    await uart.close();
    await open({ content: pattern(32) });
    expect((await flash('-j')).printed).toContain('Read-Protecting flash\nDone.');
    expect(bench.chip.judge.readoutLevel).toBe(1);
    expect((await flash()).printed).toContain(printed[0]);
    const refusals = [
      ['0x11', await flash('-c', '-r', join(folder, 'never.bin'))],
      ['0x31', await flash('-c', '-w', imageFile, '-e', '0')],
      ['0x44', await flash('-c', '-o')],
      ['0x73', await flash('-c', '-u')],
      ['0x82', await flash('-c', '-j')],
      ['0x21', await flash('-c', '-g', String(flashStart))],
    ] as const;
    for (const [command, { status, printed: said }] of refusals) {
      expect(said).toContain(`Got NACK from device on command ${command}`);
      expect([command, status]).toEqual([command, command === '0x21' ? 0 : 1]);
    }
    expect(bench.chip.judge.flash(flashStart, 32)).toEqual(pattern(32));
    expect(readFileSync(join(folder, 'never.bin')).length).toBe(0);

    expect((await flash('-c', '-k')).printed).toContain('Read-UnProtecting flash\nDone.');
    expect(bench.chip.judge.readoutLevel).toBe(0);
    expect(bench.chip.judge.flash(flashStart, 32)).toEqual(erased(32));
    expect((await flash('-w', imageFile, '-v')).status).toBe(0);
  });

  test('a program is started', async () => {
    await flash('-w', imageFile, '-g', String(flashStart));
    expect(bench.events).toContainEqual({
      kind: 'application-booted',
      address: flashStart,
      mapping: 'normal',
    });
  });

  // Seconds of retries each: the others' are recorded (conformance/clients.json).
  if (id !== 'stm32f427') return;
  test('at level 2 there is no bootloader', async () => {
    await uart.close();
    await open({ level: 2 });
    const result = await flash();
    expect([result.status, result.printed]).toEqual([1, expect.stringContaining('Failed to init device')]);
  });
});
