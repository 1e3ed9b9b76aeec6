// What must hold between the parts of a catalogue entry: units contiguous, the layout on unit boundaries and
// without overlap, fields within registers and unique, every figure with a source, every unit with a time.
// Run at load, so that a wrong file cannot be used at all.

import { agentVectors } from './agent-slot.ts';
import type { Chip } from './chip.ts';
import type { FieldValue, OptionField } from './protection.ts';
import type { Range } from './range.ts';
import { refuse } from './shape.ts';

const end = ({ addressStart, length }: Range) => addressStart + length;
const overlaps = (a: Range, b: Range) => a.addressStart < end(b) && b.addressStart < end(a);

function checkFlash({ flash, write, timing }: Chip, path: string): void {
  let address = flash.addressStart;
  for (const unit of flash.eraseUnits) {
    if (unit.addressStart !== address) refuse(`${path}.flash`, `erase unit at ${address}`);
    const times = timing.erase.get(unit.sizeBytes)?.[write.parallelism];
    if (times === undefined) refuse(`${path}.timing.erase`, `time for ${unit.sizeBytes} bytes`);
    address += unit.sizeBytes;
  }
  if (address !== flash.addressStart + flash.sizeBytes) refuse(`${path}.flash`, 'size equal to its units');
  if (timing.program[write.parallelism] === undefined) refuse(`${path}.timing.program`, 'time');
  if (
    !write.modes.some((mode) => mode.parallelism === write.parallelism && mode.unitBytes === write.unitBytes)
  )
    refuse(`${path}.write.modes`, 'mode of the default');
  if (write.chunkAlignmentBytes % write.unitBytes !== 0)
    refuse(`${path}.write.chunkAlignmentBytes`, 'whole units');
}

/** Registers in order, fields on bits of their own; returns the fields by name. */
function checkRegisters({ options }: Chip, path: string): ReadonlyMap<string, OptionField> {
  const fields = new Map<string, OptionField>();
  options.registers.forEach((register, i) => {
    if (register.id !== i) refuse(`${path}.options`, `register ${i} in its place`);
    let seen = 0;
    for (const field of register.fields) {
      const { name, msb, lsb } = field;
      if (fields.has(name) || msb < lsb || msb > 31) refuse(`${path}.options`, `sound field ${name}`);
      fields.set(name, field);
      const bits = ((2 ** (msb - lsb + 1) - 1) << lsb) >>> 0;
      if ((seen & bits) !== 0) refuse(`${path}.options`, `field ${name} of its own bits`);
      seen |= bits;
    }
    if ((register.defaultValue & ~register.mask) !== 0) refuse(`${path}.options`, 'default within the mask');
  });
  return fields;
}

type CheckValue = (one: FieldValue) => void;

/** Refuses a field that does not exist, and a value too wide for it. */
function valueChecker(fields: ReadonlyMap<string, OptionField>, path: string): CheckValue {
  return ({ field, value }) => {
    const known = fields.get(field) ?? refuse(`${path}.options`, `field ${field}`);
    if (value >= 2 ** (known.msb - known.lsb + 1))
      refuse(`${path}.options`, `value of ${field} that holds ${value}`);
  };
}

function checkReadout({ readoutProtection, options }: Chip, path: string, check: CheckValue): void {
  const { field, regression, halfLevel, productStates, level0, level1, level2 } = readoutProtection;
  const { debugAuthentication } = readoutProtection;
  if (debugAuthentication !== undefined) {
    const { passwordWhile, provisionedIn, opens, endsIn } = debugAuthentication;
    check(passwordWhile);
    for (const one of [provisionedIn, ...opens, endsIn])
      if (!productStates?.some(({ value }) => value === one))
        refuse(`${path}.readoutProtection.debugAuthentication`, `product state ${one}`);
  }
  const named = [...regression.clearsOnlyThen];
  for (const area of regression.keptAreas) named.push(area.startField, area.endField, area.eraseField);
  for (const one of regression.frozen ?? []) {
    check(one.while);
    named.push(...one.fields);
  }
  if (options.invertsWriteProtection !== undefined) named.push(options.invertsWriteProtection);
  for (const name of named) check({ field: name, value: 0 });
  [level0, level1, level2].forEach((value, i) => {
    check({ field, value });
    if (productStates !== undefined && productStates.find((one) => one.value === value)?.countsAs !== i)
      refuse(`${path}.readoutProtection`, `product state of level ${i}`);
  });
  for (const { value, next } of productStates ?? [])
    for (const one of [value, ...next]) {
      check({ field, value: one });
      if (!productStates!.some((state) => state.value === one))
        refuse(`${path}.readoutProtection`, `product state ${one}`);
    }
  if (halfLevel !== undefined) {
    check({ field, value: halfLevel.value });
    check(halfLevel.onlyWith);
  }
}

