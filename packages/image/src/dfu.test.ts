import { concatBytes, crc32, fromHex, u32le, utf8 } from '@firmseal/bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, ramp, segmentLists } from '../test/segments.ts';
import { addDfuSuffix, dfuSeBody, writeDfuSe } from '../test/writers.ts';
import { readDfu, readDfuFile } from './dfu.ts';

const fault = (file: Uint8Array, address?: number) => faultOf(() => readDfu(file, address));
const target = {
  alternateSetting: 0,
  name: 'Internal Flash',
  elements: [{ address: 0x08000000, bytes: ramp(8) }],
};

/** A file of one target with bytes of its body overwritten, under a right checksum. */
function bent(offset: number, ...bytes: number[]): Uint8Array {
  const body = dfuSeBody([target]);
  body.set(bytes, offset);
  return addDfuSuffix(body, 0x011a);
}

describe('readDfu', () => {
  it("reads dfu-util's own files", () => {
    // dfu-suffix 0.11: -v 0483 -p df11 -d 0200 -a, on the bytes 01 02 03 04
    const plain = fromHex('01020304000211df8304000155464410051d31e7');
    expect(readDfuFile(plain)).toEqual({
      vendorId: 0x0483,
      productId: 0xdf11,
      deviceVersion: 0x0200,
      payload: ramp(4),
    });
    expect(readDfu(plain, 0x08000000).segments).toEqual([{ address: 0x08000000, bytes: ramp(4) }]);
    // dfuse-pack 0.11: -b 0x08000000:a.bin -b 0x08040000@1:a.bin, the same bytes
    const name = '00'.repeat(249);
    const packed = fromHex(
      [
        '446675536501570200000254617267657400010000005354',
        `2e2e2e${name}00`,
        '0c00000001000000000000080400000001020304',
        '54617267657401010000005354',
        `2e2e2e${name}00`,
        '0c00000001000000000004080400000001020304',
        '000011df83041a01554644107c395f09',
      ].join(''),
    );
    const image = readDfu(packed);
    expect(image.segments).toEqual([
      { address: 0x08000000, bytes: ramp(4) },
      { address: 0x08040000, bytes: ramp(4) },
    ]);
    expect(image.notes).toEqual([
      'for USB device 0x0483:0xdf11',
      'target 0 "ST...", elements: 1',
      'target 1 "ST...", elements: 1',
    ]);
  });

  it('returns what was written, elements of all targets together', () => {
    fc.assert(
      fc.property(segmentLists(), fc.nat(8), (segments, cut) => {
        const targets = [
          { alternateSetting: 3, name: 'first', elements: segments.slice(cut) },
          { alternateSetting: 0, name: '', elements: segments.slice(0, cut) },
        ];
        const file = writeDfuSe(targets);
        expect(readDfu(file).segments).toEqual(segments);
        expect(readDfuFile(file).targets).toEqual(targets);
      }),
      { seed: 4 },
    );
  });

  it('accepts a suffix longer than 16 bytes, and none longer than the file', () => {
    expect(readDfu(addDfuSuffix(ramp(4), 0x0100, 20), 0).segments[0]?.bytes).toEqual(ramp(4));
    expect(fault(addDfuSuffix(ramp(4), 0x0100, 15), 0)).toBe('image-dfu-invalid');
    // The length field says 40 in a file of 20 bytes: 4 before the suffix, which is
    // written with its own checksum.
    const covered = addDfuSuffix(ramp(4), 0x0100).subarray(0, -4).with(15, 40);
    expect(fault(concatBytes(covered, u32le(~crc32(covered))), 0)).toBe('image-dfu-invalid');
    expect(fault(addDfuSuffix(new Uint8Array(), 0x0100), 0)).toBe('image-no-data');
  });

  it('asks for an address when the file has no address, and refuses one when it has', () => {
    expect(fault(addDfuSuffix(ramp(4), 0x0100))).toBe('image-address-missing');
    expect(fault(writeDfuSe([target]), 0x08000000)).toBe('image-address-not-allowed');
    expect(fault(addDfuSuffix(ramp(4), 0x0100), 2 ** 32)).toBe('value-out-of-range');
  });

  it('refuses each damage with its own code', () => {
    const whole = writeDfuSe([target]);
    expect(fault(whole.subarray(0, -1))).toBe('image-dfu-suffix-missing');
    expect(fault(whole.with(300, 0xee))).toBe('image-dfu-crc');
    expect(fault(addDfuSuffix(dfuSeBody([target]), 0x0100))).toBe('image-dfu-version');
    expect(fault(addDfuSuffix(ramp(4), 0x011a), 0)).toBe('image-dfu-version');
    expect(fault(bent(5, 2))).toBe('image-dfu-version');
    expect(fault(bent(6, 1))).toBe('image-dfu-invalid');
    expect(fault(bent(10, 2))).toBe('bytes-truncated');
    expect(fault(bent(10, 0))).toBe('image-dfu-invalid');
    expect(fault(bent(11, 0x74))).toBe('image-dfu-invalid');
    expect(fault(bent(11 + 266, 15))).toBe('image-dfu-invalid');
    expect(fault(bent(11 + 266, 255, 255, 255, 255))).toBe('bytes-truncated');
    expect(fault(bent(11 + 270, 255, 255, 255, 255))).toBe('image-too-many-segments');
    expect(fault(bent(11 + 274 + 4, 255, 255, 255, 255))).toBe('bytes-truncated');
    expect(fault(bent(11 + 274, 255, 255, 255, 255))).toBe('image-address-wraps');
    expect(fault(addDfuSuffix(concatBytes(utf8('DfuSe'), u32le(1)), 0x011a))).toBe('bytes-truncated');
    const [element] = target.elements;
    const other = { ...target, elements: [{ address: element!.address, bytes: ramp(1, 99) }] };
    expect(fault(writeDfuSe([target, other]))).toBe('image-overlap');
    expect(fault(writeDfuSe([target, target]))).toBeUndefined();
    expect(fault(writeDfuSe([]))).toBe('image-no-data');
  });
});
