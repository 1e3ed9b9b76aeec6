export { chipIds, findChip } from './catalogue.ts';
export type {
  ApplicationSlot,
  BootConfiguration,
  Chip,
  EraseUnit,
  FieldPolicy,
  FlashAlias,
  FlashBank,
  KeptArea,
  Layout,
  LinkDoor,
  NamedRange,
  OptionField,
  OptionRegister,
  Parallelism,
  RamRange,
  Range,
  ReadoutLevel,
  ReadoutProtection,
  Source,
  Timing,
  TimingByParallelism,
  TimingCase,
  WriteMode,
} from './chip.ts';
export { eraseUnitAt, eraseUnitsOf, hexAddress } from './erase-units.ts';
export { finalOptions, type OptionRequirement } from './final-options.ts';
export { eraseProgramTimeUs, eraseTiming, programTiming, writeUnitBytes } from './flash-time.ts';
export {
  defaultOptionValues,
  fieldMask,
  findOptionField,
  type OptionValues,
  optionField,
  type PolicyBits,
  policyBits,
  readoutLevel,
  withOptionField,
} from './option-values.ts';
export { freeRanges, type PlacedSegment, type Placement, placeImage, storeAddressOf } from './place-image.ts';
