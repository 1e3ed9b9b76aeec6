// Vectors of spec/package.md section 6, steps 6 to 10: areas, entry, requirements, and what a chip adds.

import type { CborInput } from '@firmseal/cbor-cose';
import type { FaultCode } from '@firmseal/fault';
import { defaultState, headerCase, inventedChip, optionBytesAt, type PackageCase } from './package-case.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const area = (kind: CborInput, address: CborInput, length: CborInput, onUpdate?: CborInput) =>
  new Map<number, CborInput>([
    [0, kind],
    [1, address],
    [2, length],
    ...(onUpdate === undefined ? [] : [[3, onUpdate] as [number, CborInput]]),
  ]);
const fw = (address: number, length: number) => area(1, address, length);
const hash = filled(32, 5);

/** Areas with digests that agree with their kinds, and an entry in the first. */
function withAreas(name: string, fault: FaultCode, areas: CborInput, context: Partial<PackageCase> = {}) {
  return headerCase(
    name,
    fault,
    (p) => {
      p.core.set(6, areas);
      if (!Array.isArray(areas)) return;
      const kinds = areas.map((one: CborInput) => (one instanceof Map ? one.get(0) : 0));
      p.payload.set(
        2,
        kinds.length > 0 ? kinds.slice(0, 8).map((kind) => (kind === 1 ? hash : null)) : [hash],
      );
      const first = areas.find((one: CborInput) => one instanceof Map && one.get(0) === 1);
      const address = first instanceof Map ? (first.get(1) as number) : -1;
      if (address >= 0 && address < 2 ** 32) p.core.set(8, address - (address % 128));
    },
    context,
  );
}

function shapeCases(): Promise<PackageCase>[] {
  const bad = (name: string, areas: CborInput) => withAreas(name, 'area-malformed', areas);
  const good = fw(0x08040000, 1120);
  return [
    bad('areas that are a number', 6),
    bad('no area', []),
    bad(
      'nine areas',
      Array.from({ length: 9 }, (_, i) => fw(0x08040000 + i * 32, 32)),
    ),
    bad('area that is an array', [[1, 0x08040000, 32]]),
    bad('area without length', [
      new Map([
        [0, 1],
        [1, 0x08040000],
      ]),
    ]),
    bad('area of kind 0', [good, area(0, 0x08080000, 32)]),
    bad('area of kind 4', [good, area(4, 0x08080000, 32)]),
    bad('area of firmware with a choice for updates', [area(1, 0x08040000, 32, 1)]),
    bad('generated keys without a choice for updates', [good, area(2, 0x08080000, 32)]),
    bad('generated keys with choice 3', [good, area(2, 0x08080000, 32, 3)]),
    bad('generated keys of 1056 bytes', [good, area(2, 0x08080000, 1056, 1)]),
    bad('per-device data of 1056 bytes', [good, area(3, 0x08080000, 1056)]),
    bad('per-device data of 1024 and 32 bytes', [good, area(3, 0x08080000, 1024), area(3, 0x080a0000, 32)]),
    bad('per-device data with a choice for updates', [good, area(3, 0x08080000, 32, 1)]),
    bad('length 0', [fw(0x08040000, 0)]),
    bad('length 2^32', [fw(0x08040000, 2 ** 32)]),
    bad('address 2^32', [area(1, 2 ** 32, 32)]),
    bad('address negative', [area(1, -32, 32)]),
    bad('areas in descending order', [fw(0x08080000, 32), fw(0x08040000, 32)]),
    bad('areas that overlap by 32 bytes', [fw(0x08040000, 64), fw(0x08040020, 64)]),
    bad('the same area twice', [fw(0x08040000, 64), fw(0x08040000, 64)]),
    bad('end beyond 2^32', [fw(0xffffffe0, 64)]),
    withAreas('address not a multiple of 32', 'area-misaligned', [fw(0x08040010, 32)]),
    withAreas('length not a multiple of 32', 'area-misaligned', [fw(0x08040000, 48)]),
    withAreas('first area misaligned, second malformed', 'area-misaligned', [
      fw(0x08040000, 48),
      area(0, 0x08080000, 32),
    ]),
    withAreas('first area malformed, second misaligned', 'area-malformed', [
      fw(0x08040000, 0),
      fw(0x08080000, 48),
    ]),
  ];
}

