// What `firmseal seal` is given by mistake, each refused before a key is opened or a file is written: by
// name, with the piece or the word that is wrong and what to do about it.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes, u32le, utf8 } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { writeDfuSe, writeElf, writeHex } from '@firmseal/image/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-seal-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const start = 0x0804_0000;
const f427 = findChip('stm32f427');
const h743 = findChip('stm32h743');
const code = new Uint8Array(1280);
const firmware = { address: start, bytes: withVectorTable(f427, start, code) };
const piece = (address: number, sizeBytes = 16) => ({ address, bytes: new Uint8Array(sizeBytes).fill(1) });
/** Firmware whose first words are these. */
const words = (stackPointer: number, resetVector: number) =>
  concatBytes(u32le(stackPointer), u32le(resetVector), code.subarray(8));

let made = 0;
/** Seals with keys that do not exist: whatever is refused is refused before they are looked for. */
async function seal(image: string, ...words_: string[]) {
  const { status, stdout, stderr } = await runHere([
    ...['seal', image, '--chip', 'stm32f427', '--product', 'p', '--firmware-version', '1', '--counter', '1'],
    ...['--signer', 'absent', '--delegation', 'absent', '--root-key', 'absent', '--authority-key', 'absent'],
    ...['--out', join(folder, 'p.seal'), ...words_],
  ]);
  expect(stdout).toBe('');
  return { status, code: /^FS\d+ ([\w-]+):/.exec(stderr)?.[1], stderr };
}

function write(content: Uint8Array | string, ending: string): string {
  const path = join(folder, `image-${made++}.${ending}`);
  writeFileSync(path, content);
  return path;
}

const raw = ['--address', '0x08040000'];

describe('a vector table is what the chip will start', () => {
  it.each([
    ['stack pointer 0', words(0, start + 9), 'the first word, 0x00000000, is a stack pointer outside'],
    ['stack pointer in flash', words(start, start + 9), 'the first word, 0x08040000,'],
    ['an even reset vector', words(0x2003_0000, start + 8), '0x08040008, is an even reset vector'],
    ['a reset vector elsewhere', words(0x2003_0000, 0x0800_0201), '0x08000201, is a reset vector outside'],
    ['erased flash', new Uint8Array(4096).fill(0xff), 'what stands there is erased flash (FF)'],
    ['zeros', new Uint8Array(4096), 'what stands there is zeros'],
    ['text', utf8('Hello, this is a note that somebody saved.\n'.repeat(40)), 'what stands there is text'],
    ['three bytes', Uint8Array.of(1, 2, 3), 'the image has no bytes there'],
  ])('%s', async (_, bytes, said) => {
    const refused = await seal(write(bytes, 'bin'), ...raw);
    expect(refused).toMatchObject({ status: 3, code: 'entry-not-vector-table' });
    expect(refused.stderr).toContain(said);
    expect(refused.stderr).toContain('--entry');
  });

  it('a header before the vectors: the place of the table is found and named', async () => {
    const image = new Uint8Array(0x1000).fill(0x2a);
    image.set(withVectorTable(f427, start + 0x200, code), 0x200);
    const path = write(image, 'bin');
    expect((await seal(path, ...raw)).stderr).toContain('add --entry 0x08040200.');
    // With it, the files of the keys come next.
    expect((await seal(path, ...raw, '--entry', '0x08040200')).code).toBe('file-missing');
    expect((await seal(path, ...raw, '--entry', '0x08040400')).code).toBe('entry-not-vector-table');
  });

  it.each([
    ['stm32f427', 0x0804_0010, 512],
    ['stm32h743', 0x0802_0200, 1024],
    ['stm32u575', 0x0804_0200, 1024],
    ['stm32g0b1', 0x0804_0080, 256],
  ])('%s: a table at %i is not at a multiple of %i', async (id, address, alignmentBytes) => {
    const path = write(withVectorTable(findChip(id), address, code), 'bin');
    const refused = await seal(path, '--chip', id, '--address', String(address));
    expect(refused).toMatchObject({ status: 3, code: 'entry-misaligned' });
    expect(refused.stderr).toContain(`a multiple of ${alignmentBytes} bytes`);
  });
});

describe('pieces outside of flash are named one by one', () => {
  it.each([
    [0x1fff_c000, '0x1FFFC000 (16 bytes): the option bytes', 'firmseal seal --option'],
    [0x1fff_7800, '0x1FFF7800 (16 bytes): OTP', 'does not write OTP'],
    [0x9000_0000, '0x90000000 (16 bytes): external memory (QUADSPI, OCTOSPI)', 'for the application'],
    [0x2000_0000, '0x20000000 (16 bytes): RAM (SRAM)', 'a load address in flash'],
    [0x1000_0000, '0x10000000 (16 bytes): RAM (CCM)', 'a load address in flash'],
  ])('at %i, in HEX, ELF and DfuSe alike', async (address, said, advice) => {
    const segments = [firmware, piece(address)].toSorted((a, b) => a.address - b.address);
    for (const path of [
      write(writeHex(segments, {}), 'hex'),
      write(writeElf(segments), 'elf'),
      write(writeDfuSe([{ alternateSetting: 0, name: 'all', elements: segments }]), 'dfu'),
    ]) {
      const refused = await seal(path);
      expect(refused).toMatchObject({ status: 3, code: 'image-piece-outside' });
      expect(refused.stderr).toContain(said);
      expect(refused.stderr).toContain(advice);
    }
  });

  it('ITCM of an H743 is RAM', async () => {
    const bytes = withVectorTable(h743, 0x0800_0000, code);
    const path = write(writeHex([piece(0), { address: 0x0800_0000, bytes }], {}), 'hex');
    expect((await seal(path, '--chip', 'STM32H743ZIT6')).stderr).toContain('RAM (ITCM)');
  });
});

describe('a file that is no firmware', () => {
  it.each([
    ['<!DOCTYPE html><html><title>404</title>', 'a web page', 'answered with a page'],
    ['version https://git-lfs.github.com/spec/v1\n', 'a Git LFS pointer', 'git lfs pull'],
    ['PK\u0003\u0004', 'a ZIP archive', 'Unpack it'],
  ])('%s', async (text, name, advice) => {
    const refused = await seal(write(text, 'bin'), ...raw);
    expect(refused).toMatchObject({ status: 3, code: 'image-kind-foreign' });
    expect(refused.stderr).toContain(name);
    expect(refused.stderr).toContain(advice);
  });

  it('has another machine, by name', async () => {
    const elf = writeElf([firmware]);
    new DataView(elf.buffer).setUint16(18, 243, true);
    expect((await seal(write(elf, 'elf'))).stderr).toContain('machine RISC-V (243)');
  });

  it('has no end', async () => {
    const before = process.memoryUsage().rss;
    const refused = await seal('/dev/zero', ...raw);
    expect(refused).toMatchObject({ status: 3, code: 'image-file-too-large' });
    expect(refused.stderr).toContain('arm-none-eabi-strip');
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });
});

it('writes nothing in all of this', () => {
  expect(readdirSync(folder).filter((name) => !name.startsWith('image-'))).toEqual([]);
});
