// What the agent says of itself in the answer to an info request: it drives the line and proves nothing.
// spec/link.md section 3.

import type { Bytes } from '@firmseal/bytes';
import {
  byteString,
  decodeCbor,
  field,
  integer,
  oneOf,
  optionalField,
  readMap,
  textString,
} from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { frameFirstContentBytes, frameLongestContentBytes } from '@firmseal/link';
import { readLoaderInfo } from './loader-client.ts';
import { readPayload } from './payload.ts';

/** In the order of their values, spec/agent.md section 2. */
export const lifeCycles = [
  ...(['blank', 'personalized', 'installing', 'installed'] as const),
  ...(['erased', 'trial', 'reverted', 'recovery-needed'] as const),
] as const;
export type LifeCycle = (typeof lifeCycles)[number];

export interface AgentInfo {
  readonly chipId: string;
  readonly agentVersion: number;
  readonly lifeCycle: LifeCycle;
  /** Longest content of a frame that the agent takes. */
  readonly longestContentBytes: number;
  /** Records that may be unanswered. */
  readonly window: number;
  /** Next record awaited in the present install, or 0. */
  readonly nextRecord: number;
  readonly readoutLevel: 0 | 1 | 2;
  /** For people; not secret, and anybody can copy it. */
  readonly uniqueId: Bytes;
  /** Number of the fault that the agent met in its board settings, 0 when it uses them. */
  readonly boardFault?: number;
  /** Cells of one-time programmable memory that are free for floors; missing on a chip without them. */
  readonly floorsLeft?: number;
}

const count = integer(0, 2 ** 31 - 1);
const shape = {
  linkVersion: field(0, oneOf(1)),
  chipId: field(1, textString(1, 32, /^[!-~]+$/)),
  agentVersion: field(2, count),
  lifeCycle: field(3, integer(0, lifeCycles.length - 1)),
  longestContentBytes: field(4, integer(frameFirstContentBytes, 2 ** 31 - 1)),
  window: field(5, integer(1, 2 ** 31 - 1)),
  nextRecord: field(6, count),
  readoutLevel: field(7, oneOf(0, 1, 2)),
  uniqueId: field(8, byteString(1, 32)),
  boardFault: optionalField(9, integer(0, 65_535)),
  floorsLeft: optionalField(11, integer(0, 65_535)),
};

/**
 * The info of a payload. Throws `chip-waits-for-agent` where the loader of an anchor answers,
 * `link-version-unsupported` or `link-answer-malformed`.
 */
export function readAgentInfo(payload: Uint8Array): AgentInfo {
  return readPayload('info', () => {
    const waiting = readLoaderInfo(payload);
    if (waiting !== undefined) throw new Fault('chip-waits-for-agent', { chip: waiting });
    const value = decodeCbor(payload, { maxBytes: frameLongestContentBytes });
    // The version is looked at first: another one may have other keys.
    const version = value instanceof Map ? value.get(0) : undefined;
    if (typeof version === 'number' && version !== 1)
      throw new Fault('link-version-unsupported', { version });
    const { linkVersion: _, lifeCycle, ...rest } = readMap(value, shape, 'info');
    return { ...rest, lifeCycle: lifeCycles[lifeCycle]! };
  });
}