function agreementCases(): Promise<PackageCase>[] {
  const bad = (name: string, change: Parameters<typeof headerCase>[2]) =>
    headerCase(name, 'manifest-malformed', change);
  const requirements = (name: string, value: CborInput) => bad(name, (p) => void p.core.set(9, value));
  const entry = (name: string, value: number) =>
    headerCase(name, 'entry-outside-firmware', (p) => void p.core.set(8, value));
  return [
    bad('one digest for two areas', (p) => void p.payload.set(2, [hash])),
    bad('three digests for two areas', (p) => void p.payload.set(2, [hash, hash, hash])),
    bad('null as the digest of firmware', (p) => void p.payload.set(2, [hash, null])),
    bad('digest for per-device data', (p) => {
      p.core.set(6, [fw(0x08040000, 1120), area(3, 0x08080000, 32)]);
    }),
    bad('digests that disagree, and an entry outside', (p) => {
      p.payload.set(2, [hash]);
      p.core.set(8, 0);
    }),
    entry('entry ahead of the firmware', 0x0803ff80),
    entry('entry at the end of the firmware', 0x08040460),
    entry('entry between two areas', 0x08060000),
    entry('entry not on a multiple of 128', 0x08040020),
    headerCase('entry in per-device data', 'entry-outside-firmware', (p) => {
      p.core.set(6, [fw(0x08040000, 1120), area(3, 0x08080000, 128)]).set(8, 0x08080000);
      p.payload.set(2, [hash, null]);
    }),
    headerCase('no area of firmware', 'entry-outside-firmware', (p) => {
      p.core.set(6, [area(3, 0x08040000, 128)]);
      p.payload.set(2, [null]);
    }),
    headerCase('entry outside, and a malformed requirement', 'entry-outside-firmware', (p) => {
      p.core.set(8, 0).set(9, 0);
    }),
    requirements('requirements that are a number', 1),
    requirements(
      'seventeen requirements',
      Array.from({ length: 17 }, (_, i) => [i, 1, 0]),
    ),
    requirements('requirement of two', [[0, 1]]),
    requirements('requirement with mask 0', [[0, 0, 0]]),
    requirements('requirement with mask 2^32', [[0, 2 ** 32, 0]]),
    requirements('requirement with a value outside its mask', [[0, 0xc, 0x10]]),
    requirements('requirement of register -1', [[-1, 1, 0]]),
    requirements('requirements in descending register', [
      [1, 1, 0],
      [0, 1, 0],
    ]),
    requirements('the same register twice', [
      [0, 4, 0],
      [0, 8, 0],
    ]),
    headerCase('65,536 records', 'manifest-malformed', (p) => {
      p.core.set(6, [fw(0x08040000, 65_536 * 1024)]);
      p.payload.set(2, [hash]);
    }),
    bad('first hash of zeros', (p) => void p.payload.set(1, filled(32, 0))),
  ];
}

