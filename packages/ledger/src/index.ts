export {
  type ChainBreak,
  decodeLogEntry,
  emptyHead,
  encodeLogEntry,
  LogChain,
  type LogEvent,
  type LogFields,
  type LogHead,
  type LogKind,
  type LogRow,
  leafHash,
  nextLogRow,
} from './entry.ts';
