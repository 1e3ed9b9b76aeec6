// Boards: what running lines tell of themselves. A view of now, kept for a day at most; nothing is decided by
// it, so it is not logged.

import { decodeLineBoard, encodeLineBoard, type LineBoardView } from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import type { Authority } from './authority.ts';

const keptForMs = 86_400_000;
const mostListed = 200;

export async function keepBoard(
  authority: Authority,
  { tokenId, jobId, board }: { tokenId: string; jobId: Bytes; board: LineBoardView },
): Promise<void> {
  const atMs = authority.clock.nowMs();
  const record = { tokenId, jobId, atMs, board: encodeLineBoard(board) };
  await authority.store.keepBoard(record, atMs - keptForMs);
}

/** Newest first. Throws `board-malformed`. */
export async function listBoards(authority: Authority): Promise<{
  nowMs: number;
  boards: { tokenId: string; job: Bytes; atMs: number; board: LineBoardView }[];
}> {
  const nowMs = authority.clock.nowMs();
  const records = await authority.store.listBoards({ from: 0, limit: mostListed });
  const boards = records
    .filter(({ atMs }) => atMs >= nowMs - keptForMs)
    .map(({ jobId, board, ...rest }) => ({ ...rest, job: jobId, board: decodeLineBoard(board) }));
  return { nowMs, boards };
}
