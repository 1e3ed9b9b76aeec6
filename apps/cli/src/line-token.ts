// The token of a line, as the commands tell of it.

import type { JobMode } from '@firmseal/authority-contract';
import type { Face } from './face.ts';
import { showTime } from './times.ts';

/** How long a token of a line lives unless somebody says otherwise. */
export const lineTokenDays = 30;
/** And the public one of an update. */
export const publicTokenDays = 365;

export function tellLineToken(
  face: Face,
  made: { job: Uint8Array; tokenId: string; expiresAtMs: number; file: string },
  mode: JobMode,
): void {
  const { tokenId, expiresAtMs, file } = made;
  const whose = mode === 'update' ? 'that may be published' : 'for a line';
  face.tell(
    { event: 'token-made', ...made },
    `${file}: token ${tokenId} ${whose}, this job only, until ${showTime(expiresAtMs)}`,
  );
}
