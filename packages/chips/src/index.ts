export { type AdoptionSwitch, adoptableByUpdate, adoptionSwitch } from './adoption.ts';
export { type AgentBuild, agentBuilds, agentVersion, requireAgent } from './agent-builds.ts';
export { agentHeader, agentHeaderBytes, agentVectors, statusPlace } from './agent-slot.ts';
export { bootOptions, changedOptions, withoutWriteProtection } from './boot-options.ts';
export { brownOutMillivolts, brownOutOptions, marginMillivolts } from './brown-out.ts';
export { chipIds, findChip, findChipNamed } from './catalogue.ts';
export type { ApplicationSlot, Chip, JournalUnit, Layout, RamRange, SupplyMonitor } from './chip.ts';
export type {
  AgentLink,
  AgentUart,
  BootloaderVersion,
  DebugIdentity,
  DfuBootloader,
  LinkDoor,
  OptionMemoryPart,
  OptionMemoryWindow,
  UartBootloader,
} from './doors.ts';
export { eraseUnitAt, eraseUnitsOf, hexAddress } from './erase-units.ts';
export { executeOnlyRanges } from './execute-only.ts';
export { finalOptions } from './final-options.ts';
export type {
  EraseUnit,
  FlashAlias,
  FlashBank,
  FlashController,
  Parallelism,
  Timing,
  TimingByParallelism,
  TimingCase,
  WriteMode,
  WriteProtection,
  WriteProtectRange,
} from './flash.ts';
export {
  eraseProgramTimeUs,
  eraseTiming,
  massEraseTiming,
  programTiming,
  writeUnitBytes,
} from './flash-time.ts';
export { type MemoryKind, type MemoryPlace, memoryAt } from './memory-map.ts';
export {
  accessLevel,
  defaultOptionValues,
  fieldMask,
  findOptionField,
  isSilentAt,
  type OptionValues,
  optionField,
  type PolicyBits,
  policyBits,
  readoutLevel,
  withOptionField,
} from './option-values.ts';
export { type OptionReason, packageFields, reasonOf } from './package-options.ts';
export { freeRanges, type PlacedSegment, type Placement, placeImage, storeAddressOf } from './place-image.ts';
export type {
  BootConfiguration,
  DebugAuthentication,
  ExecuteOnly,
  ExecuteOnlyArea,
  FieldPolicy,
  FieldValue,
  KeptArea,
  OptionField,
  OptionRegister,
  OptionRequirement,
  OptionWay,
  ProductState,
  ReadoutLevel,
  ReadoutProtection,
  RegressionKey,
} from './protection.ts';
export type { NamedRange, Range, Source } from './range.ts';
export {
  findVectorTables,
  type LinkedBytes,
  type VectorTableFault,
  vectorTableFault,
} from './vector-table.ts';
export { independentWatchdogField, windowWatchdogField } from './watchdogs.ts';
export { journalBytes, journalErases, type Wear, wearOf } from './wear.ts';
export { isWriteProtected, writeProtecting } from './write-protect.ts';
