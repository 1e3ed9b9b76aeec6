// The kinds of request and how an answer is made of bytes. spec/link.md sections 2 and 3. What the payloads
// of single messages hold is packages/agent-client.

import { type Bytes, u32le } from '@firmseal/bytes';
import { Fault, faultCodeOf, faultRow } from '@firmseal/fault';

export const requestTypes = {
  info: 0x01,
  hello: 0x02,
  'personalize-begin': 0x10,
  'personalize-finish': 0x11,
  'personalize-protect': 0x12,
  'personalize-enrol': 0x13,
  package: 0x20,
  license: 0x21,
  record: 0x22,
  receipt: 0x24,
  acknowledge: 0x25,
  start: 0x26,
  'agent-receipt': 0x27,
  recover: 0x30,
  'agent-header': 0x40,
  'agent-code': 0x41,
} as const;

export type RequestName = keyof typeof requestTypes;

export const answerBit = 0x80;
export const pendingType = 0xff;

export interface Answer {
  /** 0, or the number of a fault in spec/errors. */
  readonly status: number;
  /** With status 0 the payload; else empty. */
  readonly payload: Bytes;
  /** With another status: the record that the agent awaits, or 0. */
  readonly detail: number;
}

const u16leAt = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
export const u32leAt = (bytes: Uint8Array, at: number): number =>
  (u16leAt(bytes, at) | (u16leAt(bytes, at + 2) << 16)) >>> 0;

/** The answer in a body; undefined when the body has not its form. */
export function readAnswer(body: Uint8Array): Answer | undefined {
  // status (2 bytes, little-endian) || payload; a fault has exactly 4 bytes of detail
  if (body.length < 2) return undefined;
  const status = u16leAt(body, 0);
  if (status === 0) return { status, payload: body.slice(2), detail: 0 };
  return body.length === 6 ? { status, payload: new Uint8Array(0), detail: u32leAt(body, 2) } : undefined;
}

/** The estimate of a pending answer in milliseconds; undefined when the body is not 4 bytes. */
export function readPending(body: Uint8Array): number | undefined {
  return body.length === 4 ? u32leAt(body, 0) : undefined;
}

/** Body of a record request: index (4 bytes, little-endian) and the record. */
export function recordBody(index: number, record: Uint8Array): Bytes {
  const body = new Uint8Array(4 + record.length);
  body.set(u32le(index));
  body.set(record, 4);
  return body;
}

/**
 * The fault that a status other than 0 means; its field `from` says `agent`. `link-status-unknown` for a
 * number that no agent answers with (column `chip` of spec/errors).
 */
export function faultOfStatus(request: RequestName, answer: Answer): Fault {
  const { status, detail } = answer;
  const code = faultCodeOf(status);
  const fields = { from: 'agent', what: request, status, detail };
  return new Fault(code !== undefined && faultRow(code).chip ? code : 'link-status-unknown', fields);
}

/** True when the agent itself reported the fault over the link. */
export function isAgentFault(error: unknown): error is Fault {
  if (!(error instanceof Fault)) return false;
  const { from } = error.fields;
  return from === 'agent';
}
