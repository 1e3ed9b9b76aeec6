import { defaultOptionValues, findChip, withOptionField } from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { faultCode, sealSmall, smallAreas, smallCore } from '../test/small-package.ts';
import { type ChipState, checkForChip } from './check-chip.ts';
import type { ManifestCore } from './core.ts';
import type { Manifest } from './manifest.ts';

const chip = findChip('stm32f427');
const base = (await sealSmall()).manifest;

const withCore = (change: Partial<ManifestCore>): Manifest => ({
  ...base,
  core: { ...base.core, ...change },
});
const optionBytes = (rdp: number) =>
  [...withOptionField(chip, defaultOptionValues(chip), { name: 'RDP', value: rdp })].map(
    ([register, value]) => ({
      register,
      value,
    }),
  );
const state: ChipState = {
  agentVersion: 1,
  securityCounter: 5,
  readoutLevel: 2,
  levelKey: false,
  optionBytes: optionBytes(0xcc),
};
const atLevel1: ChipState = { ...state, readoutLevel: 1, optionBytes: optionBytes(0xbb) };
const firmware = (address: number, lengthBytes: number) => ({
  kind: 'firmware' as const,
  address,
  lengthBytes,
});
const noRandom = { ...chip, hasRandomGenerator: false };
const rdp = (value: number) => [{ register: 0, mask: 0xff00, value: value << 8 }];

describe('the checks of a chip', () => {
  it('accept what was sealed for it', () => {
    checkForChip(base, chip);
    checkForChip(base, chip, state);
  });

  const cases: [string, string | undefined, Manifest, ChipState?, typeof chip?][] = [
    ['another chip', 'manifest-chip-wrong', base, state, findChip('stm32h743')],
    ['an area over the agent', 'area-outside-application', withCore({ areas: [firmware(0x08010000, 32)] })],
    [
      'an area across the end of its slot',
      'area-outside-application',
      withCore({ areas: [firmware(0x081c0000, 0x40000)] }),
    ],
    ['an area past the flash', 'area-outside-application', withCore({ areas: [firmware(0x081fffe0, 64)] })],
    [
      'two areas in an erase unit',
      'area-overlap',
      withCore({ areas: [firmware(0x08040000, 32), firmware(0x0805ffe0, 32)] }),
    ],
    [
      'generated keys without a random generator',
      'area-kind-unsupported',
      withCore({ areas: [{ ...firmware(0x08040000, 32), kind: 'generated-keys', onUpdate: 'keep' }] }),
      state,
      noRandom,
    ],
    ['an agent that is too old', 'agent-too-old', withCore({ leastAgentVersion: 2 }), state],
    ['a lower counter', 'counter-rolled-back', base, { ...state, securityCounter: 6 }],
    ['an equal counter', undefined, base, state],
    [
      'a counter a thousand higher, after years offline',
      undefined,
      withCore({ securityCounter: 1005 }),
      state,
    ],
    [
      'a bit that no policy may set',
      'policy-field-unknown',
      withCore({ optionBytes: [{ register: 0, mask: 0x10, value: 0 }] }),
    ],
    [
      'a register that does not exist',
      'policy-field-unknown',
      withCore({ optionBytes: [{ register: 9, mask: 1, value: 0 }] }),
    ],
    [
      'a part of the readout byte',
      'policy-field-unknown',
      withCore({ optionBytes: [{ register: 0, mask: 0x0f00, value: 0x0c00 }] }),
    ],
    ['a chip at level 1', 'readout-level-too-low', base, atLevel1],
    [
      'level 2 that somebody’s key can take back',
      'readout-level-too-low',
      base,
      { ...state, levelKey: true },
    ],
    [
      'level 1 with such a key, where level 1 is asked for',
      undefined,
      withCore({ leastReadoutLevel: 1 }),
      { ...state, levelKey: true },
    ],
    ['a fall from level 2', 'policy-not-stronger', withCore({ optionBytes: rdp(0x55) }), state],
    [
      'a neutral bit at level 2',
      'policy-locked',
      withCore({ optionBytes: [{ register: 0, mask: 0xc0, value: 0 }] }),
      state,
    ],
    [
      'a bit that stands already',
      undefined,
      withCore({ optionBytes: [{ register: 0, mask: 0xc0, value: 0xc0 }] }),
      state,
    ],
    [
      'a neutral bit at level 1',
      undefined,
      withCore({ leastReadoutLevel: 1, optionBytes: [{ register: 0, mask: 0xc0, value: 0 }] }),
      atLevel1,
    ],
    [
      'another byte of the same level',
      undefined,
      withCore({ leastReadoutLevel: 1, optionBytes: rdp(0x55) }),
      atLevel1,
    ],
    ['a rise to level 2', undefined, withCore({ leastReadoutLevel: 1, optionBytes: rdp(0xcc) }), atLevel1],
    [
      'write protection taken away',
      'policy-not-stronger',
      withCore({ leastReadoutLevel: 1, optionBytes: [{ register: 0, mask: 1 << 16, value: 1 << 16 }] }),
      {
        ...atLevel1,
        optionBytes: atLevel1.optionBytes.map((o) => ({
          ...o,
          value: o.register === 0 ? o.value & ~(1 << 16) : o.value,
        })),
      },
    ],
  ];
  for (const [what, code, manifest, at, other] of cases)
    it(`${code ? 'refuse' : 'accept'} ${what}`, async () => {
      expect(await faultCode(() => checkForChip(manifest, other ?? chip, at))).toBe(code);
    });

  it('are met in their order', async () => {
    const areas = [firmware(0x08010000, 32)];
    const worst = { ...state, agentVersion: 0, readoutLevel: 0 as const };
    const all = withCore({ areas, chips: ['other'], optionBytes: [{ register: 9, mask: 1, value: 0 }] });
    const order: string[] = [];
    const steps: Partial<ManifestCore>[] = [
      {},
      { chips: smallCore.chips },
      { areas: smallAreas.map(({ area }) => area) },
      { leastAgentVersion: 0 },
      { optionBytes: [] },
    ];
    let now = all;
    for (const step of steps) {
      now = { ...now, core: { ...now.core, ...step } };
      order.push(String(await faultCode(() => checkForChip(now, chip, worst))));
    }
    expect(order).toEqual([
      'manifest-chip-wrong',
      'area-outside-application',
      'agent-too-old',
      'policy-field-unknown',
      'readout-level-too-low',
    ]);
  });
});
