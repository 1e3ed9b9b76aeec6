// Publishes the ledger of a campaign, a round for each message, and tells the checkpoint.
// Arguments: address of the database, folder of the ledger, private key and name of the log,
// address and verifier key of the witness.

import { flushCompileCache } from 'node:module';
import { Ledger, openPostgresStore, parsePostgresUrl, type Store } from '@firmseal/authority';
import { fromHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { filesOfFolder } from '@firmseal/files';
import { ledgerFileSizeBytesAtMost, parseNoteKey } from '@firmseal/ledger';
import { WitnessClient } from '@firmseal/witness';

/** `passes`: the database was away, as it is when it is stopped. */
export type Published =
  | { readonly checkpoint: string }
  | { readonly fault: string; readonly passes: boolean };

const [place, folder, privateKey, name, url, witnessKey] = process.argv.slice(2) as [
  ...[string, string, string, string, string, string],
];
const pair = crypto.ed25519FromPrivate(fromHex(privateKey))!;
const witnesses = [new WitnessClient({ crypto, key: parseNoteKey(crypto, witnessKey, 'witness'), url })];
const signer = {
  key: { kind: 'log', name, publicKey: pair.publicKey } as const,
  sign: async (text: Uint8Array) => crypto.signEd25519(pair.privateKey, text),
};
let opened: { store: Store; ledger: Ledger } | undefined;

async function open(): Promise<{ store: Store; ledger: Ledger }> {
  const store = await openPostgresStore({
    ...{ address: parsePostgresUrl(place, { allowPassword: false }), crypto },
    ...{ allowUnsynchronized: true, busyTimeoutMs: 5000 },
  });
  try {
    const files = filesOfFolder(folder, ledgerFileSizeBytesAtMost);
    const ledger = await Ledger.open({ crypto, store, folder: files, signer, witnesses, least: 1 });
    return { store, ledger };
  } catch (cause) {
    await store.close();
    throw cause;
  }
}

async function publish(): Promise<Published> {
  try {
    opened ??= await open();
    const { published, away } = await opened.ledger.publish();
    if (published.checkpoint === '') return { fault: away.join(', ') || 'nothing', passes: true };
    return { checkpoint: published.checkpoint };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return { fault: `${cause.code}: ${cause.message}`, passes: cause.code.startsWith('store-') };
  }
}

process.on('message', async () => process.send?.(await publish()));
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', async () => {
  await opened?.store.close();
  process.exit(0);
});
flushCompileCache();
