// The imports of the agent's module that are cryptography, by the Crypto interface. Signatures and meanings:
// device/agent/core/fs_crypto.h. They refuse what BearSSL refuses; that a high s is refused too makes no
// difference, since the agent's core refuses it before it asks.

import { concatBytes } from '@firmseal/bytes';
import type { Crypto, Hasher } from '@firmseal/crypto';
import { fsOk } from './agent-words.ts';
import type { AgentMemory } from './wasm-agent-port.ts';

const failed = 1;

/**
 * The imports over `crypto`; `memory` is the module's, asked for at each call. None of them
 * throws for what it is given.
 */
export function cryptoImports(crypto: Crypto, memory: AgentMemory) {
  const hashers = new Map<number, Hasher>();
  let handles = 0;
  const take = (pointer: number, length: number) => memory().slice(pointer, pointer + length);
  /** Writes what an operation gave; undefined is its refusal. */
  const give = (pointer: number, bytes: Uint8Array | undefined): number => {
    if (bytes === undefined) return failed;
    memory().set(bytes, pointer);
    return fsOk;
  };
  /** An array of fs_view: pointer and length, a word each. */
  const message = (pointer: number, count: number): Uint8Array => {
    const bytes = memory();
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const parts = Array.from({ length: count }, (_, i) => {
      const start = words.getUint32(pointer + 8 * i, true);
      return bytes.subarray(start, start + words.getUint32(pointer + 8 * i + 4, true));
    });
    return concatBytes(...parts);
  };
  /**
   * A private key out of 1..n-1 is the caller's fault to Crypto, which throws, and a refusal to the agent.
   */
  const isScalar = (key: Uint8Array): boolean => crypto.p256FromPrivate(key) !== undefined;
  return {
    sha256_init(): number {
      hashers.set(++handles, crypto.createSha256());
      return handles;
    },
    sha256_update: (handle: number, pointer: number, length: number) =>
      hashers.get(handle)!.update(take(pointer, length)),
    sha256_final(handle: number, pointer: number): void {
      memory().set(hashers.get(handle)!.digest(), pointer);
      hashers.delete(handle);
    },
    es256_verify: (key: number, parts: number, count: number, signature: number): number =>
      crypto.verifyEs256(take(key, 65), message(parts, count), take(signature, 64)) ? fsOk : failed,
    /** The hedge is not needed: `Crypto` draws its nonces by itself. */
    es256_sign: (key: number, _hedge: number, parts: number, count: number, signature: number): number =>
      give(
        signature,
        isScalar(take(key, 32)) ? crypto.signEs256(take(key, 32), message(parts, count)) : undefined,
      ),
    p256_public: (key: number, point: number): number =>
      give(point, crypto.p256FromPrivate(take(key, 32))?.publicKey),
    p256_check: (point: number): number => (crypto.isP256Point(take(point, 65)) ? fsOk : failed),
    ecdh: (key: number, point: number, x: number): number =>
      give(x, isScalar(take(key, 32)) ? crypto.ecdhP256(take(key, 32), take(point, 65)) : undefined),
    gcm_open(
      ...[key, nonce, aad, aadLength, data, length, tag]: readonly [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ]
    ): number {
      const sealed = new Uint8Array(length + 16);
      sealed.set(take(data, length));
      sealed.set(take(tag, 16), length);
      return give(
        data,
        crypto.aes256GcmOpen({
          ...{ key: take(key, 32), nonce: take(nonce, 12) },
          ...{ aad: take(aad, aadLength), sealed },
        }),
      );
    },
  };
}
