// Sealing against the bare primitives of the provider that it uses: one AES-256-GCM call
// and one SHA-256 call a chunk.

import { nodeCrypto } from '@firmseal/crypto-node';
import { makeDelegation } from '@firmseal/formats';
import { sealPackage } from '@firmseal/seal';
import { type BenchRow, timePaired } from './row.ts';

const chunkSizeBytes = 4096;

/**
 * What cannot be avoided, by the same provider: each chunk encrypted under the AAD of a package, each
 * ciphertext hashed, and kept, since a package is what comes of it. Fresh memory costs time of its own.
 */
function bareCalls(plaintext: Uint8Array, key: Uint8Array): Uint8Array[] {
  const aad = key; // 32 bytes, as a core digest
  const kept: Uint8Array[] = [];
  for (let offset = 0; offset < plaintext.length; offset += chunkSizeBytes) {
    const nonce = new Uint8Array(12);
    const chunk = plaintext.subarray(offset, offset + chunkSizeBytes);
    const sealed = nodeCrypto.aes256GcmSeal({ key, nonce, aad, plaintext: chunk });
    nodeCrypto.sha256(sealed);
    kept.push(sealed);
  }
  return kept;
}

/** Seals an image of that size, as an owner does. */
async function makeSeal(plaintext: Uint8Array): Promise<() => Promise<unknown>> {
  const root = nodeCrypto.generateP256();
  const signing = nodeCrypto.generateP256();
  const signerOf = ({ publicKey, privateKey }: typeof root) => ({
    publicKey,
    sign: (message: Uint8Array) => nodeCrypto.signEs256(privateKey, message),
  });
  const delegation = await makeDelegation(nodeCrypto, signerOf(root), {
    role: 'package-signer',
    publicKey: signing.publicKey,
    product: 'bench',
    counterCap: 1,
    epoch: 0,
  });
  const address = 0x0810_0000;
  return () =>
    sealPackage(nodeCrypto, {
      core: {
        product: 'bench',
        chips: ['stm32f427'],
        firmwareVersion: '1.0.0',
        securityCounter: 1,
        chunkSizeBytes,
        entry: address,
        optionBytes: [],
        leastReadoutLevel: 2,
        interruption: 'erase',
        leastAgentVersion: 0,
        bootCheck: 'record',
      },
      areas: [{ area: { kind: 'firmware', address, lengthBytes: plaintext.length }, plaintext }],
      signer: signerOf(signing),
      delegation,
      rootPublicKey: root.publicKey,
    });
}

/** Calls a sample: one alone would be near the steps in which CPU time is counted. */
const callsOf = (sizeBytes: number): number => Math.max(1, (8 << 20) / sizeBytes);

async function sealRow(mebibytes: number, bounds: { aim: number; limit: number }): Promise<BenchRow> {
  const plaintext = nodeCrypto.randomBytes(mebibytes << 20);
  const key = nodeCrypto.randomBytes(32);
  const seal = await makeSeal(plaintext);
  const calls = callsOf(plaintext.length);
  const rounds = 21;
  const { oursMs, peerMs } = await timePaired(
    rounds,
    async () => {
      for (let i = 0; i < calls; i++) await seal();
    },
    () => {
      for (let i = 0; i < calls; i++) bareCalls(plaintext, key);
    },
    { time: 'cpu', warmUpRounds: 8 },
  );
  return {
    name: `seal ${mebibytes} MiB in 4 KiB chunks`,
    value: oursMs / calls,
    unit: 'ms',
    ratio: oursMs / peerMs,
    ...bounds,
    note: `CPU time of the process; peer: one AES-256-GCM (32 bytes of AAD) and one SHA-256 call of the same provider a chunk, results kept; least of ${rounds} each`,
  };
}

/** The small image shows what a package costs beside its content, the large one what the content costs. */
export const sealRows = async (): Promise<BenchRow[]> => [
  await sealRow(1, { aim: 1.5, limit: 1.8 }),
  await sealRow(16, { aim: 1.3, limit: 1.5 }),
];
