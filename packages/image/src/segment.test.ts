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

  it('refuses a byte that is given twice, whatever the order', () => {
    for (const [first, second] of [
      [0x10, 0x13],
      [0x13, 0x10],
      [0x10, 0x10],
    ] as const) {
      const collector = new SegmentCollector();
      collector.add(first, ramp(4));
      collector.add(second, ramp(4));
      expect(faultOf(() => collector.finish('test'))).toBe('image-overlap');
    }
  });

  it('tells whether a range is free, to the byte', () => {
    const collector = new SegmentCollector();
    collector.add(0x10, ramp(4));
    collector.add(0x20, ramp(4));
    for (const [address, code] of [
      [0x0c, undefined],
      [0x0d, 'image-overlap'],
      [0x13, 'image-overlap'],
      [0x14, undefined],
      [0x1c, undefined],
      [0x1d, 'image-overlap'],
    ] as const)
      expect(faultOf(() => collector.refuseOverlap(address, 4))).toBe(code);
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
