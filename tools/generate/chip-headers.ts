// Generates, from the chip catalogue, the constants that the agent's C port includes:
// device/agent/port/<id>/fs_chip.h. Run `npm run generate` after changing a catalogue file; a test compares
// the files in the tree with this output. Lists are X-macros, so that the core decides on types.

import {
  type Chip,
  chipIds,
  type EraseUnit,
  fieldMask,
  findChip,
  findOptionField,
  policyBits,
} from '@firmseal/chips';

const hex = (value: number) => `0x${(value >>> 0).toString(16).toUpperCase().padStart(8, '0')}u`;
const decimal = (value: number) => `${value}u`;

function define(name: string, value: string, comment = ''): string {
  const head = `#define ${name} `.padEnd(44);
  return comment === '' ? `${head}${value}` : `${head}${value} /* ${comment} */`;
}

function list(name: string, columns: string, rows: readonly string[]): string[] {
  const lines = rows.map((row, i) => `  X(${row})${i < rows.length - 1 ? ' \\' : ''}`);
  return ['', `/* ${columns} */`, `#define ${name}(X) \\`, ...lines];
}

function writing({ write, flash }: Chip): string[] {
  return [
    define('FS_FLASH_START', hex(flash.addressStart)),
    define('FS_FLASH_SIZE_BYTES', decimal(flash.sizeBytes)),
    define('FS_WRITE_UNIT_BYTES', decimal(write.unitBytes)),
    define('FS_CHUNK_ALIGNMENT_BYTES', decimal(write.chunkAlignmentBytes)),
    define('FS_ECC_GRANULE_BYTES', decimal(write.eccGranuleBytes), '0: no error correcting code'),
    define('FS_ERASE_UNIT_COUNT', decimal(flash.eraseUnits.length)),
    define('FS_ERASE_UNIT_MAX_BYTES', decimal(Math.max(...flash.eraseUnits.map((unit) => unit.sizeBytes)))),
  ];
}

function places({ layout }: Chip): string[] {
  const lines = layout.agent.flatMap(({ addressStart, length, meaning }, i) => [
    define(`FS_AGENT_${i}_START`, hex(addressStart), meaning),
    define(`FS_AGENT_${i}_LENGTH`, decimal(length)),
  ]);
  lines.unshift(define('FS_AGENT_RANGE_COUNT', decimal(layout.agent.length)));
  lines.push(define('FS_IDENTITY_START', hex(layout.identity.addressStart)));
  lines.push(define('FS_IDENTITY_LENGTH', decimal(layout.identity.length)));
  layout.journal.forEach((unit, i) => {
    lines.push(define(`FS_JOURNAL_${i}_START`, hex(unit.addressStart)));
    lines.push(define(`FS_JOURNAL_${i}_LENGTH`, decimal(unit.sizeBytes)));
    const [first] = unit.eraseUnits;
    lines.push(define(`FS_JOURNAL_${i}_UNIT`, decimal(first?.index ?? 0), 'index among the erase units'));
    lines.push(define(`FS_JOURNAL_${i}_UNIT_COUNT`, decimal(unit.eraseUnits.length)));
  });
  lines.push(define('FS_APP_SLOT_COUNT', decimal(layout.slots.length)));
  lines.push(define('FS_PROGRESS_STRIDE_BYTES', decimal(layout.progressStrideBytes)));
  return lines;
}

function protection(chip: Chip): string[] {
  const { readoutProtection, options, tier } = chip;
  const field = findOptionField(chip, readoutProtection.field);
  return [
    define('FS_OPTION_REGISTER_COUNT', decimal(options.registers.length)),
    define('FS_RDP_REGISTER', decimal(field.register)),
    define('FS_RDP_SHIFT', decimal(field.lsb)),
    define('FS_RDP_MASK', hex(fieldMask(field))),
    define('FS_RDP_LEVEL_0', hex(readoutProtection.level0)),
    define('FS_RDP_LEVEL_1', hex(readoutProtection.level1), 'as written; any other value means level 1 too'),
    define('FS_RDP_LEVEL_2', hex(readoutProtection.level2)),
    define('FS_TIER_B_READOUT_LEVEL', decimal(tier.readoutLevel)),
  ];
}

