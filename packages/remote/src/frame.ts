// Frames between line, relay and station: a header of twelve bytes and a payload, both bounded. Bytes come
// from a network, so nothing is allocated by a length that only was announced. spec/remote.md section 2.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** Of a connection; these are neither counted nor sent again. */
const connectionTypes = {
  join: 0x01,
  joined: 0x02,
  begin: 0x03,
  begun: 0x04,
  alive: 0x05,
  received: 0x06,
  refused: 0x07,
  waiting: 0x08,
} as const;

/** Of a session; each is counted, kept until the other side has it, and sent again after a reconnect. */
const sessionTypes = {
  open: 0x10,
  opened: 0x11,
  data: 0x12,
  credit: 0x13,
  close: 0x14,
  fault: 0x15,
} as const;

type ConnectionFrameType = keyof typeof connectionTypes;
export type SessionFrameType = keyof typeof sessionTypes;
export type StationFrameType = ConnectionFrameType | SessionFrameType;

export interface StationFrame {
  readonly type: StationFrameType;
  /** 0 for frames of a connection. */
  readonly channel: number;
  /** Of a session's frame: how many came before it, modulo 2^32. 0 for frames of a connection. */
  readonly number: number;
  readonly payload: Bytes;
}

const headerBytes = 12;
export const mostDataBytes = 16_384;
const mostControlBytes = 2048;

const codes: Readonly<Record<StationFrameType, number>> = { ...connectionTypes, ...sessionTypes };
const names = new Map(Object.entries(codes).map(([name, code]) => [code, name as StationFrameType]));

const empty = new Set<StationFrameType>(['joined', 'alive', 'waiting', 'opened', 'close']);

const longestBytes = (type: StationFrameType): number => {
  if (type === 'data') return mostDataBytes;
  if (empty.has(type)) return 0;
  return type === 'credit' || type === 'received' ? 8 : mostControlBytes;
};

export const isSessionType = (type: StationFrameType): type is SessionFrameType => type in sessionTypes;

export function encodeStationFrame({ type, channel, number, payload }: StationFrame): Bytes {
  if (payload.length > longestBytes(type)) throw new RangeError(`${payload.length} bytes in ${type}`);
  const frame = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, codes[type]);
  view.setUint16(2, payload.length);
  view.setUint32(4, channel);
  view.setUint32(8, number);
  frame.set(payload, headerBytes);
  return frame;
}

const malformed = (problem: string): Fault => new Fault('station-frame-malformed', { problem });

/** Cuts a stream of bytes into frames; never holds more than the longest frame and what one push brought. */
export class StationFrameReader {
  #held: Bytes = new Uint8Array(0);

  /** What came of a frame whose end is not there yet. */
  get rest(): Bytes {
    return this.#held;
  }

  /** Hands each whole frame to `take`, in order. Throws `station-frame-malformed`; nothing may follow. */
  push(bytes: Uint8Array, take: (frame: StationFrame) => void): void {
    const held = this.#held.length === 0 ? bytes.slice() : concatBytes(this.#held, bytes);
    const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
    let at = 0;
    while (held.length - at >= headerBytes) {
      // type (1), zero (1), then big-endian: length of the payload (2), channel (4), number (4); payload
      const type = names.get(view.getUint8(at));
      if (type === undefined || view.getUint8(at + 1) !== 0) throw malformed('a frame of no known type');
      const length = view.getUint16(at + 2);
      if (length > longestBytes(type)) throw malformed(`${length} bytes in a frame of type ${type}`);
      const channel = view.getUint32(at + 4);
      const number = view.getUint32(at + 8);
      const ofSession = isSessionType(type);
      if ((channel !== 0) !== ofSession || (number !== 0 && !ofSession))
        throw malformed(`channel ${channel}, number ${number} for ${type}`);
      const end = at + headerBytes + length;
      if (held.length < end) break;
      take({ type, channel, number, payload: held.slice(at + headerBytes, end) });
      at = end;
    }
    this.#held = held.slice(at);
  }
}
