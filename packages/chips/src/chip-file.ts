// The shape of one file of the catalogue, data/<id>.json, as readers: every key and its kind,
// nothing more. What the types mean: chip.ts; what is derived: read-chip.ts; what must hold
// between the parts: check-chip.ts.

import type { TimingByParallelism } from './flash.ts';
import {
  byte,
  count,
  flag,
  halfWord,
  list,
  object,
  oneOf,
  pair,
  type Reader,
  record,
  text,
  word,
} from './shape.ts';

const timing = object({ typicalUs: count, maximumUs: count });
const byParallelism = {
  x8: timing,
  x16: timing,
  x32: timing,
  x64: timing,
  x128: timing,
  row: timing,
  burst: timing,
};
const parallelism = oneOf('x8', 'x16', 'x32', 'x64', 'x128', 'row', 'burst');
const timings = object({}, byParallelism) as Reader<TimingByParallelism>;
const namedRange = object({ addressStart: word, length: count, meaning: text });
const range = object({ addressStart: word, length: count });
const fieldValue = object({ field: text, value: count });

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
  eraseUnits: list(object({ count, sizeBytes: count })),
  writeProtect: object(
    {},
    {
      bits: object({ register: count, firstBit: count, unitsPerBit: count }),
      ranges: list(object({ startField: text, endField: text })),
    },
  ),
});

const optionWindow = object({
  addressStart: word,
  length: count,
  filler: count,
  complemented: flag,
  alternate: count,
  parts: list(object({ offset: count, register: count, shift: count, lengthBytes: count, writable: flag })),
});

/**
 * One file of the catalogue, parsed. Throws `internal-error` naming the key that is
 * missing, wrong or unknown.
 */
