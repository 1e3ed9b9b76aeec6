// The signer of an authority's folder: its keys, opened by one passphrase; its products; its table, in a file
// of its own or in a PostgreSQL database.

import { existsSync } from 'node:fs';
import {
  type OpenedSigner,
  openPostgresSignerDatabase,
  openSigner,
  openSqliteSignerDatabase,
  type SignerDatabase,
} from '@firmseal/authority';
import type { Secret } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { noteSignerOf, type OpenedKey, openKeyFile, signerOf, unwrapperOf } from '@firmseal/keys';
import {
  authorityPaths,
  databaseOf,
  openAuthorityStore,
  readDatabaseUrl,
  readProducts,
} from '../authority-folder.ts';
import type { Face } from '../face.ts';
import { warnOfReaders } from '../file-readers.ts';
import { ledgerPaths, readLedgerSettings } from '../ledger/ledger-settings.ts';
import { openToken } from '../secret-files.ts';

/** Where the signer counts. */
function openDatabase(face: Face, folder: string): Promise<SignerDatabase> | SignerDatabase {
  const { signerUrl, signerTable } = authorityPaths(folder);
  if (existsSync(signerUrl)) return openPostgresSignerDatabase(readDatabaseUrl(signerUrl));
  const shared = databaseOf(folder);
  if (shared === undefined) return openSqliteSignerDatabase(signerTable);
  // No event: the first one of a server is that it serves.
  face.note(
    `Warning: the signer's table is in the database of the HTTP process, under the same role; give it a role of its own in ${signerUrl}`,
  );
  return openPostgresSignerDatabase(shared);
}

const hasDatabase = (folder: string): boolean => {
  const { database, databaseUrl } = authorityPaths(folder);
  return existsSync(database) || existsSync(databaseUrl);
};

/**
 * Throws what opening keys and databases throws, and verifyProduct. Where the table is new, what the database
 * of the folder counted is taken over. `close` wipes the keys.
 */
export async function openFolderSigner(
  face: Face,
  folder: string,
  passphrase: Secret,
): Promise<OpenedSigner & { readonly served: readonly string[] }> {
  const paths = authorityPaths(folder);
  for (const path of [paths.issuer, paths.kem, paths.deviceCa])
    if (existsSync(path)) warnOfReaders(face, path);
  const keys: OpenedKey[] = [];
  const open = async (path: string, role: 'license-issuer' | 'authority-kem' | 'device-ca' | 'ledger') => {
    const key = await openKeyFile(nodeCrypto, { path, passphrase, role, openToken });
    keys.push(key);
    return key;
  };
  const close = () => {
    for (const key of keys) key.close();
  };
  let database: SignerDatabase | undefined;
  try {
    const issuer = signerOf(nodeCrypto, await open(paths.issuer, 'license-issuer'));
    const kem = unwrapperOf(nodeCrypto, await open(paths.kem, 'authority-kem'));
    const isReplaced = existsSync(paths.previousKem);
    const previousKem = isReplaced
      ? unwrapperOf(nodeCrypto, await open(paths.previousKem, 'authority-kem'))
      : undefined;
    if (isReplaced)
      face.note(
        `${paths.previousKem} still opens what was wrapped for it, until it is retired (docs/key-ceremony.md)`,
      );
    const deviceCa = existsSync(paths.deviceCa)
      ? signerOf(nodeCrypto, await open(paths.deviceCa, 'device-ca'))
      : undefined;
    const settings = readLedgerSettings(folder);
    const ledgerKey = settings && (await open(ledgerPaths(folder).key, 'ledger'));
    const ledger = ledgerKey && {
      key: { kind: 'log', name: settings.origin, publicKey: ledgerKey.publicKey } as const,
      sign: noteSignerOf(nodeCrypto, ledgerKey, 'ledger').sign,
    };
    const { products } = readProducts(folder);
    database = await openDatabase(face, folder);
    const signer = await openSigner({
      ...{ crypto: nodeCrypto, issuer, kem, previousKem, deviceCa, products, database, ledger },
      openStore: hasDatabase(folder) ? () => openAuthorityStore(folder) : undefined,
    });
    return {
      ...signer,
      served: products.map(({ product }) => product),
      async close() {
        await signer.close();
        close();
      },
    };
  } catch (fault) {
    await database?.close();
    close();
    throw fault;
  }
}