function identity(chip: Chip): string[] {
  const { deviceIdRegister, deviceId, uniqueIdAddress, uniqueIdLength } = chip.identity;
  return [
    define('FS_CHIP_ID', `"${chip.id}"`),
    define('FS_CHIP_NUMBER', decimal(chip.number)),
    define('FS_DEVICE_ID_REGISTER', hex(deviceIdRegister)),
    define('FS_DEVICE_ID', hex(deviceId), 'low 12 bits of the register'),
    define('FS_UNIQUE_ID_ADDRESS', hex(uniqueIdAddress)),
    define('FS_UNIQUE_ID_LENGTH', decimal(uniqueIdLength)),
    define('FS_HAS_RANDOM_GENERATOR', chip.hasRandomGenerator ? '1' : '0'),
  ];
}

/**
 * Register and bit of a unit without a bit of its own: its bank's ranges protect it
 * (FS_WRITE_PROTECT_RANGES).
 */
const noBit = 255;

function eraseUnitRow(unit: EraseUnit): string {
  const { register, bit } =
    unit.writeProtect.kind === 'bit' ? unit.writeProtect : { register: noBit, bit: noBit };
  return [
    ...[decimal(unit.bank), decimal(unit.ordinal), decimal(unit.eraseCode), hex(unit.addressStart)],
    ...[decimal(unit.sizeBytes), decimal(register), decimal(bit)],
  ].join(', ');
}

/** One row a range, where option bytes write-protect pages from start to end; nothing on other chips. */
function writeProtectRanges(chip: Chip): string[] {
  const rows = chip.flash.banks.flatMap(({ number }) => {
    const unit = chip.flash.eraseUnits.find(({ bank }) => bank === number);
    if (unit?.writeProtect.kind !== 'ranges') return [];
    return unit.writeProtect.ranges.map(({ startField, endField }) => {
      const start = findOptionField(chip, startField);
      const end = findOptionField(chip, endField);
      const widest = fieldMask(start) >>> start.lsb;
      return [number, start.register, start.lsb, end.lsb, widest].map(decimal).join(', ');
    });
  });
  if (rows.length === 0) return [];
  const columns =
    'bank, register, shift of the first page, shift of the last page, widest value; none while first > last';
  return list('FS_WRITE_PROTECT_RANGES', columns, rows);
}

function lists(chip: Chip): string[] {
  const units = chip.flash.eraseUnits.map(eraseUnitRow);
  const slots = chip.layout.slots.map(({ storeStart, length, linkStart, handover }) =>
    [hex(storeStart), decimal(length), hex(linkStart), handover === 'swap-banks' ? '1' : '0'].join(', '),
  );
  const registers = chip.options.registers.map((register) => {
    const { neutral, clearOnly, setOnly } = policyBits(chip, register.id);
    return [
      ...[decimal(register.id), hex(register.readAddress), hex(register.programAddress), hex(register.mask)],
      ...[hex(neutral), hex(clearOnly), hex(setOnly)],
    ].join(', ');
  });
  return [
    ...list(
      'FS_ERASE_UNITS',
      'bank, ordinal, erase code, address, bytes, register and bit that write-protect it when 0 (255: by a range)',
      units,
    ),
    ...writeProtectRanges(chip),
    ...list('FS_APP_SLOTS', 'store address, bytes, link address, 1 = hand over with banks swapped', slots),
    ...list(
      'FS_OPTION_REGISTERS',
      'id, read address, program address, option bits; bits a policy may set either way, only clear, only set',
      registers,
    ),
  ];
}

function header(chip: Chip): string {
  const guard = `FS_CHIP_${chip.id.toUpperCase()}_H`;
  return [
    `/* Generated by tools/generate/chip-headers.ts from packages/chips/data/${chip.id}.json; do not edit. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    ...[...identity(chip), '', ...writing(chip), '', ...places(chip), '', ...protection(chip)],
    ...lists(chip),
    '',
    '#endif',
    '',
  ].join('\n');
}

/**
 * Path (from the project's root) to text, for every generated header. None for chips with product states: the
 * agent's core takes every unknown value of the readout field for level 1, which is wrong there.
 */
export function generateChipHeaders(): Map<string, string> {
  const chips = chipIds().map((id) => findChip(id));
  const withLevels = chips.filter(({ readoutProtection }) => readoutProtection.productStates === undefined);
  return new Map(withLevels.map((chip) => [`device/agent/port/${chip.id}/fs_chip.h`, header(chip)]));
}
