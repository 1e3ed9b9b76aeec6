export { type LineEvent, type SocketState, socketStates, type Tally, type UnitsLeft } from './events.ts';
export { exitCodeOfLine, Line, type LineEnd, type LinePackage, type LineSettings } from './line.ts';
export { type LineFile, type LineFilePackage, lineFileSchema, lineFormat } from './line-file.ts';
export { countSince, type JournalCounts, LineJournal, neededEntries } from './line-journal.ts';
export type { Cycle } from './outcome.ts';
export { SocketLoop, type SocketSettings } from './socket-loop.ts';
