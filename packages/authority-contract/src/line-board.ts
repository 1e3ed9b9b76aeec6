// The board of a line: its sockets and newest results, as the line tells its authority while it runs.
// docs/console.md says who sees it. It is a view of now, no evidence: nothing is decided by it.

import { Fault } from '@firmseal/fault';
import { z } from 'zod';
import * as of from './encodings.ts';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'a name of a line file is due');
const durationMs = z.int().min(0).max(0x7fffffff);

/** As packages/line has them. */
const socketStates = [
  ...(['empty', 'ready', 'label', 'queued', 'installing'] as const),
  ...(['held', 'done', 'halted', 'ended'] as const),
] as const;

const result = z.object({
  socket: name,
  /** By the clock of the line. */
  atMs: of.timeMs,
  totalMs: durationMs,
  /** `pass`, a weakness such as `enrolled`, `fail` or `refused`. */
  outcome: of.shownText(32),
  /** Label of the error, `FS0700`. */
  error: z.optional(of.shownText(16)),
  thumbprint: z.optional(of.digest),
});

const socket = z.object({
  name,
  place: of.shownText(300),
  package: name,
  state: z.enum(socketStates),
  /** What the engine does while it installs; empty otherwise. */
  step: of.shownText(32),
  /** 0 to 1, of the records. */
  fraction: z.number().min(0).max(1),
  last: result.optional(),
});

/** Newest results that a board holds. */
export const mostBoardResults = 300;
const mostSockets = 256;
const mostAlarms = 32;

export const lineBoard = z.object({
  line: name,
  /** Those that install packages of the job. */
  sockets: z.array(socket).max(mostSockets),
  /** Of the whole line, since its shift began. */
  tally: z.object({ passed: of.count, passedFirst: of.count, failed: of.count, refused: of.count }),
  /** Of the sockets above, oldest first. */
  results: z.array(result).max(mostBoardResults),
  alarms: z
    .array(z.object({ socket: name.optional(), error: of.shownText(16), sentence: of.shownText(300) }))
    .max(mostAlarms),
});
export type LineBoardView = z.output<typeof lineBoard>;
export type BoardResult = z.output<typeof result>;

/** As a store keeps it. */
export const encodeLineBoard = (board: LineBoardView): string => JSON.stringify(z.encode(lineBoard, board));

/** Throws `board-malformed`: the store holds something that no line brought. */
export function decodeLineBoard(text: string): LineBoardView {
  const { data } = z.safeDecode(lineBoard, JSON.parse(text) as never);
  if (data === undefined) throw new Fault('board-malformed');
  return data;
}