function chipCases(): Promise<PackageCase>[] {
  const outside = (name: string, areas: CborInput, context: Partial<PackageCase> = {}) =>
    withAreas(name, 'area-outside-application', areas, context);
  const good = fw(0x08040000, 1120);
  const h743 = { chip: 'stm32h743' };
  const forH743 = (name: string, fault: FaultCode, areas: Map<number, CborInput>[]) =>
    headerCase(
      name,
      fault,
      (p) => {
        p.core
          .set(3, ['stm32h743'])
          .set(6, areas)
          .set(8, areas[0]!.get(1) as number);
        p.payload.set(
          2,
          areas.map(() => hash),
        );
      },
      h743,
    );
  return [
    headerCase('package for the other chip', 'manifest-chip-wrong', () => undefined, h743),
    headerCase(
      'package for chips that nobody has',
      'manifest-chip-wrong',
      (p) => void p.core.set(3, ['stm32f4', 'STM32F427']),
    ),
    outside('area over the code of the agent', [fw(0x08010000, 32)]),
    outside('area over the journal', [fw(0x08008000, 32)]),
    outside('area over the anchor', [fw(0x08000000, 32)]),
    outside('area over the second slot of the agent', [fw(0x08020000, 32)]),
    outside('area at address 0', [fw(0, 32)]),
    outside('area in working memory', [fw(0x20000000, 32)]),
    outside('area over option bytes', [good, fw(0x1fffc000, 32)]),
    outside('area across the end of its slot', [fw(0x081c0000, 0x40000)]),
    outside('area across the end of the flash', [fw(0x081fff80, 256)]),
    outside('area up to 2^32', [good, fw(0xffffffe0, 32)]),
    forH743('area over the anchor at the end of flash', 'area-outside-application', [fw(0x081e0000, 32)]),
    forH743('areas in one sector of 128 KiB', 'area-overlap', [fw(0x08000000, 32), fw(0x0801ffe0, 32)]),
    withAreas('areas that touch in a sector', 'area-overlap', [fw(0x08040000, 64), fw(0x08040040, 64)]),
    withAreas('areas in one sector', 'area-overlap', [fw(0x08100000, 64), fw(0x08103fe0, 32)]),
    headerCase(
      'generated keys on a chip without a random generator',
      'area-kind-unsupported',
      (p) => {
        p.core
          .set(3, ['stm32g0b1'])
          .set(6, [fw(0x0802d000, 32), area(2, 0x08038000, 32, 1)])
          .set(8, 0x0802d000);
        p.payload.set(2, [hash, null]);
        return undefined;
      },
      { chip: 'stm32g0b1' },
    ),
    headerCase('agent too old', 'agent-too-old', (p) => void p.core.set(12, 2)),
    headerCase('counter rolled back', 'counter-rolled-back', () => undefined, {
      state: { securityCounter: 6 },
    }),
    headerCase('agent too old, and counter rolled back', 'agent-too-old', (p) => void p.core.set(12, 2), {
      state: { securityCounter: 6 },
    }),
  ];
}

