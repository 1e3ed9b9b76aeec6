// For development: standing licenses in a folder, so that the same chip is installed again and again without
// asking anybody. The authority is asked when the folder has no license, or when the chip
// did not take the one there.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { writeWholeFile } from '@firmseal/files';
import type { LineAuthority } from '@firmseal/programmer';
import { readInput } from '../files.ts';
import { openOutputFolder } from '../output-folder.ts';

/** The job has to give standing licenses; the authority refuses others with `job-mode-wrong`. */
export function cacheLicenses(authority: LineAuthority, folder: string): LineAuthority {
  openOutputFolder(folder, 'any.license');
  /** Chips that were given a license of the folder and did not end with a receipt yet. */
  const given = new Set<string>();
  return {
    giveChallenge: (purpose) => authority.giveChallenge(purpose),
    async issueLicense(request) {
      const chip = toHex(request.thumbprint);
      const file = join(folder, `${chip}-${toHex(request.manifestDigest).slice(0, 16)}.license`);
      if (existsSync(file) && !given.delete(chip)) {
        given.add(chip);
        return { bundle: readInput(file), newUnit: false };
      }
      const answer = await authority.issueLicense({ ...request, mode: 'standing' });
      writeWholeFile(file, [answer.bundle]);
      return answer;
    },
    async storeReceipt(delivery) {
      const kept = await authority.storeReceipt(delivery);
      given.clear();
      return kept;
    },
  };
}
