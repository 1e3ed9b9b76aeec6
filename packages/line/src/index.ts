export {
  isLineArchive,
  type LineArchiveParts,
  lineArchiveMaxBytes,
  makeLineArchive,
  type OpenedLineArchive,
  openLineArchive,
} from './archive.ts';
export { type BlankChips, type BlankStep, blankSteps } from './blank-chips.ts';
export { type LineEvent, type SocketState, socketStates, type Tally, type UnitsLeft } from './events.ts';
export { exitCodeOfLine, Line, type LineEnd, type LinePackage, type LineSettings } from './line.ts';
export { emptyBoard, type LineBoard, updateLineBoard } from './line-board.ts';
export {
  type LineFile,
  type LineFilePackage,
  type LinePersonalization,
  lineFileSchema,
  lineFormat,
} from './line-file.ts';
export { countSince, type JournalCounts, LineJournal, neededEntries } from './line-journal.ts';
export { Operator, type OperatorAnswer } from './operator.ts';
export type { Cycle } from './outcome.ts';
export { onlineBody, type PublishedEvent, publishedEvent } from './published.ts';
export { renderLineJson, renderLog, socketOf } from './render-log.ts';
export { type RenderedScreen, renderScreen, type ScreenInput, tallyText } from './render-screen.ts';
export { csvHead, csvRow, junitReport } from './reports.ts';
export { SocketLoop, type SocketSettings } from './socket-loop.ts';
export { ateResult, mostTesterBytes, TesterSession, type TesterSocket } from './tester.ts';