function policyCases(): Promise<PackageCase>[] {
  const asks = (
    name: string,
    fault: FaultCode,
    value: CborInput,
    context: Partial<PackageCase> = {},
    level = 2,
  ) => headerCase(name, fault, (p) => void p.core.set(9, value).set(10, level), context);
  const level1 = { state: { readoutLevel: 1 as const, optionBytes: optionBytesAt('stm32f427', 0xbb) } };
  const level0 = { state: { readoutLevel: 0 as const, optionBytes: optionBytesAt('stm32f427', 0xaa) } };
  const sector0 = 1 << 16;
  const withLevelKey = { state: { levelKey: true } };
  /** Write protection of the anchor's sector stands; on this chip two registers can be asked for. */
  const h743State = {
    chip: 'stm32h743',
    state: {
      optionBytes: optionBytesAt('stm32h743', 0xcc).map(({ register, value }) => ({
        ...{ register, value: register === 6 ? (value & ~0x80) >>> 0 : value },
      })),
    },
  };
  const forH743 = (name: string, fault: FaultCode, value: CborInput) =>
    headerCase(
      name,
      fault,
      (p) => {
        p.core
          .set(3, ['stm32h743'])
          .set(6, [fw(0x08000000, 32)])
          .set(8, 0x08000000)
          .set(9, value);
        p.payload.set(2, [hash]);
      },
      h743State,
    );
  const setOnly = (name: string, fault: FaultCode, value: number, present: number) =>
    headerCase(
      name,
      fault,
      (p) => {
        p.core
          .set(3, [inventedChip.id])
          .set(9, [[0, 0x20, value]])
          .set(10, 1);
      },
      {
        chip: inventedChip.id,
        state: {
          readoutLevel: 1 as const,
          optionBytes: optionBytesAt('stm32f427', 0xbb).map(({ register, value: all }) => ({
            ...{ register, value: register === 0 ? ((all & ~0x20) | present) >>> 0 : all },
          })),
        },
      },
    );
  const protectedSector = {
    state: { readoutLevel: 1 as const, optionBytes: optionBytesAt('stm32f427', 0xbb, { nWRP0_11: 0xffe }) },
  };
  return [
    asks('register that does not exist', 'policy-field-unknown', [[9, 1, 0]]),
    asks('bit that is no option byte', 'policy-field-unknown', [[0, 1, 0]]),
    asks('boot bank, which no policy may set', 'policy-field-unknown', [[0, 0x10, 0]]),
    asks('write protection of the application', 'policy-field-unknown', [[0, 1 << 22, 0]]),
    asks('write protection of the agent', 'policy-field-unknown', [[0, 1 << 20, 0]]),
    asks('half of the readout byte', 'policy-field-unknown', [[0, 0x0f00, 0x0c00]]),
    asks('unknown field, at too low a level', 'policy-field-unknown', [[9, 1, 0]], level1),
    asks('chip at level 1, package for level 2', 'readout-level-too-low', [], level1),
    asks('level 2 that a key can take back', 'readout-level-too-low', [], withLevelKey),
    asks(
      'package that raises the level to its own least',
      'readout-level-too-low',
      [[0, 0xff00, 0xcc00]],
      level1,
    ),
    forH743('locked in one register, weakened in a later one', 'policy-not-stronger', [
      [0, 0x40, 0],
      [6, 0x80, 0x80],
    ]),
    forH743('neutral bit that differs at level 2', 'policy-locked', [[0, 0x40, 0]]),
    setOnly('bit that can only be set, asked to be cleared', 'policy-not-stronger', 0, 0x20),
    asks('chip at level 0, package for level 1', 'readout-level-too-low', [], level0, 1),
    asks('readout level 1 asked of a chip at level 2', 'policy-not-stronger', [[0, 0xff00, 0xbb00]]),
    asks(
      'readout level 0 asked of a chip at level 1',
      'policy-not-stronger',
      [[0, 0xff00, 0xaa00]],
      level1,
      1,
    ),
    asks('write protection taken away', 'policy-not-stronger', [[0, sector0, sector0]], protectedSector, 1),
    asks('weaker and different at level 2', 'policy-not-stronger', [[0, 0xff40, 0xbb00]]),
    asks('reset in stop mode asked for at level 2', 'policy-locked', [[0, 0x40, 0]]),
    asks('brown-out level', 'policy-field-unknown', [[0, 0xc, 0]]),
    asks('write protection added at level 2', 'policy-locked', [[0, sector0, 0]]),
  ];
}

/** Steps 6 to 10, in the order of the checks. */
export function areaCases(): Promise<PackageCase[]> {
  return Promise.all([...shapeCases(), ...agreementCases(), ...chipCases(), ...policyCases()]);
}

/** Faults of several steps at once: the earliest is the outcome. */
export function orderCases(): Promise<PackageCase[]> {
  return Promise.all([
    headerCase('area outside the application, in a package for another chip', 'manifest-chip-wrong', (p) => {
      p.core
        .set(3, ['other'])
        .set(6, [fw(0x08010000, 32)])
        .set(8, 0x08010000);
      p.payload.set(2, [hash]);
    }),
    headerCase(
      'everything of a chip wrong',
      'area-outside-application',
      (p) => {
        p.core
          .set(6, [fw(0x08010000, 32)])
          .set(8, 0x08010000)
          .set(9, [[9, 1, 0]])
          .set(12, 2);
        p.payload.set(2, [hash]);
      },
      { state: { ...defaultState('stm32f427'), securityCounter: 9, readoutLevel: 0 } },
    ),
  ]);
}
