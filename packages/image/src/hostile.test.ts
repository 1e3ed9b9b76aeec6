// Every reader on damaged files: each truncation is a Fault, and no mutation throws anything but a Fault.

import { concatBytes, utf8 } from '@firmseal/bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, ramp } from '../test/segments.ts';
import { addDfuSuffix, addSectionTable, writeDfuSe, writeElf, writeHex, writeSrec } from '../test/writers.ts';
import { type ImageFormat, imageFormats } from './firmware-image.ts';
import { type ReadImageOptions, readImage } from './read-image.ts';
import { fileSizeMaxBytes } from './segment.ts';

const segments = [
  { address: 0x0800fff0, bytes: ramp(40) },
  { address: 0x08040000, bytes: ramp(7) },
];
const small: readonly { format: ImageFormat; file: Uint8Array; options?: ReadImageOptions }[] = [
  { format: 'elf', file: writeElf(segments, 0x0800fff1) },
  {
    format: 'elf',
    file: addSectionTable(writeElf(segments), [
      { offset: 116, sizeBytes: 40 },
      { offset: 156, sizeBytes: 7 },
    ]),
  },
  { format: 'hex', file: utf8(writeHex(segments, { entry: 0x0800fff1 })) },
  { format: 'hex', file: utf8(writeHex([{ address: 0x1fff0, bytes: ramp(40) }], { segmented: true })) },
  { format: 'srec', file: utf8(writeSrec(segments, { entry: 0x0800fff1 })) },
  { format: 'dfu', file: writeDfuSe([{ alternateSetting: 0, name: 'flash', elements: segments }]) },
  { format: 'dfu', file: addDfuSuffix(ramp(30), 0x0100), options: { address: 0x08000000 } },
];

describe('damaged files', () => {
  it('every truncation of a small valid file is a Fault', () => {
    for (const { format, file, options } of small) {
      expect(readImage(file, options).format).toBe(format);
      for (let length = 0; length < file.length; length++) {
        const cut = file.subarray(0, length);
        expect(
          faultOf(() => readImage(cut, { ...options, format })),
          `${format} ${length}`,
        ).toBeDefined();
        // Without its mark and with an address, a file is a raw binary: only files with addresses of
        // their own are cut here.
        if (options === undefined)
          expect(
            faultOf(() => readImage(cut)),
            `${format} ${length}`,
          ).toBeDefined();
      }
    }
  });

  it('no mutation throws anything but a Fault, and what is accepted keeps the promises of segments', () => {
    const mutation = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      kind: fc.constantFrom('set', 'insert', 'cut'),
    });
    let refused = 0;
    for (const { format, file, options } of small)
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
          let damaged: Uint8Array = file;
          for (const { at, byte, kind } of mutations) {
            const offset = at % (damaged.length + 1);
            const rest = damaged.subarray(kind === 'insert' ? offset : offset + 1);
            damaged = concatBytes(damaged.subarray(0, offset), Uint8Array.of(byte), rest);
            if (kind === 'cut') damaged = damaged.subarray(0, Math.max(1, offset));
          }
          const code = faultOf(() => {
            const image = readImage(damaged, { ...options, format });
            let addressEnd = -1;
            for (const { address, bytes } of image.segments) {
              if (address <= addressEnd || bytes.length === 0) throw new Error('segments are out of order');
              addressEnd = address + bytes.length;
            }
            if (addressEnd > 2 ** 32) throw new Error('a segment passes the address space');
          });
          if (code !== undefined) refused++;
          faultOf(() => readImage(damaged));
        }),
        { seed: 5, numRuns: 400 },
      );
    expect(refused).toBeGreaterThan(1000);
  });

  it('mutated header words of an ELF file claim any number and get a Fault or segments', () => {
    const elf = writeElf(segments);
    const word = fc.oneof(
      fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff),
      fc.nat(2000),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 28 }),
        word,
        fc.integer({ min: 4, max: 28 }),
        word,
        (i, a, k, b) => {
          const damaged = elf.slice();
          const view = new DataView(damaged.buffer);
          view.setUint32(4 * i, a, true);
          view.setUint32(4 * k, b, true);
          faultOf(() => readImage(damaged));
        },
      ),
      { seed: 6, numRuns: 2000 },
    );
  });

  it('random bytes in any format', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.constantFrom(...imageFormats),
        (bytes, format) => {
          faultOf(() => readImage(bytes, { format }));
          faultOf(() => readImage(bytes));
          faultOf(() => readImage(bytes, { address: 0x08000000 }));
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });

  it('the largest files of one byte over and over are refused', () => {
    for (const byte of [0x3a, 0x53, 0x0a, 0x30, 0x7f]) {
      const file = new Uint8Array(fileSizeMaxBytes).fill(byte);
      for (const format of ['hex', 'srec', 'elf', 'dfu'] as const)
        expect(faultOf(() => readImage(file, { format }))).toBeDefined();
    }
  });
});
