// Reads one file of the catalogue (parsed JSON) into a Chip: shape first, then the derived parts:
// erase units from the banks' size lists, fields with their register, masks. What must hold
// between the parts: check-chip.ts.

import { checkChip } from './check-chip.ts';
import type { Chip, JournalUnit } from './chip.ts';
import { type ChipFile, chipFile } from './chip-file.ts';
import type { EraseUnit, TimingByParallelism, WriteProtection } from './flash.ts';
import type { OptionRegister } from './protection.ts';
import type { Range, Source } from './range.ts';
import { refuse } from './shape.ts';

type BankFile = ChipFile['flash']['banks'][number];

function writeProtection({ writeProtect: { bits, ranges } }: BankFile, position: number): WriteProtection {
  if (ranges !== undefined) return { kind: 'ranges', position, ranges };
  if (bits === undefined) return refuse('flash.banks.writeProtect', 'bits or ranges');
  const bit = bits.firstBit + Math.floor(position / bits.unitsPerBit);
  return { kind: 'bit', register: bits.register, bit };
}

const unitSizes = (bank: BankFile) =>
  bank.eraseUnits.flatMap((run) => Array.from({ length: run.count }, () => run.sizeBytes));

function eraseUnitsOfBanks(banks: readonly BankFile[]): EraseUnit[] {
  const units: EraseUnit[] = [];
  for (const bank of banks) {
    let address = bank.addressStart;
    const sizesBytes = unitSizes(bank);
    sizesBytes.forEach((sizeBytes, i) => {
      units.push({
        index: units.length,
        bank: bank.number,
        ordinal: bank.firstOrdinal + i,
        eraseCode: bank.firstEraseCode + i,
        addressStart: address,
        sizeBytes,
        writeProtect: writeProtection(bank, i),
      });
      address += sizeBytes;
    });
  }
  return units;
}

/** The unit of the journal that takes exactly that range. */
function journalUnit(units: readonly EraseUnit[], { addressStart, length }: Range): JournalUnit {
  const eraseUnits = units.filter(
    (unit) => unit.addressStart >= addressStart && unit.addressStart < addressStart + length,
  );
  const sizeBytes = eraseUnits.reduce((sum, unit) => sum + unit.sizeBytes, 0);
  if (sizeBytes !== length || eraseUnits[0]?.addressStart !== addressStart)
    return refuse('layout.journal', 'range of whole erase units');
  return { addressStart, sizeBytes, eraseUnits };
}

function optionRegister(data: ChipFile['options']['registers'][number]): OptionRegister {
  const { id, name, readAddress, programAddress, default: defaultValue } = data;
  let mask = 0;
  for (const { msb, lsb } of data.fields) mask |= ((2 ** (msb - lsb + 1) - 1) << lsb) >>> 0;
  const fields = data.fields.map((one) => ({ ...one, register: id }));
  return { id, name, readAddress, programAddress, defaultValue, mask: mask >>> 0, fields };
}

/** The chip of one parsed catalogue file; throws `internal-error` naming the place that is wrong. */
export function readChip(json: unknown, path: string): Chip {
  const file = chipFile(json, path);
  const eraseUnits = eraseUnitsOfBanks(file.flash.banks);
  const [first, second] = file.layout.journal;
  const chip: Chip = {
    ...file,
    sources: Object.fromEntries(
      Object.entries(file.sources).map(([key, source]): [string, Source] => [
        key,
        { ...source, unverified: source.unverified ?? false, reason: source.reason ?? '' },
      ]),
    ),
    flash: {
      ...file.flash,
      banks: file.flash.banks.map((one) => ({
        number: one.number,
        addressStart: one.addressStart,
        length: unitSizes(one).reduce((sum, size) => sum + size, 0),
      })),
      eraseUnits,
    },
    timing: {
      ...file.timing,
      massEraseSource: file.timing.massEraseSource ?? file.timing.source,
      erase: new Map(
        file.timing.erase.map(({ sizeBytes, ...rest }) => [sizeBytes, rest as TimingByParallelism]),
      ),
    },
    options: {
      ...file.options,
      defaultSource: file.options.defaultSource ?? file.options.source,
      registers: file.options.registers.map(optionRegister),
    },
    layout: { ...file.layout, journal: [journalUnit(eraseUnits, first), journalUnit(eraseUnits, second)] },
  } as Chip;
  checkChip(chip, path);
  return chip;
}
