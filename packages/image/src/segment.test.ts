import { describe, expect, it } from 'vitest';
import { faultOf, ramp } from '../test/segments.ts';
import { imageSizeMaxBytes, SegmentCollector, segmentCountMax } from './segment.ts';

describe('SegmentCollector', () => {
  it('sorts pieces and merges adjacent ones', () => {
    const collector = new SegmentCollector();
    collector.add(0x30, ramp(4));
    collector.add(0x10, ramp(4));
    collector.add(0x14, ramp(4));
    collector.add(0x2c, ramp(4));
    expect(collector.finish('test')).toEqual([
      { address: 0x10, bytes: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4) },
      { address: 0x2c, bytes: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4) },
    ]);
  });

  it('keeps copies, not the arrays that it was given', () => {
    const collector = new SegmentCollector();
    const given = ramp(4);
    collector.add(0, given);
    given.fill(0);
    expect(collector.finish('test')[0]?.bytes).toEqual(ramp(4));
  });

  it('refuses two values for a byte, whatever the order, and names it', () => {
    for (const [first, second, at] of [
      [0x10, 0x13, '0x00000013'],
      [0x13, 0x10, '0x00000013'],
    ] as const) {
      const collector = new SegmentCollector();
      collector.add(first, ramp(4));
      collector.add(second, ramp(4));
      expect(() => collector.finish('test')).toThrow(`two different values to the byte at ${at}`);
    }
  });

  it('takes bytes that are given twice with one value', () => {
    for (const [first, second] of [
      [0x10, 0x13],
      [0x13, 0x10],
      [0x11, 0x11],
    ] as const) {
      const collector = new SegmentCollector();
      collector.add(first, ramp(4, first));
      collector.add(0x12, ramp(1, 0x12));
      collector.add(second, ramp(4, second));
      const start = Math.min(first, second);
      const length = Math.max(first, second) + 4 - start;
      expect(collector.finish('test')).toEqual([{ address: start, bytes: ramp(length, start) }]);
    }
  });

  it('tells whether a piece only repeats what came before, to the byte', () => {
    const collector = new SegmentCollector();
    collector.add(0x10, ramp(4, 0x10));
    collector.add(0x20, ramp(4, 0x20));
    for (const [address, repeats] of [
      [0x0c, false],
      [0x0e, false],
      [0x10, true],
      [0x12, false],
      [0x14, false],
      [0x1e, false],
      [0x20, true],
      [0x24, false],
    ] as const)
      expect(collector.repeats(address, ramp(4, address))).toBe(repeats);
    expect(collector.repeats(0x21, ramp(2, 0x21))).toBe(true);
    expect(faultOf(() => collector.repeats(0x21, ramp(2, 0x20)))).toBe('image-overlap');
  });

  it('takes the last byte of the address space and none after it', () => {
    const collector = new SegmentCollector();
    collector.add(0xfffffffc, ramp(4));
    expect(collector.finish('test')).toEqual([{ address: 0xfffffffc, bytes: ramp(4) }]);
    expect(faultOf(() => collector.add(0xfffffffd, ramp(4)))).toBe('image-address-wraps');
  });

  it('holds to its limits exactly', () => {
    const full = new SegmentCollector();
    full.add(0, new Uint8Array(imageSizeMaxBytes));
    expect(faultOf(() => full.add(imageSizeMaxBytes, ramp(1)))).toBe('image-too-large');
    const scattered = new SegmentCollector();
    for (let i = 0; i < segmentCountMax; i++) scattered.add(2 * i, ramp(1));
    expect(scattered.finish('test').length).toBe(segmentCountMax);
    expect(faultOf(() => scattered.add(2 * segmentCountMax, ramp(1)))).toBe('image-too-many-segments');
  });

  it('refuses a file without bytes', () => {
    const collector = new SegmentCollector();
    collector.add(0, new Uint8Array());
    expect(faultOf(() => collector.finish('test'))).toBe('image-no-data');
  });
});
