// The last word of an install and of a line: that few units of their job are left, so that whoever stands at
// the line hears it before a chip is refused.

import type { AuthorityClient } from '@firmseal/authority-client';
import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { Face } from './face.ts';

/** An authority that does not answer now ends nothing: the chips are done. */
export async function tellFewUnits(face: Face, client: AuthorityClient): Promise<void> {
  try {
    const { job: own } = await client.call('whoAmI', {});
    if (own?.isFew !== true) return;
    const { job, product, remaining, quota } = own;
    face.tell(
      { event: 'few-units', job, product, remaining, quota },
      `FEW UNITS LEFT: ${remaining} of ${quota} of job ${toHex(job)}; ask the owner for another job in time`,
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}
