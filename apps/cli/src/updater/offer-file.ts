// What `firmseal update` is given, as one description of an update: the page or the update.json that an owner
// published, or a package, whose trust then comes from options.

import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type Bytes, fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { inspectPackage } from '@firmseal/seal';
import { type OpenedOffer, offerFormat, offerOfPage, openOffer, readOffer } from '@firmseal/updater';
import { readInput } from '../files.ts';
import { readPublicKey } from '../public-key-file.ts';

export interface OfferOptions {
  readonly rootKey?: string | undefined;
  readonly deviceCaDelegation?: string | undefined;
  readonly licenses?: string | undefined;
}

const packageStart = fromHex('465345414c');

/** The description around a package, as the page would have it. Throws `update-trust-missing`. */
function describe(path: string, file: Bytes, { rootKey, deviceCaDelegation }: OfferOptions): string {
  if (rootKey === undefined || deviceCaDelegation === undefined)
    throw new Fault('update-trust-missing', { file: path });
  return JSON.stringify({
    ...{ format: offerFormat, product: inspectPackage(nodeCrypto, { file }).product },
    rootKey: toBase64url(readPublicKey(rootKey)),
    deviceCaDelegation: toBase64url(readInput(deviceCaDelegation)),
    package: { bytes: toBase64url(file) },
  });
}

const readIfThere = (path: string): Bytes | undefined => (existsSync(path) ? readInput(path) : undefined);

/**
 * Reads and checks it. `licenses` of the options stands before those of the description. Throws
 * `update-offer-invalid`, `update-trust-missing`, `update-part-missing`, and the faults of files, package and
 * delegations.
 */
export async function openOfferFile(path: string, options: OfferOptions): Promise<OpenedOffer> {
  const file = readInput(path);
  const isPackage = packageStart.every((byte, i) => file[i] === byte);
  const text = isPackage ? describe(path, file, options) : new TextDecoder().decode(file);
  const offer = readOffer(offerOfPage(text) ?? text, path);
  const base = dirname(path);
  const readPart = async (url: string): Promise<Bytes | undefined> =>
    // A description comes from somebody else: it names files beside it and below, and no others.
    isAbsolute(url) || url.split(/[\\/]/).includes('..') ? undefined : readIfThere(join(base, url));
  const opened = await openOffer(nodeCrypto, { offer, readPart, now: () => new Date() });
  const { licenses } = options;
  if (licenses === undefined) return opened;
  // Licenses at hand stand in for an authority, too.
  const { authority: _, ...alone } = opened.offer;
  return {
    ...{ ...opened, offer: alone },
    findLicense: async (thumbprint) =>
      readIfThere(join(licenses, `${toHex(thumbprint)}.license`)) ?? opened.findLicense(thumbprint),
  };
}
