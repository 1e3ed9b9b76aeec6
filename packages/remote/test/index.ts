export { RemoteSite, stationToken } from './site.ts';
export { createSlowPair, type SlowPair, type Way } from './slow-pair.ts';
