export { sendRecords, serveRecords, siteWithCable } from './records.ts';
export { RemoteSite, stationToken } from './site.ts';
export { createSlowPair, type SlowPair, type Way } from './slow-pair.ts';