export const chipFile = object(
  {
    id: text,
    number: count,
    names: list(text),
    core: text,
    hasRandomGenerator: flag,
    vectorTable: object({ alignmentBytes: count, source: text }),
    sources: record(object({ document: text, section: text }, { unverified: flag, reason: text })),
    tier: object(
      {
        tier: oneOf('A', 'B', 'C'),
        readoutLevel: oneOf(0, 1, 2),
        agentHidden: flag,
        promised: list(text),
        notPromised: list(text),
        source: text,
      },
      {
        unusedHiding: text,
        repair: object({
          readoutLevel: oneOf(1),
          debuggerReads: list(text),
          debuggerRefused: list(text),
          promised: list(text),
          notPromised: list(text),
          source: text,
        }),
      },
    ),
    identity: object({
      deviceIdRegister: word,
      deviceId: word,
      romBootloaderId: word,
      uniqueIdAddress: word,
      uniqueIdLength: count,
      flashSizeAddress: word,
      source: text,
    }),
    flash: object(
      {
        addressStart: word,
        sizeBytes: count,
        banks: list(bank),
        aliases: list(object({ name: text, addressStart: word, target: word, length: count, meaning: text })),
        source: text,
      },
      { onlyWith: fieldValue },
    ),
    write: object({
      unitBytes: count,
      chunkAlignmentBytes: count,
      parallelism,
      modes: list(
        object({ parallelism, unitBytes: count, externalVpp: flag }, { requires: oneOf('erased-bank') }),
      ),
      overwrite: oneOf('clears-bits', 'breaks-ecc', 'refused'),
      eccGranuleBytes: count,
      brokenRead: oneOf('none', 'bus-fault', 'nmi'),
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
      object(
        { name: text, kind: oneOf('sram', 'backup'), addressStart: word, length: count, meaning: text },
        { guarded: flag, erasedByRegression: flag, erasedAtResetWhile: fieldValue },
      ),
    ),
    endurance: object({ cycles: count, source: text }),
    supply: object(
      { leastMillivolts: count, resetMillivolts: count, source: text },
      {
        monitor: object({
          controlAddress: word,
          enableBit: count,
          levelShifts: list(count),
          statusAddress: word,
          lowBit: count,
          fallingMillivolts: list(count),
        }),
      },
    ),
    ramSource: text,
    romBootloader: object(
      {
        addressStart: word,
        length: count,
        productId: halfWord,
        version: object({ address: word, known: list(byte), source: text }),
        source: text,
      },
      {
        optionMemory: object({ windows: list(optionWindow), source: text }),
        uart: object({ protocolVersion: byte, commands: list(byte), source: text }),
        dfu: object({ alternates: list(text), transferSizeBytes: count, bcdDevice: halfWord, source: text }),
      },
    ),
    debug: object({
      dpIdCode: word,
      apIndex: count,
      apIdr: word,
      romTableBase: word,
      cpuId: word,
      dbgmcuAddress: word,
      idCode: word,
      source: text,
    }),
    flashController: object(
      {
        kind: oneOf('f4', 'h7', 'g0', 'l4', 'u5', 'h5'),
        registerBase: word,
        bankStride: count,
        keys: pair(word),
        optionKeys: pair(word),
        source: text,
      },
      { secureRegisterBase: word },
    ),
    options: object(
      {
        ways: list(oneOf('probe', 'uart-bootloader', 'dfuse', 'agent')),
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
      { defaultSource: text, invertsWriteProtection: text, mapped: list(range) },
    ),
    readoutProtection: object(
      {
        field: text,
        level0: count,
        level1: count,
        level2: count,
        regression: object(
          {
            erases: list(text),
            leaves: list(text),
            keptAreas: list(
              object({
                bank: count,
                granuleBytes: count,
                startField: text,
                endField: text,
                eraseField: text,
              }),
            ),
            clearsOnlyThen: list(text),
          },
          { frozen: list(object({ while: fieldValue, fields: list(text) })) },
        ),
        source: text,
      },
      {
        productStates: list(
          object(
            {
              name: text,
              value: count,
              countsAs: oneOf(0, 1, 2),
              accessAs: oneOf(0, 1, 2),
              boots: oneOf('as-configured', 'flash', 'rom-bootloader'),
              next: list(count),
              meaning: text,
            },
            { regressesTo: count },
          ),
        ),
        halfLevel: object({ value: count, onlyWith: fieldValue }),
        regressionKeys: list(
          object({
            name: text,
            leavesLevel: oneOf(1, 2),
            keyRegisters: list(word),
            lockRegister: word,
            lockBit: count,
            meaning: text,
          }),
        ),
        debugAuthentication: object({
          passwordWhile: fieldValue,
          provisionedIn: count,
          opens: list(count),
          endsIn: count,
          meaning: text,
          source: text,
        }),
      },
    ),
    boot: object(
      {
        selectedBy: oneOf('boot0-and-boot1', 'boot0-and-bits', 'boot-address'),
        emptyCheck: flag,
        source: text,
      },
      {
        bankField: text,
        bankValue: oneOf(0, 1),
        bankRule: oneOf('always', 'valid-stack-pointer'),
        boot0: object({ pinWhile: fieldValue, bitField: text }),
        boot1Field: text,
        addressFields: object({ pinLow: text, shift: count, anchorValue: count }, { pinHigh: text }),
        lock: fieldValue,
      },
    ),
    layout: object({
      anchor: namedRange,
      anchorData: range,
      board: range,
      agent: namedRange,
      agentCopy: range,
      identity: namedRange,
      identityCopy: range,
      journal: pair(range),
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
    openocd: object({ target: text, leastVersion: text, source: text }, { before: text }),
  },
  {
    agentLink: object(
      {
        ports: text,
        uarts: list(
          object({
            peripheral: text,
            addressStart: word,
            clockRegister: word,
            clockBit: count,
            clockHz: count,
          }),
        ),
        source: text,
      },
      { window: count },
    ),
    variants: list(object({ name: text, names: list(text), differs: text, source: text })),
    otp: object(
      { addressStart: word, length: count, source: text },
      { locks: object({ offset: count, blockBytes: count }) },
    ),
    executeOnly: object(
      {
        areas: list(object({ bank: count, granuleBytes: count, startField: text, endField: text })),
        equalMeansBank: flag,
        source: text,
      },
      { sectorsWhile: fieldValue },
    ),
  },
);

export type ChipFile = ReturnType<typeof chipFile>;
