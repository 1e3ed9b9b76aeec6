// Every call of the interface, version 1.

import { auditorCalls } from './auditor-calls.ts';
import { batchCalls } from './batch-calls.ts';
import type { AnswerOf, InputOf } from './call.ts';
import { consoleCalls } from './console-calls.ts';
import { kemCalls } from './kem-calls.ts';
import { lineCalls } from './line-calls.ts';
import { ownerCalls } from './owner-calls.ts';
import { recoveryCalls } from './recovery-calls.ts';
import { siteCalls } from './site-calls.ts';
import { stopCalls } from './stop-calls.ts';
import { webhookCalls } from './webhook-calls.ts';

export const calls = {
  ...lineCalls,
  ...ownerCalls,
  ...batchCalls,
  ...kemCalls,
  ...recoveryCalls,
  ...siteCalls,
  ...stopCalls,
  ...webhookCalls,
  ...auditorCalls,
  ...consoleCalls,
} as const;

export type CallName = keyof typeof calls;
/** What a call is given: fields of path, query and body alike, bytes as bytes. */
export type CallInput<N extends CallName> = InputOf<(typeof calls)[N]>;
export type CallAnswer<N extends CallName> = AnswerOf<(typeof calls)[N]>;
