// The constants that the agent takes from the chip catalogue: fs_chip.h, made at build for
// each chip and never committed. Lists are X-macros, so that the core decides on types. Erase
// units come as runs of equal ones.

import {
  type AgentUart,
  agentHeaderBytes,
  type Chip,
  chipIds,
  type EraseUnit,
  fieldMask,
  findChip,
  findOptionField,
  independentWatchdogField,
  marginMillivolts,
  policyBits,
  type Range,
  statusPlace,
} from '@firmseal/chips';

const hex = (value: number) => `0x${(value >>> 0).toString(16).toUpperCase().padStart(8, '0')}u`;
const decimal = (value: number) => `${value}u`;

function define(name: string, value: string, comment: string | undefined = ''): string {
  const head = `#define ${name} `.padEnd(44);
  return comment === '' ? `${head}${value}` : `${head}${value} /* ${comment} */`;
}

function list(name: string, columns: string, rows: readonly string[]): string[] {
  if (rows.length === 0) return ['', `/* ${columns}: this chip has no such row */`, `#define ${name}(X)`];
  const lines = rows.map((row, i) => `  X(${row})${i < rows.length - 1 ? ' \\' : ''}`);
  return ['', `/* ${columns} */`, `#define ${name}(X) \\`, ...lines];
}

/** Register and bit of units without bits of their own: option bytes protect ranges of pages there. */
const noBit = 255;

/** Equal erase units in a row. Each number of the first unit rises by one from unit to unit. */
type Run = { first: EraseUnit; count: number };

const bitOf = ({ writeProtect }: EraseUnit) =>
  writeProtect.kind === 'bit' ? writeProtect : { register: noBit, bit: noBit };

function continues({ first, count }: Run, unit: EraseUnit): boolean {
  const [from, here] = [bitOf(first), bitOf(unit)];
  return (
    unit.bank === first.bank &&
    unit.sizeBytes === first.sizeBytes &&
    unit.addressStart === first.addressStart + count * first.sizeBytes &&
    unit.eraseCode === first.eraseCode + count &&
    here.register === from.register &&
    here.bit === (from.bit === noBit ? noBit : from.bit + count)
  );
}

/** Throws for a unit whose size is no power of two: the core finds the start of a unit by a mask. */
function eraseRuns({ flash, id }: Chip): Run[] {
  const runs: Run[] = [];
  for (const unit of flash.eraseUnits) {
    const { sizeBytes } = unit;
    if ((sizeBytes & (sizeBytes - 1)) !== 0 || unit.addressStart % sizeBytes !== 0)
      throw new Error(`${id}: an erase unit of ${sizeBytes} bytes at ${hex(unit.addressStart)}`);
    const last = runs.at(-1);
    if (last !== undefined && continues(last, unit)) last.count++;
    else runs.push({ first: unit, count: 1 });
  }
  return runs;
}

function eraseRunRow({ first, count }: Run): string {
  const { register, bit } = bitOf(first);
  return [
    ...[decimal(first.bank), decimal(first.eraseCode), hex(first.addressStart), decimal(count)],
    ...[decimal(first.sizeBytes), decimal(register), decimal(bit)],
  ].join(', ');
}

function identity(chip: Chip): string[] {
  const { uniqueIdAddress, uniqueIdLength } = chip.identity;
  return [
    define('FS_CHIP_ID', `"${chip.id}"`),
    define('FS_CHIP_NUMBER', decimal(chip.number)),
    define('FS_UNIQUE_ID_ADDRESS', hex(uniqueIdAddress)),
    define('FS_UNIQUE_ID_LENGTH', decimal(uniqueIdLength)),
    define('FS_HAS_RANDOM_GENERATOR', chip.hasRandomGenerator ? '1' : '0'),
  ];
}

function writing(chip: Chip): string[] {
  const { write, flash } = chip;
  return [
    define('FS_FLASH_START', hex(flash.addressStart)),
    define('FS_FLASH_SIZE_BYTES', decimal(flash.sizeBytes)),
    define('FS_WRITE_UNIT_BYTES', decimal(write.unitBytes)),
    define('FS_ERASE_RUN_COUNT', decimal(eraseRuns(chip).length)),
    define('FS_ERASE_UNIT_MAX_BYTES', decimal(Math.max(...flash.eraseUnits.map((unit) => unit.sizeBytes)))),
  ];
}

