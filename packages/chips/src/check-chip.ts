// What must hold between the parts of a catalogue entry: units contiguous, the layout on unit boundaries and without
// overlap, fields within registers and unique, every figure with a source, every unit with a time. Run at load, so
// that a wrong file cannot be used at all.

import type { Chip, Range } from './chip.ts';
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

function checkOptions({ options, flash, readoutProtection, boot }: Chip, path: string): void {
  const names = new Set<string>();
  options.registers.forEach((register, i) => {
    if (register.id !== i) refuse(`${path}.options`, `register ${i} in its place`);
    let seen = 0;
    for (const { name, msb, lsb } of register.fields) {
      if (names.has(name) || msb < lsb || msb > 31) refuse(`${path}.options`, `sound field ${name}`);
      names.add(name);
      const bits = ((2 ** (msb - lsb + 1) - 1) << lsb) >>> 0;
      if ((seen & bits) !== 0) refuse(`${path}.options`, `field ${name} of its own bits`);
      seen |= bits;
    }
    if ((register.defaultValue & ~register.mask) !== 0) refuse(`${path}.options`, 'default within the mask');
  });
  const { field, regression } = readoutProtection;
  const named = [field, boot.bankField, ...regression.clearsOnlyThen];
  for (const area of regression.keptAreas) named.push(area.startField, area.endField, area.eraseField);
  if (options.invertsWriteProtection !== undefined) named.push(options.invertsWriteProtection);
  if (boot.addressFields !== undefined) named.push(boot.addressFields.pinLow, boot.addressFields.pinHigh);
  for (const name of named) if (!names.has(name)) refuse(`${path}.options`, `field ${name}`);
  for (const { writeProtect } of flash.eraseUnits) {
    const register = options.registers[writeProtect.register];
    if (register === undefined || (register.mask & (1 << writeProtect.bit)) === 0)
      refuse(`${path}.flash.banks`, 'write protection bit within a field');
  }
}

function checkLayout({ layout, flash, write }: Chip, path: string): void {
  const edges = new Set(flash.eraseUnits.map((unit) => unit.addressStart));
  edges.add(flash.addressStart + flash.sizeBytes);
  const journal = layout.journal.map((unit) => ({ addressStart: unit.addressStart, length: unit.sizeBytes }));
  const fixed: Range[] = [...layout.agent, layout.identity, ...journal];
  fixed.forEach((range, i) => {
    if (fixed.some((other, j) => j < i && overlaps(range, other)))
      refuse(`${path}.layout`, 'ranges without overlap');
    if (range.addressStart % write.unitBytes !== 0) refuse(`${path}.layout`, 'range on a write unit');
  });
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

function checkSources(chip: Chip, path: string): void {
  const used = [
    ...[chip.tier, chip.identity, chip.flash, chip.write, chip.timing, chip.timing.optionProgram],
    ...[chip.romBootloader, chip.options, chip.readoutProtection, chip.boot, chip.layout],
    ...(chip.otp === undefined ? [] : [chip.otp]),
  ].map(({ source }) => source);
  used.push(chip.ramSource, chip.linkDoorsSource, chip.timing.massEraseSource, chip.options.defaultSource);
  for (const key of used) if (chip.sources[key] === undefined) refuse(`${path}.sources`, `source ${key}`);
  for (const [key, { unverified, reason }] of Object.entries(chip.sources)) {
    if (!used.includes(key)) refuse(`${path}.sources`, `use of source ${key}`);
    if (unverified !== reason.length > 0) refuse(`${path}.sources.${key}`, 'reason exactly when unverified');
  }
}

/** Throws `internal-error` naming the first thing that does not hold. */
export function checkChip(chip: Chip, path: string): void {
  checkFlash(chip, path);
  checkOptions(chip, path);
  checkLayout(chip, path);
  checkSources(chip, path);
}
