export {
  type Delegation,
  delegationKind,
  type EpochStatement,
  epochKind,
  grantOf,
  makeDelegation,
  makeEpochStatement,
  makeSuccession,
  type Role,
  readDelegationUnverified,
  readEpochStatementUnverified,
  readSuccessionUnverified,
  roles,
  type Succession,
  successionCountMax,
  successionKind,
} from './delegation.ts';
export {
  type DevicePublic,
  type Origin,
  type OriginKind,
  originNumber,
  originOf,
  origins,
  originValue,
  sameOrigin,
  thumbprintOf,
} from './device.ts';
export {
  effectiveReadoutLevel,
  encodeOptionValues,
  type OptionValue,
  optionValues,
  type ReadoutLevel,
  readoutLevels,
} from './option-values.ts';
export { isProductName, requireProductName } from './product-name.ts';
export {
  encodeRecoveryBundle,
  type KnownOfChip,
  makeRecoveryStatement,
  type RecoveryBundle,
  type RecoveryStatement,
  readRecoveryBundle,
  recoveryKind,
  verifyRecovery,
} from './recovery.ts';
export {
  checkCounterCap,
  followRoot,
  type GrownTrust,
  type RootObjects,
  type Trust,
  type VerifiedDelegation,
  verifyAuthority,
} from './root-trust.ts';
export {
  bytes16,
  bytes32,
  count,
  orMalformed,
  pointBytes,
  readItem,
  readObject,
  readValue,
  shortText,
  versionText,
  word,
  wordMax,
} from './shapes.ts';
export { digestOf, openSigned, type SignedKind, verifySigned } from './signed-object.ts';
