// Where the files of a ledger are read from: a folder, a web server, or the authority itself.

import { ledgerOverHttp } from '@firmseal/authority-client';
import { filesOfFolder } from '@firmseal/files';
import { type LedgerFiles, ledgerFileSizeBytesAtMost } from '@firmseal/ledger';
import type { Face } from '../face.ts';
import { readToken } from '../secret-files.ts';
import { tlsFetch } from '../tls-fetch.ts';

/** Reads nothing yet. Throws what ledgerOverHttp and readToken throw. */
export function ledgerSource(
  face: Face,
  { ledger, tokenFile }: { ledger: string; tokenFile?: string | undefined },
): LedgerFiles {
  if (!/^https?:\/\//.test(ledger)) return filesOfFolder(ledger, ledgerFileSizeBytesAtMost);
  const fetch = tlsFetch(face.shell);
  return ledgerOverHttp({
    address: ledger,
    ...(tokenFile === undefined ? {} : { token: readToken(face, tokenFile) }),
    ...(fetch ? { fetch } : {}),
  });
}
