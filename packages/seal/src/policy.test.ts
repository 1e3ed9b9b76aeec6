import { type Chip, findChip } from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { faultCode } from '../test/small-package.ts';
import {
  checkPolicy,
  type PolicyFields,
  policyForChips,
  policyRequirements,
  protectedReadoutLevel,
} from './policy.ts';

const f427 = findChip('stm32f427');
const h743 = findChip('stm32h743');

describe('named option bytes', () => {
  it('become one requirement a register', () => {
    expect(policyRequirements(f427, { nRST_STDBY: 0, WDG_SW: 1 })).toEqual([
      { register: 0, mask: 0xa0, value: 0x20 },
    ]);
    expect(policyRequirements(h743, { IWDG1_SW: 1 })).toEqual([{ register: 0, mask: 0x10, value: 0x10 }]);
  });

  it('take readout protection as a level or as its byte', () => {
    const level2 = [{ register: 0, mask: 0xff00, value: 0xcc00 }];
    expect(policyRequirements(f427, { RDP: 2 })).toEqual(level2);
    expect(policyRequirements(f427, { RDP: 0xcc })).toEqual(level2);
    expect(policyRequirements(f427, { RDP: 1 })).toEqual([{ register: 0, mask: 0xff00, value: 0xbb00 }]);
  });

  it('ask for write protection bit by bit, of what an install never writes', () => {
    // Sector 0 is the anchor's: bit 16 of OPTCR.
    expect(policyRequirements(f427, { nWRP0_11: 0xffe })).toEqual([{ register: 0, mask: 1 << 16, value: 0 }]);
  });

  const refused: [string, PolicyFields, string][] = [
    ['a field that does not exist', { BOR: 1 }, 'option-field-unknown'],
    ['a value that does not fit', { nRST_STOP: 2 }, 'policy-value-refused'],
    ['a fraction', { nRST_STOP: 0.5 }, 'policy-value-refused'],
    ['a fall of readout protection', { RDP: 0 }, 'policy-field-refused'],
    ['a fall of readout protection as a byte', { RDP: 0xaa }, 'policy-field-refused'],
    ['a state that does not exist', { RDP: -1 }, 'policy-value-refused'],
    ['a field that no policy may set', { BFB2: 1 }, 'policy-field-refused'],
    ['a supply that the board may not have', { BOR_LEV: 0 }, 'policy-field-refused'],
    ['write protection of the agent', { nWRP0_11: 0xfff & ~(1 << 4) }, 'policy-field-refused'],
    ['write protection of the application', { nWRP0_11: 0xfff & ~(1 << 6) }, 'policy-field-refused'],
    ['no write protection at all', { nWRP0_11: 0xfff }, 'policy-field-refused'],
  ];
  for (const [what, fields, code] of refused)
    it(`refuse ${what}`, async () => {
      expect(await faultCode(() => policyRequirements(f427, fields))).toBe(code);
    });

  it('count a product state as the level that the catalogue gives it', async () => {
    const h563 = findChip('stm32h563');
    const { level1 } = h563.readoutProtection;
    const [asked] = policyRequirements(h563, { PRODUCT_STATE: 1 });
    expect(asked!.value >>> 8).toBe(level1);
    // Provisioning is a state that protects nothing.
    expect(await faultCode(() => policyRequirements(h563, { PRODUCT_STATE: 0x17 }))).toBe(
      'policy-field-refused',
    );
  });

  it('must mean the same on every chip of a package', async () => {
    const [f405, l476] = [findChip('stm32f405'), findChip('stm32l476')];
    expect(policyForChips([f427, f405], { WDG_SW: 0 })).toEqual(policyRequirements(f405, { WDG_SW: 0 }));
    expect(await faultCode(() => policyForChips([f427, l476], { nRST_STOP: 0 }))).toBe('policy-chips-differ');
    expect(await faultCode(() => policyForChips([f427, h743], { WDG_SW: 1 }))).toBe('option-field-unknown');
  });
});

describe('what needs the owner to say so', () => {
  const level2 = policyRequirements(f427, { RDP: 2 });
  const check = (leastReadoutLevel: 0 | 1 | 2, optionBytes = [] as typeof level2, consent = {}) =>
    faultCode(() => checkPolicy({ leastReadoutLevel, optionBytes }, [f427], consent));

  it('is nothing at the level of the tier', async () => {
    expect(await check(protectedReadoutLevel([f427]))).toBe(undefined);
  });
  it('is an open chip, by --allow-open alone', async () => {
    expect(await check(0)).toBe('policy-leaves-chip-open');
    expect(await check(0, [], { allowUnprotected: true, allowIrreversible: true })).toBe(
      'policy-leaves-chip-open',
    );
    expect(await check(0, [], { allowOpen: true })).toBe(undefined);
  });
  it('is a level below the tier, by --allow-unprotected alone', async () => {
    expect(await check(1)).toBe('policy-unprotected');
    expect(await check(1, [], { allowOpen: true })).toBe('policy-unprotected');
    expect(await check(1, [], { allowUnprotected: true })).toBe(undefined);
  });
  it('is a level for repair, by --allow-repairable or --allow-unprotected, on chips that have such a tier', async () => {
    const at1 = (chip: Chip, consent = {}) =>
      faultCode(() => checkPolicy({ leastReadoutLevel: 1, optionBytes: [] }, [chip], consent));
    for (const id of ['stm32h743', 'stm32g0b1', 'stm32u575']) {
      expect(await at1(findChip(id))).toBe('policy-repairable');
      expect(await at1(findChip(id), { allowRepairable: true })).toBe(undefined);
      expect(await at1(findChip(id), { allowUnprotected: true })).toBe(undefined);
    }
    for (const id of ['stm32f427', 'stm32f405', 'stm32l476'])
      expect(await at1(findChip(id), { allowRepairable: true })).toBe('policy-unprotected');
  });
  it('is level 2 set by an install, by --allow-irreversible alone', async () => {
    expect(await check(2, level2)).toBe('policy-irreversible');
    expect(await check(2, level2, { allowOpen: true, allowUnprotected: true })).toBe('policy-irreversible');
    expect(await check(2, level2, { allowIrreversible: true })).toBe(undefined);
  });
  it('has its flag in the remedy', () => {
    for (const [level, optionBytes, flag] of [
      [0, [], '--allow-open'],
      [1, [], '--allow-unprotected'],
      [2, level2, '--allow-irreversible'],
    ] as const)
      expect(() => checkPolicy({ leastReadoutLevel: level, optionBytes }, [f427])).toThrow(
        expect.objectContaining({ remedy: expect.stringContaining(flag) }),
      );
  });
});