/** The part of it that takes data: lock bytes stand behind. 0 bytes on a chip without such memory. */
function oneTimeMemory({ otp }: Chip): string[] {
  return [
    define('FS_OTP_START', hex(otp?.addressStart ?? 0)),
    define('FS_OTP_LENGTH', decimal(otp?.locks?.offset ?? otp?.length ?? 0)),
  ];
}

/** Bytes of the data block of the anchor; the original identity follows it. */
const anchorBlockBytes = 256;

function status(chip: Chip): string[] {
  const { addressStart, length } = statusPlace(chip);
  return [
    define('FS_STATUS_START', hex(addressStart)),
    define('FS_STATUS_LENGTH', decimal(length), 'RAM for what the application is told'),
  ];
}

function places(chip: Chip): string[] {
  const { layout } = chip;
  const range = (name: string, { addressStart, length }: Range, meaning?: string) => [
    define(`FS_${name}_START`, hex(addressStart), meaning),
    define(`FS_${name}_LENGTH`, decimal(length)),
  ];
  const { anchor, anchorData, board, agent, agentCopy, identity, identityCopy } = layout;
  return [
    ...range('ANCHOR', anchor),
    ...range('ANCHOR_DATA', anchorData),
    define('FS_IDENTITY_ORIGINAL_START', hex(anchorData.addressStart + anchorBlockBytes)),
    define(
      'FS_IDENTITY_ORIGINAL_LENGTH',
      decimal(board.addressStart - anchorData.addressStart - anchorBlockBytes),
    ),
    define('FS_BOARD_START', hex(board.addressStart)),
    ...range('AGENT', agent, 'slot A, where agents run'),
    define('FS_AGENT_HEADER_LENGTH', decimal(agentHeaderBytes)),
    define('FS_AGENT_COPY_START', hex(agentCopy.addressStart), 'slot B, of the same length'),
    ...range('IDENTITY', identity),
    define('FS_IDENTITY_COPY_START', hex(identityCopy.addressStart), 'of the same length'),
    ...layout.journal.flatMap(({ addressStart, sizeBytes }, i) =>
      range(`JOURNAL_${i}`, { addressStart, length: sizeBytes }),
    ),
    define('FS_APP_SLOT_COUNT', decimal(layout.slots.length)),
    define('FS_PROGRESS_STRIDE_BYTES', decimal(layout.progressStrideBytes)),
  ];
}

const levelKeys = ({ readoutProtection }: Chip) => readoutProtection.regressionKeys ?? [];

function protection(chip: Chip): string[] {
  const { readoutProtection, options, tier } = chip;
  const field = findOptionField(chip, readoutProtection.field);
  return [
    define('FS_OPTION_REGISTER_COUNT', decimal(options.registers.length)),
    define('FS_RDP_REGISTER', decimal(field.register)),
    define('FS_RDP_SHIFT', decimal(field.lsb)),
    define('FS_RDP_MASK', hex(fieldMask(field))),
    define('FS_RDP_LEVEL_0', hex(readoutProtection.level0), 'any value but these two means level 1'),
    define('FS_RDP_LEVEL_2', hex(readoutProtection.level2)),
    define('FS_TIER_B_READOUT_LEVEL', decimal(tier.readoutLevel)),
  ];
}

const portBits = (letters: string): number =>
  [...letters].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 0x41)), 0);

/** The number that a board block has for a UART (spec/board.md section 2). */
function uartCode(peripheral: string): number {
  const [, digits] = /^USART(\d+)$/.exec(peripheral) ?? [];
  if (digits === undefined) throw new Error(`the agent drives no ${peripheral}`);
  return Number(digits);
}

function link({ agentLink }: Chip): string[] {
  return [
    define('FS_UART_COUNT', decimal(agentLink?.uarts.length ?? 0)),
    define('FS_WINDOW', decimal(agentLink?.window ?? 1), 'records that may be unanswered'),
    define('FS_GPIO_PORTS', hex(portBits(agentLink?.ports ?? '')), 'bit 0 is port A'),
  ];
}

