// The ledger of an authority that serves: opened with its key before the first request, and published every
// few seconds besides, so that receipts and approvals get into it too.

import { Ledger, ledgerSignerOf, type OpenedSigner, type Store } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { filesOfFolder, holdFile } from '@firmseal/files';
import { ledgerFileSizeBytesAtMost } from '@firmseal/ledger';
import { WitnessClient } from '@firmseal/witness';
import type { Face } from '../face.ts';
import { ledgerFolderOf, ledgerPaths, readLedgerSettings, witnessesOf } from '../ledger/ledger-settings.ts';

const publishEveryMs = 5000;

/** What a ledger needs of the signer. */
type FolderSigner = Pick<OpenedSigner, 'describe' | 'signCheckpoint'>;

export interface OpenedLedger {
  readonly ledger: Ledger;
  readonly origin: string;
  release(): Promise<void>;
}

/**
 * Undefined where the folder has no ledger; the signer has its key. Throws `ledger-held` while another
 * process publishes it, `ledger-settings-invalid`, and what Ledger.open throws.
 */
export async function openLedger(
  folder: string,
  { store, signer }: { store: Store; signer: FolderSigner },
): Promise<OpenedLedger | undefined> {
  const settings = readLedgerSettings(folder);
  if (settings === undefined) return undefined;
  const paths = ledgerPaths(folder);
  const target = ledgerFolderOf(folder, settings);
  const { ledger: key } = await signer.describe();
  const problem = 'the signer has no key of that name: give its folder the same settings, and ledger.key';
  if (key?.origin !== settings.origin)
    throw new Fault('ledger-settings-invalid', { file: paths.settings, problem });
  const lock = await holdFile(paths.settings);
  const release = async () => {
    if (lock.held) await lock.release();
  };
  try {
    if (!lock.held) throw new Fault('ledger-held', { process: lock.process, folder: target });
    const ledger = await Ledger.open({
      ...{ crypto: nodeCrypto, store, folder: filesOfFolder(target, ledgerFileSizeBytesAtMost) },
      signer: ledgerSignerOf(key, (request) => signer.signCheckpoint(request)),
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
