// Files of an update by their addresses. 404 means that nothing is there; anything else that is no success
// is a fault that trying again may end.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/**
 * The file; undefined when the server has no such file. `integrity`: as of a script element.
 * Throws `update-download-failed`.
 */
export async function fetchPart(
  url: string,
  base: string,
  integrity: string | null = null,
): Promise<Bytes | undefined> {
  try {
    const address = new URL(url, base);
    const answer = await fetch(address, {
      ...{ credentials: 'omit', redirect: 'follow', cache: 'no-cache' },
      ...(integrity === null ? {} : { integrity }),
    });
    if (answer.status === 404) return undefined;
    if (!answer.ok)
      throw new Fault('update-download-failed', { file: url, reason: `status ${answer.status}` });
    return new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const reason = cause instanceof Error ? cause.message : 'no reason was given';
    throw new Fault('update-download-failed', { file: url, reason }, { cause });
  }
}
