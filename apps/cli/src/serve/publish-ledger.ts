// The ledger of an authority that serves: opened with its key before the first request, and published every
// few seconds besides, so that receipts and approvals get into it too.

import { Ledger, type Store } from '@firmseal/authority';
import type { Secret } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { filesOfFolder, holdFile } from '@firmseal/files';
import { noteSignerOf, openKeyFile } from '@firmseal/keys';
import { ledgerFileSizeBytesAtMost } from '@firmseal/ledger';
import { WitnessClient } from '@firmseal/witness';
import type { Face } from '../face.ts';
import { ledgerFolderOf, ledgerPaths, readLedgerSettings, witnessesOf } from '../ledger/ledger-settings.ts';

const publishEveryMs = 5000;

export interface OpenedLedger {
  readonly ledger: Ledger;
  readonly origin: string;
  release(): Promise<void>;
}

/**
 * Undefined where the folder has no ledger. Throws `ledger-held` while another process publishes it,
 * `ledger-settings-invalid`, what opening the key and Ledger.open throw.
 */
export async function openLedger(
  folder: string,
  { store, passphrase }: { store: Store; passphrase: Secret },
): Promise<OpenedLedger | undefined> {
  const settings = readLedgerSettings(folder);
  if (settings === undefined) return undefined;
  const paths = ledgerPaths(folder);
  const target = ledgerFolderOf(folder, settings);
  const opened = await openKeyFile(nodeCrypto, { path: paths.key, passphrase, role: 'ledger' });
  const lock = await holdFile(paths.settings);
  const release = async () => {
    opened.close();
    if (lock.held) await lock.release();
  };
  try {
    if (!lock.held) throw new Fault('ledger-held', { process: lock.process, folder: target });
    const { sign } = noteSignerOf(nodeCrypto, opened, 'ledger');
    const ledger = await Ledger.open({
      ...{ crypto: nodeCrypto, store, folder: filesOfFolder(target, ledgerFileSizeBytesAtMost) },
      signer: { key: { kind: 'log', name: settings.origin, publicKey: opened.publicKey }, sign },
      witnesses: witnessesOf(folder, settings).map(
        ({ key, url }) => new WitnessClient({ crypto: nodeCrypto, key, url }),
      ),
      least: settings.least,
    });
    return { ledger, origin: settings.origin, release };
  } catch (fault) {
    await release();
    throw fault;
  }
}

/** Publishes what there is; who is away is told. Throws what Ledger.publish does. */
async function publishOnce(face: Face, ledger: Ledger, told: Set<string>): Promise<void> {
  const { away } = await ledger.publish();
  for (const one of away) if (!told.has(one)) face.note(`a witness did not cosign: ${one}`);
  told.clear();
  for (const one of away) told.add(one);
}

/**
 * Publishes now, and again every few seconds until the returned function is called, which publishes a last
 * time. Throws what Ledger.publish does the first time: a ledger that a witness refuses is not served.
 */
export async function keepPublished(face: Face, ledger: Ledger): Promise<() => Promise<void>> {
  const told = new Set<string>();
  // An older copy of database and ledger has nothing new to publish: only the witness knows better.
  for (const one of await ledger.confirm())
    face.warn(`a witness could not say whether the database is the newest one: ${one}`);
  await publishOnce(face, ledger, told);
  let failure = '';
  const publish = async () => {
    try {
      await publishOnce(face, ledger, told);
      failure = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== failure) face.note(`the ledger could not be published: ${message}`);
      failure = message;
    }
  };
  const timer = setInterval(publish, publishEveryMs);
  return () => {
    clearInterval(timer);
    return publish();
  };
}