const uartRow = ({ peripheral, addressStart, clockRegister, clockBit, clockHz }: AgentUart): string =>
  [
    ...[decimal(uartCode(peripheral)), hex(addressStart), hex(clockRegister), decimal(clockBit)],
    decimal(clockHz),
  ].join(', ');

/** A chip that hardware gives a watchdog says so in an option bit; without one the agent would not know. */
function watchdog(chip: Chip): string[] {
  const field = independentWatchdogField(chip);
  if (field === undefined) throw new Error(`the catalogue has no option of ${chip.id} for its watchdog`);
  const { readAddress } = chip.options.registers[field.register]!;
  return [
    define('FS_WATCHDOG_OPTION', hex(readAddress), 'option register that says who starts the watchdog'),
    define('FS_WATCHDOG_SOFTWARE', hex(fieldMask(field)), '1: software'),
  ];
}

/** The voltage detector; a chip without a monitor in the catalogue has no level. */
function supply({ supply: { leastMillivolts, monitor } }: Chip): string[] {
  const levels = monitor?.levelShifts.map((shift) => `(level) << ${shift}`).join(' | ') ?? '0u';
  return [
    define('FS_SUPPLY_LEAST_MILLIVOLTS', decimal(leastMillivolts), 'for the erase and programming of flash'),
    define('FS_SUPPLY_MARGIN_MILLIVOLTS', decimal(marginMillivolts)),
    define('FS_SUPPLY_LEVEL_COUNT', decimal(monitor?.fallingMillivolts.length ?? 0)),
    define('FS_SUPPLY_CONTROL', hex(monitor?.controlAddress ?? 0)),
    define('FS_SUPPLY_ENABLE', hex(2 ** (monitor?.enableBit ?? 0))),
    define('FS_SUPPLY_LEVEL(level)', `(${levels})`),
    define('FS_SUPPLY_STATUS', hex(monitor?.statusAddress ?? 0)),
    define('FS_SUPPLY_LOW', hex(2 ** (monitor?.lowBit ?? 0))),
  ];
}

function lists(chip: Chip): string[] {
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
      'FS_ERASE_RUNS',
      'bank, first erase code, address, count, bytes of each; register and first bit that protect it when 0, or 255',
      eraseRuns(chip).map(eraseRunRow),
    ),
    ...list(
      'FS_LEVEL_KEYS',
      'register that says whether a key is set with which the readout level can be taken back, and its bit',
      levelKeys(chip).map(({ lockRegister, lockBit }) => `${hex(lockRegister)}, ${decimal(lockBit)}`),
    ),
    ...list(
      'FS_UARTS',
      'number in a board block, address, register and bit of its clock, Hz of that clock; the first without settings',
      (chip.agentLink?.uarts ?? []).map(uartRow),
    ),
    ...list(
      'FS_SUPPLY_LEVELS',
      'mV that a falling supply comes below, level by level',
      chip.supply.monitor?.fallingMillivolts.map(decimal) ?? [],
    ),
    ...list('FS_APP_SLOTS', 'store address, bytes, link address, 1 = hand over with banks swapped', slots),
    ...list(
      'FS_OPTION_REGISTERS',
      'id, read address, program address, option bits; bits a policy may set either way, only clear, only set',
      registers,
    ),
  ];
}

/** The text of fs_chip.h. */
export function chipHeader(chip: Chip): string {
  const guard = `FS_CHIP_${chip.id.toUpperCase()}_H`;
  return [
    `/* Generated by device/agent/toolchain/chip-header.ts from packages/chips/data/${chip.id}.json. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    ...[
      ...identity(chip),
      '',
      ...writing(chip),
      ...oneTimeMemory(chip),
      ...status(chip),
      '',
      ...places(chip),
      '',
      ...protection(chip),
      '',
      ...watchdog(chip),
      '',
      ...supply(chip),
      '',
      ...link(chip),
    ],
    ...lists(chip),
    '',
    '#endif',
    '',
  ].join('\n');
}

/**
 * Ids of the chips that an agent can be built for. None with product states: the core takes every unknown
 * value of the readout field for level 1, which is wrong there.
 */
export const agentChipIds: readonly string[] = chipIds().filter(
  (id) => findChip(id).readoutProtection.productStates === undefined,
);
