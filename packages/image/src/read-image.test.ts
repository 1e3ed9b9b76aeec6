import { utf8 } from '@firmseal/bytes';
import { describe, expect, it } from 'vitest';
import { faultOf, ramp } from '../test/segments.ts';
import { addDfuSuffix, hexLine, writeDfuSe, writeElf, writeHex, writeSrec } from '../test/writers.ts';
import { detectFormat } from './detect.ts';
import { type ReadImageOptions, readImage } from './read-image.ts';
import { fileSizeMaxBytes } from './segment.ts';

const segments = [
  { address: 0x08000000, bytes: ramp(40) },
  { address: 0x08040000, bytes: ramp(7) },
];
const files = {
  elf: writeElf(segments),
  hex: utf8(writeHex(segments, {})),
  srec: utf8(writeSrec(segments, {})),
  dfu: writeDfuSe([{ alternateSetting: 0, name: 'flash', elements: segments }]),
} as const;
const fault = (file: Uint8Array, options?: ReadImageOptions) => faultOf(() => readImage(file, options));

describe('readImage', () => {
  it('knows each format by its content, whatever the name', () => {
    for (const [format, file] of Object.entries(files))
      for (const fileName of ['a.elf', 'a.hex', 'a.srec', 'a.dfu', 'a.bin', 'a', ''])
        expect(readImage(file, { fileName })).toMatchObject({ format, segments });
  });

  it('reads a raw binary by name, by address, or as it is told', () => {
    const address = 0x08020000;
    const expected = { format: 'bin', segments: [{ address, bytes: ramp(9) }] };
    for (const options of [
      { fileName: 'folder.x/a.BIN' },
      { format: 'bin' as const },
      {},
      { fileName: 'a.img' },
    ])
      expect(readImage(ramp(9), { ...options, address })).toMatchObject(expected);
    expect(fault(ramp(9), { fileName: 'a.bin' })).toBe('image-address-missing');
    expect(fault(ramp(9))).toBe('image-format-unknown');
    for (const outside of [-1, 1.5, 2 ** 32, Number.NaN])
      expect(fault(ramp(9), { address: outside })).toBe('value-out-of-range');
    expect(fault(ramp(9), { address: 0xfffffff8 })).toBe('image-address-wraps');
  });

  it('never makes a raw binary of a damaged text file, unless its name says so', () => {
    const damaged = utf8(':10ZZ');
    for (const fileName of ['a.hex', 'a', 'a.srec'])
      expect(fault(damaged, { fileName })).toBe('image-record-malformed');
    expect(readImage(damaged, { fileName: 'a.bin', address: 0 }).segments).toEqual([
      { address: 0, bytes: damaged },
    ]);
    expect(detectFormat(utf8('S1garbage'))).toBe('srec');
    expect(detectFormat(utf8('Some text'))).toBe(undefined);
    expect(detectFormat(utf8(': a colon'))).toBe(undefined);
  });

  it('lets a whole first record beat the name .bin', () => {
    expect(detectFormat(utf8(`${hexLine(0, 0, ramp(4))}\nrubbish`), 'a.bin')).toBe('hex');
  });

  it.each([
    ['\u001f\u008b\b', 'a gzip file'],
    ['PK\u0003\u0004', 'a ZIP archive'],
    ['BZh91AY', 'a bzip2 file'],
    ['UF2\n', 'a UF2 file'],
    ['!<arch>\n', 'a library of object files'],
    ['version https://git-lfs.github.com/spec/v1\n', 'a Git LFS pointer'],
    ['\n<!DOCTYPE html><html>', 'a web page'],
    ['<html><body>404', 'a web page'],
    ['@08000000\n00 00 02 20\n', 'a Verilog or TI-TXT file'],
    ['FSEAL\u0001\r\n', 'a package that firmseal sealed already'],
  ])('names a file that is no firmware: %s', (start, name) => {
    const file = Uint8Array.from(start, (letter) => letter.charCodeAt(0));
    for (const options of [{}, { fileName: 'a.bin', address: 0x08000000 }, { fileName: 'a.hex' }]) {
      expect(() => readImage(file, options)).toThrow(`The file is ${name}`);
      expect(fault(file, options)).toBe('image-kind-foreign');
    }
    // Whoever states a format has it his way.
    expect(readImage(file, { format: 'bin', address: 0 }).segments[0]?.bytes).toEqual(file);
  });

  it('takes the name of an unmarked file at its word, and the reader then says what is wrong', () => {
    expect(fault(ramp(60), { fileName: 'a.elf' })).toBe('image-elf-unsupported');
    expect(fault(ramp(60), { fileName: 'a.hex' })).toBe('image-record-malformed');
    expect(fault(ramp(60), { fileName: 'a.s19' })).toBe('image-record-malformed');
    expect(fault(ramp(60), { fileName: 'a.dfu' })).toBe('image-dfu-suffix-missing');
    expect(fault(ramp(60), { fileName: 'a.constructor' })).toBe('image-format-unknown');
  });

  it('refuses an address for files that carry their own', () => {
    for (const file of Object.values(files))
      expect(fault(file, { address: 0 })).toBe('image-address-not-allowed');
  });

  it('obeys a stated format', () => {
    const plain = addDfuSuffix(ramp(4), 0x0100);
    expect(readImage(plain, { address: 0 }).segments[0]?.bytes).toEqual(ramp(4));
    expect(readImage(plain, { address: 0, format: 'bin' }).segments[0]?.bytes).toEqual(plain);
    expect(fault(files.hex, { format: 'srec' })).toBe('image-record-malformed');
  });

  it('refuses empty and oversized files', () => {
    expect(fault(new Uint8Array())).toBe('image-file-empty');
    expect(fault(new Uint8Array(fileSizeMaxBytes + 1))).toBe('image-file-too-large');
  });

  it('reads a view into a larger buffer', () => {
    for (const file of Object.values(files)) {
      const buffer = new Uint8Array(file.length + 64).fill(0x3a);
      buffer.set(file, 32);
      expect(readImage(buffer.subarray(32, 32 + file.length)).segments).toEqual(segments);
    }
  });
});
