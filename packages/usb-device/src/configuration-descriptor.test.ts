import { describe, expect, it } from 'vitest';
import { configurationLengthBytes, readConfigurationDescriptor } from './index.ts';

const head = (totalBytes: number) => [9, 2, totalBytes & 0xff, totalBytes >>> 8, 1, 1, 0, 0xc0, 50];
const setting = (alternate: number, nameIndex = 0) => [9, 4, 0, alternate, 0, 0xfe, 1, 2, nameIndex];
const functional = [9, 0x21, 0x0b, 0xff, 0, 0x00, 0x08, 0x1a, 0x01];

function configuration(...parts: number[][]): Uint8Array {
  const content = parts.flat();
  return Uint8Array.from([...head(9 + content.length), ...content]);
}

describe('a configuration descriptor', () => {
  it('is read setting by setting, with the descriptors of the class where they stand', () => {
    const bytes = configuration(setting(0, 4), setting(1, 5), functional, [7, 5, 0x81, 2, 64, 0, 0]);
    expect(configurationLengthBytes(bytes)).toBe(43);
    const { configurationValue, interfaces } = readConfigurationDescriptor(bytes);
    expect(configurationValue).toBe(1);
    expect(interfaces.map((one) => [one.alternateSetting, one.nameIndex, one.interfaceClass])).toEqual([
      [0, 4, 0xfe],
      [1, 5, 0xfe],
    ]);
    expect(interfaces[1]!.others).toEqual([Uint8Array.from(functional)]);
    expect(interfaces[1]!.endpoints).toEqual([{ address: 0x81, type: 2, packetBytes: 64 }]);
  });

  it('leaves what follows wTotalLength', () => {
    const bytes = Uint8Array.from([...configuration(setting(0)), 0xff, 0xff]);
    expect(readConfigurationDescriptor(bytes).interfaces).toHaveLength(1);
  });

  it.each([
    ['nothing', Uint8Array.of()],
    ['another descriptor', Uint8Array.from([18, 1, 0, 0, 0, 0, 0, 0, 0])],
    ['a total of less than its head', Uint8Array.from(head(8))],
    ['a total of more than came', Uint8Array.from(head(10))],
    ['a descriptor of length 0', configuration([0, 4])],
    ['a descriptor of length 1', configuration([1])],
    ['a descriptor past the end', configuration([9, 4, 0])],
    ['an interface descriptor that is cut', configuration([3, 4, 0])],
    ['an endpoint descriptor that is cut', configuration(setting(0), [2, 5])],
    [
      'more settings than memory is spent on',
      configuration(...Array.from({ length: 257 }, () => setting(0))),
    ],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => readConfigurationDescriptor(bytes)).toThrow(
      expect.objectContaining({ code: 'usb-descriptor-malformed' }),
    );
  });
});
