export {
  checkCounterCap,
  type Delegation,
  delegationTyp,
  epochTyp,
  makeDelegation,
  makeEpochStatement,
  type Role,
  readDelegationUnverified,
  readEpochStatementUnverified,
  roles,
  type Trust,
  verifyAuthority,
  verifyDelegation,
} from './delegation.ts';
export { type DevicePublic, thumbprintOf } from './device.ts';
export { encodeOptionValues, type OptionValue, optionValues, readoutLevels } from './option-values.ts';
export { isProductName, requireProductName } from './product-name.ts';
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
export { checkSigned, digestOf, openSigned } from './signed-object.ts';
