// What the payloads of frames say: deterministic CBOR, read strictly. spec/remote.md sections 3 to 5.

import { type Bytes, u32be } from '@firmseal/bytes';
import {
  arrayOf,
  boolean,
  byteString,
  type CborInput,
  type CborValue,
  decodeCbor,
  encodeCbor,
  integer,
  oneOf,
  type Schema,
  textString,
  tuple,
} from '@firmseal/cbor-cose';
import { Fault, faultCodeOf, harmless } from '@firmseal/fault';

export const stationVersion = 1;

/** Frames of one session. At a thousand a second that is 8,000 years. */
const mostCount = Number.MAX_SAFE_INTEGER;
const mostBytes = 2048;

const role = oneOf('line', 'station');
const version = integer(0, 65_535);
const name = textString(1, 63, /^[a-z0-9][a-z0-9_-]*$/);
const count = integer(0, mostCount);
const id = byteString(16);

/** Throws `station-frame-malformed`. */
function read<T>(what: string, payload: Uint8Array, schema: Schema<T>): T {
  try {
    return schema(decodeCbor(payload, { maxBytes: mostBytes }), what);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('station-frame-malformed', { problem: cause.message }, { cause });
  }
}

/** The first frame of who made the connection. The token is secret. */
export interface Join {
  readonly version: number;
  readonly role: 'line' | 'station';
  readonly station: string;
  readonly token: string;
  /** Of this run of the program: a station that was started again takes the place of itself. */
  readonly instance: Bytes;
}

const joinSchema = tuple(version, role, name, textString(16, 128, /^[A-Za-z0-9_-]+$/), id);

export const joinPayload = (join: Join): Bytes =>
  encodeCbor([join.version, join.role, join.station, join.token, join.instance]);

export function readJoin(payload: Uint8Array): Join {
  const [versionOfPeer, roleOfPeer, station, token, instance] = read('join', payload, joinSchema);
  return { version: versionOfPeer, role: roleOfPeer, station, token, instance };
}

/** The line begins a session, or goes on with it. */
export interface Begin {
  readonly version: number;
  /** Which station the line means. */
  readonly station: string;
  readonly session: Bytes;
  /** False for a new session. */
  readonly resumes: boolean;
  /** Frames of the session that the sender has received. */
  readonly received: number;
}

const beginSchema = tuple(version, name, id, boolean, count);

export const beginPayload = (begin: Begin): Bytes =>
  encodeCbor([begin.version, begin.station, begin.session, begin.resumes, begin.received]);

export function readBegin(payload: Uint8Array): Begin {
  const [versionOfPeer, station, session, resumes, received] = read('begin', payload, beginSchema);
  return { version: versionOfPeer, station, session, resumes, received };
}

export interface Begun {
  readonly version: number;
  /** Whether the session is the one from before. */
  readonly resumed: boolean;
  readonly received: number;
}

const begunSchema = tuple(version, boolean, count);

export const begunPayload = (begun: Begun): Bytes =>
  encodeCbor([begun.version, begun.resumed, begun.received]);

export function readBegun(payload: Uint8Array): Begun {
  const [versionOfPeer, resumed, received] = read('begun', payload, begunSchema);
  return { version: versionOfPeer, resumed, received };
}

export const receivedPayload = (received: number): Bytes => {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, BigInt(received));
  return payload;
};

export function readReceived(payload: Bytes): number {
  if (payload.length !== 8) throw new Fault('station-frame-malformed', { problem: 'a count of frames' });
  const value = new DataView(payload.buffer, payload.byteOffset).getBigUint64(0);
  return Number(value); // a count beyond what was sent is refused by the session
}

/** What a channel is for: bytes of an agent's link, or one operation on a chip. */
type Purpose = 'link' | 'write-agent' | 'start-agent';

export interface Open {
  readonly purpose: Purpose;
  /** Canonical text of a place of the station. */
  readonly place: string;
  /** Of an operation: the chip by its id in the catalogue; empty for a link. */
  readonly chip: string;
  /** Length of the order that follows as data; 0 when no data follow. */
  readonly orderBytes: number;
}

