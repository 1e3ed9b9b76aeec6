// Reads one file of the catalogue (parsed JSON) into a Chip: shape first, then the derived parts: erase units from
// the banks' size lists, fields with their register, masks. What must hold between the parts: check-chip.ts.

import { checkChip } from './check-chip.ts';
import type { Chip, EraseUnit, OptionRegister, Source, TimingByParallelism } from './chip.ts';
import { count, flag, list, object, oneOf, type Reader, record, refuse, text, word } from './shape.ts';

const timing = object({ typicalUs: count, maximumUs: count });
const byParallelism = { x8: timing, x16: timing, x32: timing, x64: timing };
const parallelism = oneOf('x8', 'x16', 'x32', 'x64');
const timings = object({}, byParallelism) as Reader<TimingByParallelism>;
const namedRange = object({ addressStart: word, length: count, meaning: text });
const sourcedRange = object({ addressStart: word, length: count, source: text });

const field = object({
  name: text,
  msb: count,
  lsb: count,
  meaning: text,
  values: record(text),
  policy: oneOf('none', 'neutral', 'readout', 'clear-only', 'set-only'),
});

const bank = object({
  number: count,
  addressStart: word,
  firstOrdinal: count,
  firstEraseCode: count,
  unitSizesBytes: list(count),
  writeProtect: object({ register: count, firstBit: count }),
});

const chipFile = object(
  {
    id: text,
    number: count,
    names: list(text),
    core: text,
    hasRandomGenerator: flag,
    sources: record(object({ document: text, section: text }, { unverified: flag, reason: text })),
    tier: object({
      tier: oneOf('A', 'B', 'C'),
      readoutLevel: oneOf(0, 1, 2),
      agentHidden: flag,
      promised: list(text),
      notPromised: list(text),
      source: text,
    }),
    identity: object({
      deviceIdRegister: word,
      deviceId: word,
      romBootloaderId: word,
      uniqueIdAddress: word,
      uniqueIdLength: count,
      flashSizeAddress: word,
      source: text,
    }),
    flash: object({
      addressStart: word,
      sizeBytes: count,
      banks: list(bank),
      aliases: list(object({ name: text, addressStart: word, target: word, length: count, meaning: text })),
      source: text,
    }),
    write: object({
      unitBytes: count,
      chunkAlignmentBytes: count,
      parallelism,
      modes: list(object({ parallelism, unitBytes: count, externalVpp: flag })),
      overwrite: oneOf('clears-bits', 'breaks-ecc'),
      eccGranuleBytes: count,
      source: text,
    }),
    timing: object(
      {
        program: timings,
        erase: list(object({ sizeBytes: count }, byParallelism)),
        massErase: timings,
        source: text,
        optionProgram: object({ typicalUs: count, maximumUs: count, source: text }),
      },
      { massEraseSource: text },
    ),
    ram: list(
      object({ name: text, kind: oneOf('sram', 'backup'), addressStart: word, length: count, meaning: text }),
    ),
    ramSource: text,
    romBootloader: sourcedRange,
    options: object(
      {
        registers: list(
          object({
            id: count,
            name: text,
            readAddress: word,
            programAddress: word,
            default: word,
            fields: list(field),
          }),
        ),
        source: text,
      },
      { defaultSource: text, invertsWriteProtection: text },
    ),
    readoutProtection: object({
      field: text,
      level0: count,
      level1: count,
      level2: count,
      regression: object({
        erases: list(text),
        leaves: list(text),
        keptAreas: list(
          object({ bank: count, granuleBytes: count, startField: text, endField: text, eraseField: text }),
        ),
        clearsOnlyThen: list(text),
      }),
      source: text,
    }),
    boot: object(
      {
        selectedBy: oneOf('boot0-and-boot1', 'boot-address'),
        bankField: text,
        bankRule: oneOf('always', 'valid-stack-pointer'),
        source: text,
      },
      { addressFields: object({ pinLow: text, pinHigh: text, agentValue: count }) },
    ),
    layout: object({
      agent: list(namedRange),
      identity: namedRange,
      journal: list(word),
      slots: list(
        object({
          name: text,
          linkStart: word,
          storeStart: word,
          length: count,
          handover: oneOf('jump', 'swap-banks'),
          meaning: text,
        }),
      ),
      progressStrideBytes: count,
      source: text,
    }),
    linkDoors: list(object({ kind: oneOf('uart', 'usb'), peripheral: text, pins: text })),
    linkDoorsSource: text,
  },
  { otp: sourcedRange },
);

type ChipFile = ReturnType<typeof chipFile>;

function eraseUnitsOfBanks(banks: ChipFile['flash']['banks']): EraseUnit[] {
  const units: EraseUnit[] = [];
  for (const { number, addressStart, firstOrdinal, firstEraseCode, unitSizesBytes, writeProtect } of banks) {
    let address = addressStart;
    unitSizesBytes.forEach((sizeBytes, i) => {
      units.push({
        index: units.length,
        bank: number,
        ordinal: firstOrdinal + i,
        eraseCode: firstEraseCode + i,
        addressStart: address,
        sizeBytes,
        writeProtect: { register: writeProtect.register, bit: writeProtect.firstBit + i },
      });
      address += sizeBytes;
    });
  }
  return units;
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
  const journal = file.layout.journal.map(
    (address) =>
      eraseUnits.find((unit) => unit.addressStart === address) ??
      refuse(`${path}.layout.journal`, 'start of an erase unit'),
  );
  if (journal.length !== 2) refuse(`${path}.layout.journal`, 'pair of erase units');
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
      banks: file.flash.banks.map(({ number, addressStart, unitSizesBytes }) => ({
        number,
        addressStart,
        length: unitSizesBytes.reduce((sum, size) => sum + size, 0),
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
    boot: file.boot as Chip['boot'],
    layout: { ...file.layout, journal: [journal[0]!, journal[1]!] },
  } as Chip;
  checkChip(chip, path);
  return chip;
}
