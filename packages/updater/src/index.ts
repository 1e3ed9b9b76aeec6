export { findAgent } from './find-agent.ts';
export {
  isPublicToken,
  offerFormat,
  offerOfPage,
  offerScriptType,
  readOffer,
  type UpdateOffer,
} from './offer.ts';
export { type OpenedOffer, openOffer, type ReadPart } from './open-offer.ts';
export {
  type FirmwareSeen,
  isInterrupted,
  runUpdate,
  type UpdateResult,
  type UpdateSettings,
} from './run-update.ts';
export { createTextJournal, type TextStore } from './text-journal.ts';
