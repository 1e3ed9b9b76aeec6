export { BarScreen, repaint, type TerminalOutput } from './bar-screen.ts';
export { type BatchOptions, createBatchAuthority } from './batch-authority.ts';
export type {
  EndOfInstall,
  EventBody,
  EventHead,
  FaultReport,
  InstallEvent,
  InstallTimes,
} from './events.ts';
export { exitCodeOf, exitCodeOfFault } from './exit-code.ts';
export { asFault, reportFault } from './fault-report.ts';
export { type GangSettings, runGang } from './gang.ts';
export { type InstallResult, runInstall } from './install.ts';
export type { InstallProof, InstallSettings } from './install-context.ts';
export { type InstallPackage, type PackageTrust, readInstallPackage } from './install-package.ts';
export { type InstallStateName, installStates } from './install-states.ts';
export { createInstallVerifier, type InstallVerifierOptions } from './install-verifier.ts';
export { type Journal, type JournalEntry, type JournalLicense, toJournalLicense } from './journal.ts';
export { encodeJournalLine, type ReadJournal, readJournalBytes } from './journal-line.ts';
export type {
  GivenLicense,
  KeptReceipt,
  LicenseRequest,
  LineAuthority,
  ReceiptDelivery,
  ReceiptKeeper,
} from './line-authority.ts';
export { type Board, type BoardRow, renderBoard, type TerminalSize, updateBoard } from './render-bars.ts';
export { renderJson } from './render-json.ts';
export { renderLines } from './render-lines.ts';
export { type ResultEvent, renderResult } from './render-result.ts';
export { plainText, seconds } from './render-text.ts';
export type { SocketOpener } from './socket-opener.ts';
export { type LicenseSettings, type TakenLicense, takeLicense } from './take-license.ts';
export { runUnproven } from './unproven/run-unproven.ts';
export type {
  Station,
  StationAuthority,
  UnprovenEvent,
  UnprovenResult,
  UnprovenSettings,
} from './unproven/unproven-settings.ts';
export type {
  InstallVerifier,
  KnownLicense,
  ReceiptQuestion,
  VerifiedHello,
  VerifiedReceipt,
} from './verifier.ts';
