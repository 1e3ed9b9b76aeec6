// The option bytes with which personalization ends (spec/device.md, spec/link.md): what holds the agent and
// its identity is write-protected, the chip boots into the agent, and readout protection stands.

import { bootOptions } from './boot-options.ts';
import type { Chip } from './chip.ts';
import { eraseUnitsOf } from './erase-units.ts';
import { fieldMask, findOptionField } from './option-values.ts';
import type { OptionRequirement, ReadoutLevel } from './protection.ts';
import type { Range } from './range.ts';
import { writeProtecting } from './write-protect.ts';

/** Erase units of the agent without those that the identity is still to be written into. */
function agentAlone(chip: Chip): Range[] {
  const { agent, identity } = chip.layout;
  const later = new Set(eraseUnitsOf(chip, identity).map(({ index }) => index));
  return agent
    .flatMap((range) => eraseUnitsOf(chip, range))
    .filter(({ index }) => !later.has(index))
    .map(({ addressStart, sizeBytes }) => ({ addressStart, length: sizeBytes }));
}

/**
 * The final option bytes for that readout level, in ascending register. At level 0 a high BOOT0 pin goes on
 * leading into the ROM bootloader: whoever programmed through it can come back. `identityComesLater`: its
 * erase units are left writable, on some chips that of the agent with them.
 */
export function finalOptions(
  chip: Chip,
  level: ReadoutLevel,
  { identityComesLater = false }: { readonly identityComesLater?: boolean } = {},
): readonly OptionRequirement[] {
  const wanted = new Map<number, { mask: number; value: number }>();
  const want = (register: number, mask: number, value: number) => {
    const before = wanted.get(register) ?? { mask: 0, value: 0 };
    wanted.set(register, { mask: (before.mask | mask) >>> 0, value: (before.value | value) >>> 0 });
  };
  const wantField = (name: string, value: number) => {
    const field = findOptionField(chip, name);
    want(field.register, fieldMask(field), (value << field.lsb) >>> 0);
  };
  const { readoutProtection, layout } = chip;
  const levels = [readoutProtection.level0, readoutProtection.level1, readoutProtection.level2] as const;
  wantField(readoutProtection.field, levels[level]);
  for (const { register, mask, value } of bootOptions(chip, { keepsRom: level === 0 }))
    want(register, mask, value);
  const kept = identityComesLater ? agentAlone(chip) : [...layout.agent, layout.identity];
  for (const { register, mask, value } of writeProtecting(chip, kept)) want(register, mask, value);
  return [...wanted]
    .sort(([a], [b]) => a - b)
    .map(([register, { mask, value }]) => ({ register, mask, value }));
}
