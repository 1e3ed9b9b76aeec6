// The token of a line, as the commands tell of it.

import type { Face } from './face.ts';
import { showTime } from './times.ts';

/** How long a token of a line lives unless somebody says otherwise. */
export const lineTokenDays = 30;

export function tellLineToken(
  face: Face,
  made: { job: Uint8Array; tokenId: string; expiresAtMs: number; file: string },
): void {
  const { tokenId, expiresAtMs, file } = made;
  face.tell(
    { event: 'token-made', ...made },
    `${file}: token ${tokenId} for a line, this job only, until ${showTime(expiresAtMs)}`,
  );
}
