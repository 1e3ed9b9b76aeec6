// Sealing against the bare primitives: one AES-256-GCM call and one SHA-256 call a chunk over the same bytes.

import { createCipheriv, createHash } from 'node:crypto';
import { nodeCrypto } from '@firmseal/crypto-node';
import { makeDelegation, sealPackage } from '@firmseal/seal';
import { type BenchRow, cpuMs, timePaired } from './row.ts';

const sizeBytes = 1024 * 1024;
const chunkSizeBytes = 4096;

/** What cannot be avoided: each chunk encrypted, each record hashed. */
function bareCalls(plaintext: Uint8Array, key: Uint8Array): void {
  for (let offset = 0; offset < plaintext.length; offset += chunkSizeBytes) {
    const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12));
    const ciphertext = cipher.update(plaintext.subarray(offset, offset + chunkSizeBytes));
    cipher.final();
    cipher.getAuthTag();
    createHash('sha256').update(ciphertext).digest();
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
    note: 'CPU time of the process; peer: one AES-256-GCM and one SHA-256 call a chunk; medians of 61 pairs',
  };
}