function checkWriteProtection({ flash, options }: Chip, path: string, check: CheckValue): void {
  for (const { writeProtect } of flash.eraseUnits)
    if (writeProtect.kind === 'ranges')
      for (const { startField, endField } of writeProtect.ranges) {
        check({ field: startField, value: writeProtect.position });
        check({ field: endField, value: writeProtect.position });
      }
    else if (((options.registers[writeProtect.register]?.mask ?? 0) & (1 << writeProtect.bit)) === 0)
      refuse(`${path}.flash.banks`, 'write protection bit within a field');
  if (flash.onlyWith !== undefined) check(flash.onlyWith);
}

function checkExecuteOnly({ executeOnly, flash }: Chip, path: string, check: CheckValue): void {
  if (executeOnly === undefined) return;
  if (executeOnly.sectorsWhile !== undefined) check(executeOnly.sectorsWhile);
  for (const { bank, granuleBytes, startField, endField } of executeOnly.areas) {
    const known = flash.banks.find((one) => one.number === bank);
    if (known === undefined || known.length % granuleBytes !== 0)
      refuse(`${path}.executeOnly`, `bank ${bank} of whole granules`);
    for (const field of [startField, endField]) check({ field, value: 0 });
  }
}

function checkRam({ ram }: Chip, check: CheckValue): void {
  for (const { erasedAtResetWhile } of ram) if (erasedAtResetWhile !== undefined) check(erasedAtResetWhile);
}

function checkBoot({ boot, flash, layout }: Chip, path: string, check: CheckValue): void {
  const { bankField, bankValue, bankRule, addressFields, boot0, boot1Field, lock } = boot;
  const parts = [bankField, bankValue, bankRule].filter((part) => part !== undefined).length;
  if (parts !== (flash.banks.length > 1 ? 3 : 0)) refuse(`${path}.boot`, 'bank field, value and rule');
  for (const field of [bankField, boot0?.bitField, boot1Field])
    if (field !== undefined) check({ field, value: 1 });
  for (const one of [boot0?.pinWhile, lock]) if (one !== undefined) check(one);
  if ((boot.selectedBy === 'boot-address') !== (addressFields !== undefined))
    refuse(`${path}.boot`, 'address fields exactly when booting by address');
  if (addressFields === undefined) return;
  const { pinLow, pinHigh, anchorValue, shift } = addressFields;
  for (const field of [pinLow, pinHigh]) if (field !== undefined) check({ field, value: anchorValue });
  if (anchorValue * 2 ** shift !== layout.anchor.addressStart)
    refuse(`${path}.boot`, 'address of the anchor');
}

function checkOptions(chip: Chip, path: string): void {
  const check = valueChecker(checkRegisters(chip, path), path);
  checkReadout(chip, path, check);
  checkWriteProtection(chip, path, check);
  checkExecuteOnly(chip, path, check);
  checkRam(chip, check);
  checkBoot(chip, path, check);
}

function checkIdentity({ identity, romBootloader, debug }: Chip, path: string): void {
  if (romBootloader.productId !== identity.romBootloaderId)
    refuse(`${path}.romBootloader`, 'the product id of the identity');
  if ((debug.idCode & 0xfff) !== identity.deviceId || debug.dbgmcuAddress !== identity.deviceIdRegister)
    refuse(`${path}.debug`, 'the device id of the identity');
}

/** Of its erase units nothing else has a part: what is written or erased here touches no other range. */
const unitsOf = ({ flash }: Chip, range: Range) =>
  flash.eraseUnits
    .filter((unit) => overlaps(range, { addressStart: unit.addressStart, length: unit.sizeBytes }))
    .map(({ index }) => index);

