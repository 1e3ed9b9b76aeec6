// A content key that licenses which are made at the same time share: it is opened for the first of them and
// wiped after the last. Between licenses no content key is in memory.

import { type Bytes, type Secret, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { Manifest } from '@firmseal/seal';
import { type KemKeys, openContentKeyByAny } from './kem-keys.ts';

interface Shared {
  readonly opened: Promise<Secret>;
  readonly openedAtMs: number;
  users: number;
}

/** Requests without an end would keep a key for ever: after this long it is opened again. */
const longestMs = 1000;

export class SharedContentKeys {
  readonly #crypto: Crypto;
  readonly #kems: KemKeys;
  readonly #nowMs: () => number;
  readonly #open = new Map<string, Shared>();

  constructor({ crypto, kems }: { crypto: Crypto; kems: KemKeys }, nowMs = () => performance.now()) {
    this.#crypto = crypto;
    this.#kems = kems;
    this.#nowMs = nowMs;
  }

  /** Throws as openContentKey, and what `work` throws. The key is wiped when nobody uses it any more. */
  async use<T>(
    { file, manifest }: { file: Bytes; manifest: Manifest },
    work: (contentKey: Secret) => Promise<T>,
  ): Promise<T> {
    // Everything that openContentKey looks at.
    const name = toHex(this.#crypto.sha256(manifest.digest, file));
    let shared = this.#open.get(name);
    if (shared === undefined || this.#nowMs() - shared.openedAtMs > longestMs) {
      const opened = openContentKeyByAny(this.#crypto, this.#kems, { file, manifest });
      shared = { opened, openedAtMs: this.#nowMs(), users: 0 };
      this.#open.set(name, shared);
    }
    shared.users++;
    try {
      return await work(await shared.opened);
    } finally {
      if (--shared.users === 0) {
        if (this.#open.get(name) === shared) this.#open.delete(name);
        await shared.opened.then(
          (contentKey) => contentKey.wipe(),
          () => undefined, // thrown above
        );
      }
    }
  }
}
