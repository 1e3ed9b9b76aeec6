export { byteStreamSuite, type JoinedStreams } from './byte-stream-suite.ts';
export { type ChunkFate, type Direction, type FaultPlan, FaultyStream } from './faulty-stream.ts';
export { type FrameHandler, type ServedAnswer, serveFrames } from './frame-server.ts';
export { seededRandom } from './random.ts';
export { TestClock } from './test-clock.ts';
