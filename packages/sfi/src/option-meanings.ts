// What an option-byte file will do to a chip: its registers by name, their fields as far as the chip
// catalogue or a public document names them, and the sentences that an owner should read before a build.

import { findChip, type OptionRegister } from '@firmseal/chips';
import { type FamilyId, findFamily, lifeState, type SfiFamily } from './families.ts';
import type { OptionRow } from './option-csv.ts';

export interface MeantField {
  readonly name: string;
  readonly value: number;
  readonly meaning?: string;
}

export interface MeantRegister extends OptionRow {
  /** Empty where no public document says what the register holds. */
  readonly fields: readonly MeantField[];
}

export interface Effect {
  readonly weight: 'note' | 'danger';
  readonly says: string;
}

export interface OptionMeanings {
  /** Families that the names of the rows fit. */
  readonly families: readonly FamilyId[];
  readonly registers: readonly MeantRegister[];
  readonly effects: readonly Effect[];
  /** What could not be told, and why. */
  readonly gaps: readonly string[];
}

/** `FLASH_OPTSR_PRG`, `FOPTSR_PRG` and `OPTSR` are one register: the part of the name that says which. */
export function registerKey(name: string): string {
  return name
    .toUpperCase()
    .replace(/^FLASH_/, '')
    .replace(/^F(?=OPTSR|PRAR|SCAR|WPSN|BOOT)/, '')
    .replace(/_(?:PRG|CUR)/, '')
    .replace(/_A$/, '1')
    .replace(/_B$/, '2')
    .replaceAll('_', '')
    .replace(/^BOOT7R?$/, 'BOOT')
    .replace(/R$/, '');
}

const registersOf: Partial<Record<FamilyId, string>> = { h5: 'stm32h563', h7: 'stm32h743', u5: 'stm32u575' };

function catalogueRegister(family: FamilyId, key: string): OptionRegister | undefined {
  const chip = registersOf[family];
  if (chip === undefined) return undefined;
  return findChip(chip).options.registers.find(({ name }) => registerKey(name) === key);
}

const trustZoneFamilies: readonly FamilyId[] = ['u5', 'l5', 'u3', 'wba'];

/** The families whose registers have such names. */
function familiesOf(rows: readonly OptionRow[]): FamilyId[] {
  const keys = new Set(rows.map(({ name }) => registerKey(name)));
  if (rows.some(({ name }) => /^F(?:OPTSR|PRAR|SCAR|WPSN|BOOT)/i.test(name))) return ['h7'];
  if ([...keys].some((key) => /^(?:NVS|ROTS|OBW[12]S|OTPLS)$/.test(key))) return ['h7rs'];
  if (keys.has('OPTSR2') || keys.has('NSBOOT') || keys.has('SECBOOT')) return ['h5'];
  if (keys.has('OPTS')) {
    const states = findFamily('h5').states.map(({ value }) => value);
    const value = rows.find(({ name }) => registerKey(name) === 'OPTS')!.value;
    return states.includes((value >>> 8) & 0xff) ? ['h5'] : ['h7'];
  }
  if ([...keys].some((key) => /^(?:SECWM|NSBOOTADD|SECBOOTADD)/.test(key))) return [...trustZoneFamilies];
  return keys.has('OPT') ? [...trustZoneFamilies, 'l4', 'wl5'] : [];
}

const bits = (value: number, { lsb, msb }: { lsb: number; msb: number }): number =>
  Math.floor(value / 2 ** lsb) % 2 ** (msb - lsb + 1);

function fieldsOf(family: SfiFamily, key: string, value: number): MeantField[] {
  const known = catalogueRegister(family.id, key);
  if (known !== undefined)
    return known.fields.map(({ name, lsb, msb, values }) => {
      const found = bits(value, { lsb, msb });
      const meaning = values[String(found)] ?? values['other'];
      return { name, value: found, ...(meaning === undefined ? {} : { meaning }) };
    });
  const { name, lsb } = family.stateRegister;
  if (key !== name) return [];
  const field = family.id === 'h7rs' ? 'NVSTATE' : family.stateField;
  const state: MeantField = { name: field, value: bits(value, { lsb, msb: lsb + 7 }) };
  return trustZoneFamilies.includes(family.id)
    ? [state, { name: 'TZEN', value: bits(value, { lsb: 31, msb: 31 }) }]
    : [state];
}

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