const mostOrderBytes = 4 * 1024 * 1024;
const openSchema = tuple(
  oneOf('link', 'write-agent', 'start-agent'),
  textString(1, 300),
  textString(0, 32),
  integer(0, mostOrderBytes),
);

export const openPayload = (open: Open): Bytes =>
  encodeCbor([open.purpose, open.place, open.chip, open.orderBytes]);

export function readOpen(payload: Uint8Array): Open {
  const [purpose, place, chip, orderBytes] = read('open', payload, openSchema);
  return { purpose, place, chip, orderBytes };
}

export const creditPayload = u32be;

export function readCredit(payload: Bytes): number {
  if (payload.length !== 4) throw new Fault('station-frame-malformed', { problem: 'a credit' });
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0);
}

const mostFields = 16;
const mostFieldText = 300;

const fieldValue: Schema<string | number | boolean> = (value: CborValue, what) => {
  if (typeof value === 'boolean' || typeof value === 'number') return value;
  return textString(0, 4 * mostFieldText)(value, what);
};
const faultSchema = tuple(
  integer(0, 65_535),
  arrayOf(tuple(textString(1, 32, /^[A-Za-z]+$/), fieldValue), 0, mostFields),
);

/** A fault as it crosses: its number and fields; texts are cut to fit. */
export function faultPayload(error: unknown): Bytes {
  const fault = error instanceof Fault ? error : new Fault('internal-error', { detail: 'no fault' });
  const cut = (value: string | number | boolean): CborInput =>
    typeof value === 'string' ? value.slice(0, mostFieldText) : plain(value);
  const fields = Object.entries(fault.fields).slice(0, mostFields);
  for (let most = fields.length; ; most--) {
    const payload = encodeCbor([
      fault.number,
      fields.slice(0, most).map(([key, value]) => [key, cut(value)]),
    ]);
    if (payload.length <= mostBytes) return payload;
  }
}

/** CBOR of this project has no fractions. */
const plain = (value: number | boolean): number | boolean =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? Math.trunc(value) : value;

/** The other side's fault as one of ours; its field `from` says `station`. */
export function readFault(payload: Uint8Array): Fault {
  const [number, fields] = read('fault', payload, faultSchema);
  const code = faultCodeOf(number);
  if (code === undefined) return new Fault('station-answer-unknown', { number });
  const safe = fields.map(([key, value]) => [key, typeof value === 'string' ? harmless(value) : value]);
  return new Fault(code, { ...Object.fromEntries(safe), from: 'station' });
}

/** Bytes at flash addresses, and how to write them. */
export interface AgentOrder {
  readonly image: readonly { readonly address: number; readonly bytes: Bytes }[];
  /** The least supply of the board in mV. */
  readonly leastMillivolts?: number;
  /** Takes readout level 1 back first. */
  readonly eraseProtected: boolean;
}

const word = integer(0, 0xffff_ffff);
const orderSchema = tuple(
  arrayOf(tuple(word, byteString(1, mostOrderBytes)), 1, 64),
  integer(0, 65_535),
  boolean,
);

export const orderPayload = ({ image, leastMillivolts = 0, eraseProtected }: AgentOrder): Bytes =>
  encodeCbor([image.map(({ address, bytes }) => [address, bytes]), leastMillivolts, eraseProtected]);

export function readOrder(payload: Uint8Array): AgentOrder {
  try {
    const value = decodeCbor(payload, { maxBytes: mostOrderBytes });
    const [image, leastMillivolts, eraseProtected] = orderSchema(value, 'order');
    return {
      image: image.map(([address, bytes]) => ({ address, bytes })),
      ...(leastMillivolts === 0 ? {} : { leastMillivolts }),
      eraseProtected,
    };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('station-frame-malformed', { problem: cause.message }, { cause });
  }
}
