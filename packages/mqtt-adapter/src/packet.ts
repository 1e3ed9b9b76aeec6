// The packets of MQTT 3.1.1 that a publisher sends and the answers that it reads (OASIS Standard, 29 October
// 2014; sections in brackets).

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';

const connectType = 1;
const connackType = 2;
const publishType = 3;
const pubackType = 4;
const pingRequestType = 12;
const pingAnswerType = 13;
const disconnectType = 14;

export interface Message {
  readonly topic: string;
  readonly payload: Bytes;
  /** The broker keeps it for who subscribes later. */
  readonly retain: boolean;
}

export interface ConnectFields {
  readonly clientId: string;
  readonly keepAliveSeconds: number;
  readonly user?: string | undefined;
  readonly password?: Uint8Array | undefined;
  /** The broker publishes it when the connection breaks. */
  readonly will?: Message | undefined;
}

const u16 = (value: number): Bytes => Uint8Array.of(value >>> 8, value & 0xff);

/** [1.5.3] Length and UTF-8. */
const text = (value: string): Bytes => field(utf8(value));
const field = (bytes: Uint8Array): Bytes => concatBytes(u16(bytes.length), bytes);

/** [2.2.3] Seven bits a byte, lowest first. */
function remainingLength(length: number): Bytes {
  const bytes: number[] = [];
  do {
    bytes.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    length >>>= 7;
  } while (length > 0);
  return Uint8Array.from(bytes);
}

function packet(type: number, flags: number, ...parts: readonly Uint8Array[]): Bytes {
  const body = concatBytes(...parts);
  return concatBytes(Uint8Array.of((type << 4) | flags), remainingLength(body.length), body);
}

/** [3.1] A clean session: what was not acknowledged is sent again by us. */
export function connectPacket({ clientId, keepAliveSeconds, user, password, will }: ConnectFields): Bytes {
  const flags =
    0x02 |
    (user === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will === undefined ? 0 : 0x04 | 0x08 | (will.retain ? 0x20 : 0));
  return packet(
    connectType,
    0,
    ...[text('MQTT'), Uint8Array.of(4, flags), u16(keepAliveSeconds), text(clientId)],
    ...(will === undefined ? [] : [text(will.topic), field(will.payload)]),
    ...(user === undefined ? [] : [text(user)]),
    ...(password === undefined ? [] : [field(password)]),
  );
}

/** [3.3] Quality of service 1; `again`: it may have arrived before. */
export function publishPacket({ topic, payload, retain }: Message, id: number, again: boolean): Bytes {
  const flags = (again ? 8 : 0) | 2 | (retain ? 1 : 0);
  return packet(publishType, flags, text(topic), u16(id), payload);
}

export const pingPacket = (): Bytes => packet(pingRequestType, 0);
export const disconnectPacket = (): Bytes => packet(disconnectType, 0);

export type BrokerAnswer =
  /** 0: accepted; 4 and 5: user and password, or not allowed [3.2.2.3]. */
  | { readonly kind: 'connack'; readonly code: number }
  | { readonly kind: 'puback'; readonly id: number }
  | { readonly kind: 'pong' };

/** Longest answer that a publisher gets. */
const answerBytes = 4;

/**
 * Answers at the head of the bytes, and how many bytes they took. Undefined for anything that a broker does
 * not say to a publisher: the connection is given up then.
 */
export function readAnswers(bytes: Uint8Array): { answers: BrokerAnswer[]; taken: number } | undefined {
  const answers: BrokerAnswer[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const [head, length] = [bytes[at]!, bytes[at + 1]!];
    const isKnown =
      (length === 2 && (head === connackType << 4 || head === pubackType << 4)) ||
      (length === 0 && head === pingAnswerType << 4);
    if (!isKnown) return undefined;
    if (bytes.length - at < 2 + length) break;
    if (head === connackType << 4) answers.push({ kind: 'connack', code: bytes[at + 3]! });
    else if (head === pubackType << 4)
      answers.push({ kind: 'puback', id: (bytes[at + 2]! << 8) | bytes[at + 3]! });
    else answers.push({ kind: 'pong' });
    at += 2 + length;
  }
  return { answers, taken: at };
}

/** What may wait for the rest of an answer. */
export const mostUnreadBytes = answerBytes;
