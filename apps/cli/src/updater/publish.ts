// The files of an update page, as `firmseal updater build` writes them: what the page loads first, the pages
// last, so that a host goes on to serve the pages of before with their own files until then.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { faultOfFile, writeWholeFile } from '@firmseal/files';
import type { InstallPackage } from '@firmseal/programmer';
import { offerFormat, readOffer } from '@firmseal/updater';
import { readAsset } from '../assets.ts';
import { openOutputFolder } from '../output-folder.ts';
import type { OfferedAuthority } from './offered-authority.ts';
import { offlinePage, staticPage } from './page.ts';
import type { PageSettings } from './page-settings.ts';

const elementAsset = 'apps/updater/dist/firmseal-update.js';
/** Licences of the software in it. */
const noticesAsset = 'apps/updater/dist/licenses.txt';

export interface Publication {
  readonly settings: PageSettings;
  readonly sealed: InstallPackage;
  /** The package's bytes. */
  readonly file: Bytes;
  readonly rootKey: Bytes;
  readonly deviceCaDelegation: Bytes;
  /** By thumbprint. */
  readonly licenses?: ReadonlyMap<string, Bytes> | undefined;
  /** Gives the licenses instead: a job of mode update. */
  readonly authority?: OfferedAuthority | undefined;
  /** Versions by the digest of their manifest. */
  readonly earlier: Readonly<Record<string, string>>;
}

const textOf = (name: string): string => new TextDecoder().decode(readAsset(name));

/** Part of file names: another package or another element has another one. */
const idOf = ({ sealed }: Publication): string => toHex(sealed.manifest.digest).slice(0, 16);

/** The description twice: with addresses, and with everything inside. */
function describe(publication: Publication): { offer: string; whole: string } {
  const { settings, sealed, file, rootKey, deviceCaDelegation, licenses, authority, earlier } = publication;
  const { title, contact } = settings;
  const id = idOf(publication);
  const about = {
    ...{ format: offerFormat, product: sealed.manifest.core.product, title, contact },
    ...{ authority, earlier },
    ...{ rootKey: toBase64url(rootKey), deviceCaDelegation: toBase64url(deviceCaDelegation) },
  };
  const inside = licenses && [...licenses].map(([name, bundle]) => [name, toBase64url(bundle)] as const);
  return {
    offer: JSON.stringify({
      ...about,
      package: { url: `${id}.seal` },
      ...(licenses && { licenses: { url: `licenses/${id}/` } }),
    }),
    whole: JSON.stringify({
      ...about,
      package: { bytes: toBase64url(file) },
      ...(inside && { licenses: { bytes: Object.fromEntries(inside) } }),
    }),
  };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

/** Throws `asset-missing`, and what writing files throws; pages that stood there before still work then. */
export function publish(out: string, publication: Publication): void {
  const { settings, sealed, file, licenses, authority } = publication;
  const origin = authority && new URL(authority.url).origin;
  const [element, notices] = [textOf(elementAsset), textOf(noticesAsset)];
  const { offer, whole } = describe(publication);
  // Read as the page will read it, before anything is published.
  for (const json of [offer, whole]) readOffer(json, out);
  openOutputFolder(out, 'index.html');
  const id = idOf(publication);
  const title = settings.title ?? sealed.manifest.core.product;
  const named = (start: string, text: string, end: string) =>
    `${start}-${toHex(nodeCrypto.sha256(utf8(text))).slice(0, 16)}.${end}`;
  const module = { name: named('firmseal-update', element, 'js'), text: element };
  // Under a name of its own for the page, which pins it; under a plain one for other pages and the command.
  const pinned = { name: named('update', offer, 'json'), text: offer };
  const write = (path: string, content: Uint8Array | string) =>
    writeWholeFile(join(out, path), [typeof content === 'string' ? utf8(content) : content]);

  write(`${id}.seal`, file);
  if (licenses !== undefined) {
    makeFolder(join(out, 'licenses', id));
    for (const [thumbprint, bundle] of licenses) write(`licenses/${id}/${thumbprint}.license`, bundle);
  }
  write(module.name, element);
  write(pinned.name, offer);
  write('third-party-licenses.txt', notices);
  write('update.json', offer);
  write('offline.html', offlinePage({ settings, title, module: element, offer: whole, notices, origin }));
  write('index.html', staticPage({ settings, title, module, offer: pinned, origin }));
}
