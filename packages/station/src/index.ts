export { checkForStation } from './check-package.ts';
export { holderOfCertificate, holderOfChip } from './holder.ts';
export {
  encodeOutcomeFile,
  type OutcomeFile,
  type StatedOutcome,
  verifyOutcomeFile,
} from './outcome-file.ts';
export {
  type AccessState,
  areaDigestsAsked,
  checkOutcome,
  isProtectionAsFound,
  makeOutcome,
  type OutcomeStatement,
  type ProtectionFound,
  readOutcomeUnverified,
  type StatedInstall,
  type StationMethod,
  type StationResult,
  stationProtection,
  stationResults,
  type VerifiedOutcome,
  verifyOutcome,
} from './outcome-statement.ts';
export {
  makeStationRequest,
  readStationRequestUnverified,
  type StationPurpose,
  type StationRequest,
  type VerifiedRequest,
  verifyStationRequest,
} from './request.ts';
export {
  checkStationDate,
  makeStationDelegation,
  readStationDelegationUnverified,
  type StationDelegation,
  type VerifiedStation,
  verifyStation,
} from './station-delegation.ts';
export {
  issueStationLicense,
  openStationLicense,
  type StationTerms,
  stationLicenseDigestOf,
  type VerifiedStationLicense,
  verifyStationLicense,
} from './station-license.ts';
export {
  entriesOfStation,
  isOnStationList,
  requireListedStation,
  stationListEntry,
  stationListMost,
  stationListName,
} from './station-list.ts';
