export { Connection } from './connection.ts';
export {
  encodeStationFrame,
  type StationFrame,
  StationFrameReader,
} from './frame.ts';
export { type Joining, joinAsLine, runStation, type StationRun } from './join.ts';
export { LineEnd, type LineEndOptions } from './line-end.ts';
export { ListeningLine, refuseJoin } from './listening-line.ts';
export { type AgentOrder, faultPayload, type Join, joinPayload, readJoin } from './messages.ts';
export { Pairing, type Party } from './pairing.ts';
export { StationEnd, type StationEvent, type StationPorts } from './station-end.ts';
