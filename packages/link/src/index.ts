export type { ByteStream, ByteStreamListener } from './byte-stream.ts';
export { type Clock, sleep, systemClock } from './clock.ts';
export { cobsDecode, cobsEncode, cobsLongestBytes } from './cobs.ts';
export {
  decodeFrame,
  encodeFrame,
  type Frame,
  frameContentBytes,
  frameFirstContentBytes,
  frameLongestContentBytes,
} from './frame.ts';
export { FrameReader } from './frame-reader.ts';
export { LinkClient, type LinkClientOptions, type LinkCounts } from './link-client.ts';
export {
  type Answer,
  answerBit,
  faultOfStatus,
  isAgentFault,
  pendingType,
  type RequestName,
  readAnswer,
  readPending,
  recordBody,
  requestTypes,
} from './message.ts';
export { type RecordStreamOptions, streamRecords } from './record-stream.ts';
export type { LineSettings, SerialLine } from './serial-line.ts';
export { createStreamPair } from './stream-pair.ts';
