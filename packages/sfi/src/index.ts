export { areaTypes, type SfiArea } from './area.ts';
export type {
  Attempt,
  Books,
  CountedUnit,
  Ledger,
  LicenseSource,
  StTool,
  ToldOutcome,
  UnitBook,
  UnitRecord,
} from './books.ts';
export { type Cause, causes, findCause, findCauses, isHarmless, type Situation } from './causes.ts';
export { deliverWaiting } from './counted.ts';
export { type Diagnosis, diagnose, refuseToClose, wayBackText } from './diagnose.ts';
export { type InstallInputs, installUnit, type SfiEvent, type UnitResult } from './drive.ts';
export {
  type FamilyId,
  familyOfDevice,
  familyOfPart,
  findFamily,
  type LifeState,
  lifeState,
  type SfiFamily,
  sfiFamilies,
} from './families.ts';
export { looksLikeSfi, readSfi, type SfiImage } from './image.ts';
export { overlaps } from './oddities.ts';
export { looksLikeOptionFile, type OptionRow, readOptionFile } from './option-csv.ts';
export {
  type Effect,
  type MeantField,
  type MeantRegister,
  meanOptions,
  type OptionMeanings,
} from './option-meanings.ts';
export {
  compareState,
  type ExpectedState,
  type Judgement,
  judge,
  lifecycles,
  realErrors,
  type SfiOutcome,
  type StateRead,
} from './outcome.ts';
export { type ChipState, discover, hasDiscovery, readState, type ToRead } from './read-state.ts';
export {
  type InstallStep,
  installSteps,
  lastStep,
  readToolLog,
  type ToolLog,
  ToolLogReader,
} from './tool-log.ts';
export { stWords, type ToolPort } from './tool-words.ts';
export { type OpenAes128Gcm, type OpenedArea, type SfiKey, type VerifiedSfi, verifySfi } from './verify.ts';
