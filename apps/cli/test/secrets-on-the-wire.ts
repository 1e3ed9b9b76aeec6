// What must never cross a cable, as a test finds it: the keys in a chip, the content key of a package,
// and pieces of either that betray it.

import { readFileSync } from 'node:fs';
import { nodeCrypto } from '@firmseal/crypto-node';
import { openKeyFile, passphraseOf, unwrapperOf } from '@firmseal/keys';
import { openContentKey } from '@firmseal/license';
import { splitPackage, verifyHeader } from '@firmseal/seal';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { readPublicKey } from '../src/public-key-file.ts';
import { type Chain, product } from './chain.ts';

/** The private keys and the device key of a chip: device/agent/README.md, "Identity". */
export function keysOf({ chip, judge }: VirtualChip): Buffer[] {
  const { addressStart } = chip.layout.identity;
  return [16, 48, 80].map((offset) => Buffer.from(judge.flash(addressStart + offset, 32)));
}

/** Pieces of a secret that betray it; runs of one byte are found anywhere. */
export function pieces(secret: Uint8Array): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 16 <= secret.length; at += 16) {
    const piece = Buffer.from(secret.subarray(at, at + 16));
    if (new Set(piece).size > 8) found.push(piece);
  }
  return found;
}

/** The content key of a package, opened with the authority's key. */
export async function contentKeyOf(chain: Chain, sealed: string): Promise<Uint8Array> {
  const { header } = splitPackage(new Uint8Array(readFileSync(sealed)));
  const trust = { rootPublicKey: readPublicKey(chain.at('root.key.pub')), product };
  const { manifest } = verifyHeader(nodeCrypto, header, trust);
  const passphrase = passphraseOf('words for this test and nothing else', 'this test');
  const key = await openKeyFile(nodeCrypto, { path: chain.at('authority/kem.key'), passphrase });
  const file = new Uint8Array(readFileSync(`${sealed}.key`));
  const unwrapper = unwrapperOf(nodeCrypto, key);
  return (await openContentKey(nodeCrypto, { file, manifest, unwrapper })).expose();
}