/** Anchor and its data share erase units with nothing, since their protection is for good. */
function checkAnchor(chip: Chip, path: string): void {
  const { anchor, anchorData, board } = chip.layout;
  if (end(anchor) > anchorData.addressStart) refuse(`${path}.layout.anchorData`, 'data after the anchor');
  if (board.length !== 64 || end(board) !== end(anchorData) || board.addressStart <= anchorData.addressStart)
    refuse(`${path}.layout.board`, '64 bytes at the end of the data of the anchor');
  if (anchor.addressStart % chip.vectorTable.alignmentBytes !== 0)
    refuse(`${path}.layout.anchor`, 'vector table where the core takes one');
  if (chip.boot.selectedBy !== 'boot-address' && anchor.addressStart !== chip.flash.addressStart)
    refuse(`${path}.layout.anchor`, 'place where the chip boots');
}

/** The slots begin and are erased alone but for a copy of the identity; the two copies never go together. */
function checkAgentSlots(chip: Chip, path: string, edges: ReadonlySet<number>): void {
  const { agent, agentCopy, identity, identityCopy, journal } = chip.layout;
  for (const slot of [agent, agentCopy])
    if (!edges.has(slot.addressStart) || slot.length !== agent.length)
      refuse(`${path}.layout.agentCopy`, 'two slots of one length that begin with an erase unit');
  if (agentVectors(chip) % chip.vectorTable.alignmentBytes !== 0)
    refuse(`${path}.layout.agent`, 'vector table where the core takes one');
  const units = (range: Range) => unitsOf(chip, range);
  const apart = (a: Range, b: Range) => !units(a).some((index) => units(b).includes(index));
  if (!apart(identity, identityCopy) || identity.length !== identityCopy.length)
    refuse(`${path}.layout.identityCopy`, 'two copies of one length in different erase units');
  if (!apart(agent, agentCopy)) refuse(`${path}.layout.agentCopy`, 'slots in different erase units');
  if (!apart(identityCopy, agent) || !apart(identity, agentCopy))
    refuse(`${path}.layout.identity`, 'each copy of the identity with no slot, or the first with slot A');
  for (const unit of journal) {
    const range = { addressStart: unit.addressStart, length: unit.sizeBytes };
    if (![agent, agentCopy, identity, identityCopy].every((other) => apart(range, other)))
      refuse(`${path}.layout.journal`, 'unit of its own');
  }
}

function checkSlots(
  { layout }: Chip,
  path: string,
  fixed: readonly Range[],
  edges: ReadonlySet<number>,
): void {
  for (const { storeStart, length, name } of layout.slots) {
    const stored = { addressStart: storeStart, length };
    if (!edges.has(storeStart) || !edges.has(storeStart + length))
      refuse(`${path}.layout.slots`, `slot ${name} of whole erase units`);
    if (fixed.some((range) => overlaps(range, stored)))
      refuse(`${path}.layout.slots`, `slot ${name} clear of the agent`);
    for (let at = storeStart; at < storeStart + length; at += layout.progressStrideBytes)
      if (!edges.has(at)) refuse(`${path}.layout`, `progress stride on the erase units of slot ${name}`);
  }
}

function checkTier({ tier, ram, readoutProtection }: Chip, path: string): void {
  if (tier.repair === undefined) return;
  // A level that can be taken back, below the one of the tier; and working memory is
  // what a debugger reads there.
  if (tier.repair.readoutLevel >= tier.readoutLevel || readoutProtection.productStates !== undefined)
    refuse(`${path}.tier.repair`, 'a readout level below that of the tier');
  // The agent works in the first range of RAM, with the keys of an install in it.
  if (!ram[0]!.guarded && !tier.repair.notPromised.some((one) => one.includes('secret')))
    refuse(`${path}.tier.repair.notPromised`, 'word that the firmware is not secret');
}

function checkSupply({ supply }: Chip, path: string): void {
  const { leastMillivolts, resetMillivolts, monitor } = supply;
  if (leastMillivolts < resetMillivolts) refuse(`${path}.supply`, 'least supply above the reset');
  const levels = monitor?.fallingMillivolts ?? [];
  if (monitor !== undefined && (levels.length === 0 || levels.length > 8))
    refuse(`${path}.supply.monitor`, '1 to 8 levels');
  if (levels.some((one, i) => i > 0 && one <= levels[i - 1]!))
    refuse(`${path}.supply.monitor`, 'levels that rise');
}