function stateEffects(family: SfiFamily, field: MeantField): Effect[] {
  const { name, value } = field;
  if (name === 'NVSTATE')
    return [
      value === 0xb4
        ? { weight: 'note', says: 'leaves NVSTATE at 0xB4, open' }
        : { weight: 'danger', says: `sets NVSTATE to ${hex(value)}; 0x51 is closed` },
    ];
  const state = lifeState(family, value);
  const danger = (says: string): Effect => ({ weight: 'danger', says });
  if (state === undefined) return [danger(`sets ${name} to ${hex(value)}, which is no state that is public`)];
  const effects: Effect[] = [];
  const is = `sets ${name} to ${hex(value)}, ${state.name}`;
  if (state.wayBack === undefined && state.allows !== 'everything')
    effects.push(danger(`${is}: cannot be undone`));
  else if (state.allows === 'everything')
    effects.push(danger(`leaves ${name} at ${hex(value)}, ${state.name}: the chip can be read out`));
  else effects.push({ weight: 'note', says: `${is}; way back: ${state.wayBack}; erases ${state.lost}` });
  if (name === 'PRODUCT_STATE' && value === 0x17)
    effects.push(danger('leaves PRODUCT_STATE at 0x17, provisioning: your code does not run in it'));
  if (state.needsDebugAuthentication === true)
    effects.push(
      danger('only debug authentication opens the chip again: the image must bring its data along'),
    );
  return effects;
}

function fieldEffects(family: SfiFamily, field: MeantField): Effect[] {
  const { name, value } = field;
  if (name === family.stateField || name === 'NVSTATE') return stateEffects(family, field);
  if (name === 'TZEN') {
    const on = family.id === 'h5' ? value === 0xb4 : value === 1;
    if (on) return [{ weight: 'note', says: 'turns TrustZone on (TZEN)' }];
    return family.turnsTrustZoneOn
      ? [{ weight: 'danger', says: "asks for TZEN off, and ST's installer turns TrustZone on by itself" }]
      : [{ weight: 'note', says: 'leaves TrustZone off (TZEN)' }];
  }
  if (name === 'SECURITY')
    return value === 1 ? [{ weight: 'note', says: "sets SECURITY: the chip boots through ST's ROM" }] : [];
  if (/^(?:NSBOOT_LOCK|SECBOOT_LOCK|BOOT_LOCK)$/.test(name) && (value === 0xb4 || value === 1))
    return [{ weight: 'danger', says: `sets ${name}: the boot address stays as it is` }];
  return [];
}

/** Password with TrustZone off, certificate with TrustZone on: mixed, the chip can be lost (AN6008). */
function pairEffects(family: SfiFamily, fields: readonly MeantField[]): Effect[] {
  if (family.id !== 'h5') return [];
  const value = (name: string) => fields.find((field) => field.name === name)?.value;
  const closes = [0x2e, 0xc6, 0x72].includes(value('PRODUCT_STATE') ?? -1);
  if (!closes || value('TZEN') === undefined) return [];
  const kind = value('TZEN') === 0xb4 ? 'a certificate' : 'a password';
  return [
    {
      weight: 'danger',
      says: `with this TZEN debug authentication must be by ${kind}; with the other kind the chip can be lost`,
    },
  ];
}

/**
 * What the rows do. `part` narrows the family down where their names fit several. Registers that no public
 * document explains stay without fields.
 */
export function meanOptions(rows: readonly OptionRow[], chosen?: SfiFamily): OptionMeanings {
  const families = familiesOf(rows);
  const gaps: string[] = [];
  if (chosen !== undefined && families.length > 0 && !families.includes(chosen.id))
    gaps.push(
      `the names of the rows fit ${families.map((id) => findFamily(id).name).join(', ')}, not ${chosen.name}`,
    );
  const family = chosen ?? (families[0] === undefined ? undefined : findFamily(families[0]));
  if (family === undefined) {
    gaps.push('no family is known whose registers have such names: values are shown, not explained');
    return { families, gaps, effects: [], registers: rows.map((row) => ({ ...row, fields: [] })) };
  }
  const one = chosen ?? (families.length === 1 ? family : undefined);
  if (one === undefined)
    gaps.push(`the rows fit ${families.map((id) => findFamily(id).name).join(', ')}; name the part for more`);
  const registers = rows.map((row) => {
    const fields = fieldsOf(family, registerKey(row.name), row.value);
    // Fields that only one family is known to have are not told of another.
    const shared =
      one === undefined ? fields.filter(({ name }) => name === 'RDP' || name === 'TZEN') : fields;
    return { ...row, fields: shared };
  });
  if (family.id === 'h7') gaps.push('fields are those of H74x and H75x; other H7 differ in some');
  const fields = registers.flatMap((register) => register.fields);
  const effects = [...fields.flatMap((field) => fieldEffects(family, field)), ...pairEffects(family, fields)];
  if (family.turnsTrustZoneOn && !fields.some(({ name }) => name === 'TZEN'))
    effects.push({ weight: 'danger', says: "ST's installer turns TrustZone on by itself" });
  return { families, registers, effects, gaps };
}
