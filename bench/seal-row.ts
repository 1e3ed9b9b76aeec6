// Sealing against the bare primitives of the provider that it uses: one AES-256-GCM call
// and one SHA-256 call a chunk.

import { nodeCrypto } from '@firmseal/crypto-node';
import { makeDelegation } from '@firmseal/formats';
import { sealPackage } from '@firmseal/seal';
import { type BenchRow, cpuMs, timePaired } from './row.ts';

const sizeBytes = 1024 * 1024;
const chunkSizeBytes = 4096;

/**
 * What cannot be avoided, by the same provider: each chunk encrypted under the AAD of a
 * package, each ciphertext hashed.
 */
function bareCalls(plaintext: Uint8Array, key: Uint8Array): void {
  const aad = key; // 32 bytes, as a core digest
  for (let offset = 0; offset < plaintext.length; offset += chunkSizeBytes) {
    const nonce = new Uint8Array(12);
    const chunk = plaintext.subarray(offset, offset + chunkSizeBytes);
    nodeCrypto.sha256(nodeCrypto.aes256GcmSeal({ key, nonce, aad, plaintext: chunk }));
  }
}

export async function sealRow(): Promise<BenchRow> {
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
  const plaintext = nodeCrypto.randomBytes(sizeBytes);
  const key = nodeCrypto.randomBytes(32);
  const address = 0x0810_0000;
  const seal = () =>
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
      areas: [{ area: { kind: 'firmware', address, lengthBytes: sizeBytes }, plaintext }],
      signer: signerOf(signing),
      delegation,
      rootPublicKey: root.publicKey,
    });
  const { oursMs, peerMs } = await timePaired(61, seal, () => bareCalls(plaintext, key), cpuMs);
  return {
    name: 'seal 1 MiB in 4 KiB chunks',
    value: oursMs,
    unit: 'ms',
    ratio: oursMs / peerMs,
    aim: 1.3,
    limit: 2,
    note: 'CPU time of the process; peer: one AES-256-GCM (32 bytes of AAD) and one SHA-256 call of the same provider a chunk; medians of 61 pairs',
  };
}
