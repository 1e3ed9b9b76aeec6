// What an audit cannot do without, one after the other and nothing else: the hashes of a ledger, and the
// signatures of its units. The figures of the audit are held against them.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';

/** CPU time of this process in milliseconds. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Salted hash of an entry: label, salt and an entry of usual length. */
const saltedSizeBytes = 20 + 32 + 210;

/** Four hashes an entry: its salted hash, its leaf, a node of the tree, the chain. Milliseconds of CPU. */
export function hashesMs(entries: number): number {
  const inputs = [saltedSizeBytes, 33, 65, 64].map((size) => crypto.randomBytes(size));
  const start = cpuMs();
  for (let i = 0; i < entries; i++)
    for (const input of inputs) {
      input[0] = i;
      crypto.sha256(input);
    }
  return cpuMs() - start;
}

const differentKeys = 512;

/**
 * So many verifications. One in three is by a key that was not met before, as that of each receipt is. The
 * time of a few thousand is taken for all. Milliseconds of CPU.
 */
export function signaturesMs(count: number): number {
  const message = crypto.randomBytes(400);
  const signed = Array.from({ length: differentKeys }, () => {
    const { publicKey, privateKey } = crypto.generateP256();
    return { publicKey, signature: crypto.signEs256(privateKey, message) };
  });
  const known = signed[0]!;
  const measured = Math.min(count, 6000);
  const start = cpuMs();
  for (let i = 0; i < measured; i++) {
    const { publicKey, signature } = i % 3 === 0 ? signed[(i / 3) % differentKeys]! : known;
    if (!crypto.verifyEs256(publicKey, message, signature)) throw new Error('a signature did not verify');
  }
  return ((cpuMs() - start) * count) / measured;
}