function checkLayout(chip: Chip, path: string): void {
  const { layout, flash, write } = chip;
  const edges = new Set(flash.eraseUnits.map((unit) => unit.addressStart));
  edges.add(flash.addressStart + flash.sizeBytes);
  const journal = layout.journal.map((unit) => ({ addressStart: unit.addressStart, length: unit.sizeBytes }));
  const { anchor, anchorData, agent, agentCopy, identity, identityCopy } = layout;
  const fixed: Range[] = [anchor, anchorData, agent, agentCopy, identity, identityCopy, ...journal];
  fixed.forEach((range, i) => {
    if (fixed.some((other, j) => j < i && overlaps(range, other)))
      refuse(`${path}.layout`, 'ranges without overlap');
    if (range.addressStart % write.unitBytes !== 0 || range.length % write.unitBytes !== 0)
      refuse(`${path}.layout`, 'range of whole write units');
    if (range.addressStart < flash.addressStart || end(range) > flash.addressStart + flash.sizeBytes)
      refuse(`${path}.layout`, 'range within the flash');
  });
  checkAnchor(chip, path);
  const held = [anchor, anchorData].flatMap((range) => unitsOf(chip, range));
  for (const range of [agent, agentCopy, identity, identityCopy, ...journal])
    if (unitsOf(chip, range).some((index) => held.includes(index)))
      refuse(`${path}.layout.anchor`, 'erase units of its own');
  checkAgentSlots(chip, path, edges);
  checkSlots(chip, path, fixed, edges);
}

function checkSources(chip: Chip, path: string): void {
  const used = [
    ...[
      chip.tier,
      chip.identity,
      chip.flash,
      chip.write,
      chip.timing,
      chip.timing.optionProgram,
      chip.supply,
      chip.endurance,
    ],
    ...[
      chip.romBootloader,
      chip.debug,
      chip.flashController,
      chip.vectorTable,
      chip.options,
      chip.readoutProtection,
      chip.boot,
      chip.layout,
    ],
    chip.romBootloader.version,
    ...[
      ...[chip.otp, chip.executeOnly, chip.romBootloader.uart, chip.romBootloader.dfu],
      ...[chip.romBootloader.optionMemory, chip.agentLink, chip.readoutProtection.debugAuthentication],
    ].filter((one) => one !== undefined),
  ].map(({ source }) => source);
  if (chip.tier.repair !== undefined) used.push(chip.tier.repair.source);
  used.push(...(chip.variants ?? []).map(({ source }) => source), chip.openocd.source);
  used.push(chip.ramSource, chip.linkDoorsSource, chip.timing.massEraseSource, chip.options.defaultSource);
  for (const key of used) if (chip.sources[key] === undefined) refuse(`${path}.sources`, `source ${key}`);
  for (const [key, { unverified, reason }] of Object.entries(chip.sources)) {
    if (!used.includes(key)) refuse(`${path}.sources`, `use of source ${key}`);
    if (unverified !== reason.length > 0) refuse(`${path}.sources.${key}`, 'reason exactly when unverified');
  }
}

/** A way through a ROM bootloader needs the bootloader and what it shows; every part lies in its window. */
function checkOptionWays({ options, romBootloader }: Chip, path: string): void {
  const { optionMemory, uart, dfu } = romBootloader;
  const possible = { 'uart-bootloader': uart && optionMemory, dfuse: dfu && optionMemory };
  for (const way of ['uart-bootloader', 'dfuse'] as const)
    if (options.ways.includes(way) !== (possible[way] !== undefined))
      refuse(`${path}.options.ways`, `${way} exactly where the bootloader shows option bytes`);
  for (const { parts, complemented, length } of optionMemory?.windows ?? [])
    for (const { offset, register, shift, lengthBytes } of parts) {
      const fits = offset + (complemented ? 2 : 1) * lengthBytes <= length && shift + 8 * lengthBytes <= 32;
      if (!fits || options.registers[register] === undefined)
        refuse(`${path}.romBootloader.optionMemory`, `part at ${offset} within its window and register`);
    }
}

/** Throws `internal-error` naming the first thing that does not hold. */
export function checkChip(chip: Chip, path: string): void {
  checkFlash(chip, path);
  checkOptions(chip, path);
  checkLayout(chip, path);
  checkIdentity(chip, path);
  checkOptionWays(chip, path);
  checkSupply(chip, path);
  checkTier(chip, path);
  checkSources(chip, path);
}
