// The signer signs one history of the ledger: what does not continue the checkpoint
// before is refused, whoever asks.

import { type Bytes, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { formatCheckpoint, growTiles, type LedgerFolder, TileTree } from '@firmseal/ledger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerSignerOf } from '../src/index.ts';
import { ServedSigner } from './served-signer.ts';

const origin = 'authority.example';
const pair = crypto.generateEd25519();
const signer = new ServedSigner();
beforeAll(async () => {
  signer.ledger = {
    key: { kind: 'log', name: origin, publicKey: pair.publicKey },
    sign: async (message) => crypto.signEd25519(pair.privateKey, message),
  };
  signer.keys = await signer.owner.productKeys();
  await signer.begin();
});
afterAll(() => signer.remove());

/** A ledger whose entries begin with this word. */
async function historyOf(word: string, size: number): Promise<TileTree> {
  const files = new Map<string, Bytes>();
  const folder = {
    read: async (path: string) => files.get(path),
    write: async (path: string, content: Uint8Array) => void files.set(path, content.slice() as Bytes),
    remove: async (path: string) => void files.delete(path),
  } as unknown as LedgerFolder;
  const leaves = Array.from({ length: size }, (_, i) => crypto.sha256(utf8(`${word} ${i}`)));
  await growTiles(crypto, folder, { from: 0, leaves });
  return new TileTree(crypto, folder, size);
}

async function sign(tree: TileTree): Promise<boolean> {
  const { ledger } = await signer.client.describe();
  const text = formatCheckpoint({ origin, size: tree.size, root: await tree.root() });
  const asked = ledgerSignerOf(ledger!, (request) => signer.client.signCheckpoint(request));
  const signature = await asked.sign(utf8(text), tree);
  return crypto.verifyEd25519(pair.publicKey, utf8(text), signature as Bytes);
}

it('signs what continues, and the same again', async () => {
  for (const size of [1, 3, 3, 8, 300]) expect(await sign(await historyOf('ours', size))).toBe(true);
});

it.each([
  ['a shorter one', 'ours', 8],
  ['another one of the same size', 'theirs', 300],
  ['a longer one with another beginning', 'theirs', 301],
])('refuses %s', async (_, word, size) => {
  await expect(sign(await historyOf(word, size))).rejects.toMatchObject({
    code: 'checkpoint-not-continued',
  });
});

it('refuses the checkpoint of another ledger, and remembers over a restart', async () => {
  const text = formatCheckpoint({ origin: 'other.example', size: 1, root: new Uint8Array(32) });
  await expect(signer.client.signCheckpoint({ text, from: 0, proof: [] })).rejects.toMatchObject({
    code: 'checkpoint-of-another-log',
  });
  await signer.halt();
  await signer.run();
  await expect(sign(await historyOf('theirs', 301))).rejects.toMatchObject({
    code: 'checkpoint-not-continued',
  });
  expect(await sign(await historyOf('ours', 301))).toBe(true);
});
