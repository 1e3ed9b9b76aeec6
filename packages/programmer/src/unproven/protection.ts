// The option bytes that a package asks for, on a chip without agent, and what the chip shows of them
// afterwards. There is nobody in the chip to ask, so only what can be read from outside is said.

import { accessLevel, type Chip, type OptionValues, optionField, policyBits } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type OptionValue, type ReadoutLevel, readoutLevels } from '@firmseal/formats';
import type { ChipProgrammer, OptionSetting } from '@firmseal/programming';
import type { Manifest } from '@firmseal/seal';
import { type ProtectionFound, stationProtection } from '@firmseal/station';

/** The fields that differ from what the package and the catalogue ask; a level is only ever raised. */
export function protectionSettings(
  chip: Chip,
  { core }: Pick<Manifest, 'core'>,
  found: OptionValues,
): OptionSetting[] {
  const wanted = new Map(found);
  for (const { register, mask, value } of core.optionBytes) {
    const bits = mask & ~policyBits(chip, register).readout;
    const before = found.get(register) ?? 0;
    wanted.set(register, ((before & ~bits) | (value & bits)) >>> 0);
  }
  const { field: readout, level0, level1, level2 } = chip.readoutProtection;
  const settings: OptionSetting[] = [];
  for (const { id, fields } of chip.options.registers) {
    if (!wanted.has(id)) continue;
    for (const { name } of fields) {
      const value = optionField(chip, wanted, name);
      const isAsked = core.optionBytes.some(({ register }) => register === id);
      const differs = !found.has(id) || optionField(chip, found, name) !== value;
      if (name !== readout && isAsked && differs) settings.push({ field: name, value });
    }
  }
  const asked = stationProtection(chip, core);
  if (asked > accessLevel(chip, found))
    settings.push({ field: readout, value: [level0, level1, level2][asked]! });
  return settings;
}

const isLevel = (value: number): value is ReadoutLevel => readoutLevels.some((level) => level === value);

/** What the chip shows; option bytes that it refuses to show are left out. */
export async function findProtection(programmer: ChipProgrammer): Promise<ProtectionFound> {
  const { readProtected } = await programmer.identify();
  const access = readProtected ? 'refused' : 'open';
  let values: OptionValues;
  try {
    values = await programmer.readOptions();
  } catch (error) {
    if (!(error instanceof Fault) || !readProtected) throw error;
    return { access, optionBytes: [] };
  }
  const level = accessLevel(programmer.chip, values);
  const optionBytes: OptionValue[] = [...values]
    .map(([register, value]) => ({ register, value: value >>> 0 }))
    .sort((a, b) => a.register - b.register)
    .slice(0, 32);
  return { access, ...(isLevel(level) ? { readoutLevel: level } : {}), optionBytes };
}
