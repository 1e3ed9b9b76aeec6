// The KEM key of an authority's folder is replaced: a new key takes its place, and the old one stays beside
// it until nothing is wrapped for it any more. Each file is whole at every moment, and a step that was broken
// off is gone on with by the same command: kem-next.key says that the first step is not over.

import { existsSync, rmSync } from 'node:fs';
import type { AuthorityClient } from '@firmseal/authority-client';
import type { CallAnswer } from '@firmseal/authority-contract';
import { type Bytes, equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { faultOfFile, writeWholeFile } from '@firmseal/files';
import { inspectKeyFile } from '@firmseal/keys';
import { authorityPaths } from './authority-folder.ts';
import { readInput } from './files.ts';
import { publicKeyFile, readPublicKey } from './public-key-file.ts';

const replace = (path: string, bytes: Bytes, mode?: number): void =>
  writeWholeFile(path, [bytes], { existing: 'replace', ...(mode === undefined ? {} : { mode }) });

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

/**
 * `make` makes the new key and returns its file; it is not called when one was made before a crash. The new
 * public key. Throws `kem-rotation-under-way`.
 */
export async function replaceKem(folder: string, make: () => Promise<Bytes>): Promise<Bytes> {
  const { kem, nextKem, previousKem } = authorityPaths(folder);
  if (!existsSync(nextKem)) {
    if (existsSync(previousKem)) throw new Fault('kem-rotation-under-way', { folder, file: previousKem });
    replace(nextKem, await make(), 0o600);
  }
  const next = readInput(nextKem);
  const present = readInput(kem);
  // Else it took its place already: the present one is the new one, and must not be kept as the previous one.
  if (!equalBytes(present, next)) {
    replace(previousKem, present, 0o600);
    replace(`${previousKem}.pub`, readInput(`${kem}.pub`));
    replace(kem, next, 0o600);
  }
  const { publicKey } = await inspectKeyFile(kem);
  replace(`${kem}.pub`, publicKeyFile(publicKey));
  remove(nextKem);
  return Uint8Array.from(publicKey);
}

export interface Rewrapped {
  readonly looked: number;
  readonly rewrapped: number;
  readonly unopened: number;
  /** Whether the signers that answered have this one present key, and no other. */
  readonly isOf: (publicKey: Uint8Array) => boolean;
}

/** One pass over all that the authority keeps. */
export async function rewrapAll(
  client: AuthorityClient,
  onProgress: (so: Rewrapped) => void = () => undefined,
): Promise<Rewrapped> {
  const keys: Bytes[] = [];
  const isOf = (publicKey: Uint8Array) => keys.every((one) => equalBytes(one, publicKey));
  const sum = { looked: 0, rewrapped: 0, unopened: 0, isOf };
  for (let from: number | undefined = 0; from !== undefined; ) {
    const answer: CallAnswer<'rewrapKeys'> = await client.call('rewrapKeys', { from });
    sum.looked += answer.looked;
    sum.rewrapped += answer.rewrapped;
    sum.unopened += answer.unopened;
    keys.push(answer.kemPublicKey);
    from = answer.next;
    if (from !== undefined) onProgress(sum);
  }
  return sum;
}

/**
 * Removes the previous key after a pass that found nothing wrapped for it. `evenUnopened`: also where no key
 * opens something. Throws `kem-previous-missing`, `kem-rotation-under-way`, `kem-key-not-served`,
 * `kem-keys-unopened`.
 */
export async function retireKem(
  folder: string,
  client: AuthorityClient,
  { address, evenUnopened }: { address: string; evenUnopened: boolean },
): Promise<Rewrapped> {
  const { kem, previousKem, nextKem } = authorityPaths(folder);
  if (existsSync(nextKem)) throw new Fault('kem-rotation-under-way', { folder, file: nextKem });
  if (!existsSync(previousKem)) throw new Fault('kem-previous-missing', { folder });
  const own = readPublicKey(`${kem}.pub`);
  for (;;) {
    const pass = await rewrapAll(client);
    if (!pass.isOf(own)) throw new Fault('kem-key-not-served', { folder, address });
    // What changed in this pass is confirmed by the next one, which reads it again.
    if (pass.rewrapped > 0) continue;
    const { looked, unopened } = pass;
    if (unopened > 0 && !evenUnopened) throw new Fault('kem-keys-unopened', { unopened, looked });
    remove(`${previousKem}.pub`);
    remove(previousKem);
    return pass;
  }
}
