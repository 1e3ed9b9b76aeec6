import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { describe, expect, it } from 'vitest';
import { faultCode, patternBytes } from '../test/small-package.ts';
import { checkForChip } from './check-chip.ts';
import { type PlanOptions, planAreas } from './plan-areas.ts';

const f427 = findChip('stm32f427');
const segment = (address: number, length: number) => ({
  address,
  bytes: new Uint8Array(patternBytes(length, address)),
});
/** A segment that a chip can start. */
const program = (address: number, length: number) => ({
  address,
  bytes: withVectorTable(f427, address, patternBytes(length, address)),
});

describe('planning areas', () => {
  it('stores an image of the start of flash in bank 2', () => {
    const plan = planAreas([program(0x08000000, 100)], f427);
    expect(plan.areas.map(({ area }) => area)).toEqual([
      { kind: 'firmware', address: 0x08100000, lengthBytes: 128 },
    ]);
    expect(plan.entry).toBe(0x08100000);
  });

  it('joins what shares an erase unit and pads with erased flash', () => {
    const [low, high] = [program(0x08040000, 50), segment(0x08040100, 40)];
    const [only] = planAreas([high, low], f427).areas;
    expect(only!.area).toEqual({ kind: 'firmware', address: 0x08040000, lengthBytes: 0x140 });
    expect(only!.plaintext!.subarray(0, 50)).toEqual(low.bytes);
    expect(only!.plaintext!.subarray(50, 0x100).every((byte) => byte === 0xff)).toBe(true);
    expect(only!.plaintext!.subarray(0x100, 0x128)).toEqual(high.bytes);
  });

  it('keeps apart what does not, and passes the checks of the chip', () => {
    const otherAreas = [{ kind: 'device-data' as const, address: 0x08080000, lengthBytes: 64 }];
    const { areas, entry } = planAreas([segment(0x080a0000, 64), program(0x08040000, 0x20004)], f427, {
      otherAreas,
    });
    expect(areas.map(({ area }) => [area.address, area.lengthBytes])).toEqual([
      [0x08040000, 0x20020],
      [0x08080000, 64],
      [0x080a0000, 64],
    ]);
    const core = { chips: ['stm32f427'], areas: areas.map(({ area }) => area), optionBytes: [], entry };
    checkForChip({ core } as never, f427);
  });

  it('starts at the entry that is given, behind a header', () => {
    const header = new Uint8Array(0x200).fill(0x55);
    const image = [
      { address: 0x08000000, bytes: header },
      { address: 0x08000200, bytes: program(0x08000200, 100).bytes },
    ];
    expect(() => planAreas(image, f427)).toThrow(
      expect.objectContaining({
        code: 'entry-not-vector-table',
        remedy: expect.stringContaining('add --entry 0x08000200'),
      }),
    );
    expect(planAreas(image, f427, { entry: 0x08000200 }).entry).toBe(0x08100200);
  });

  it.each([
    ['<!DOCTYPE html><title>404</title>', 'a web page'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:00', 'a Git LFS pointer'],
    ['\u00ff'.repeat(64), 'erased flash'],
    ['\u003d\u00b8\u00f3\u0096'.padEnd(64, '\0'), "MCUboot's header"],
  ])('names what stands in place of a vector table: %s', (text, name) => {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    expect(() => planAreas([{ address: 0x08040000, bytes }], f427)).toThrow(name);
  });

  const refused: [string, string, ReturnType<typeof segment>[], PlanOptions?][] = [
    ['nothing', 'image-empty', [segment(0x08040000, 0)]],
    ['what fits no slot', 'image-does-not-fit', [segment(0x081dff00, 0x200)]],
    [
      'an area in a unit of the firmware',
      'area-erase-unit-shared',
      [segment(0x08040000, 64)],
      { otherAreas: [{ kind: 'device-data', address: 0x08050000, lengthBytes: 32 }] },
    ],
    [
      'too much per-device data',
      'area-too-large',
      [segment(0x08040000, 64)],
      { otherAreas: [{ kind: 'device-data', address: 0x08060000, lengthBytes: 1056 }] },
    ],
    ['firmware without a vector table at its start', 'entry-not-vector-table', [segment(0x08040000, 64)]],
    ['a vector table where VTOR cannot point', 'entry-misaligned', [program(0x08040080, 64)]],
    [
      'more pieces than areas',
      'image-too-scattered',
      Array.from({ length: 9 }, (_, i) =>
        segment(0x08000000 + [0, 1, 2, 3, 4, 8, 16, 24, 32][i]! * 0x4000, 32),
      ),
    ],
  ];
  for (const [what, code, segments, options] of refused)
    it(`refuses ${what}`, async () => {
      expect(await faultCode(() => planAreas(segments, f427, options))).toBe(code);
    });
});
