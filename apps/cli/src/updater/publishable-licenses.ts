// The licenses of a folder, or of a batch, that may be published with a package: standing ones for it, one a
// device. Whoever has such a file can do nothing with it but bring the package to that one device.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from '@firmseal/files';
import { type LicenseTerms, verifyLicense } from '@firmseal/license';
import type { InstallPackage } from '@firmseal/programmer';
import { readBatch } from '../batch/batch-authority.ts';
import { readInput } from '../files.ts';

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.license'));
  } catch (error) {
    throw faultOfFile(error, folder, 'read');
  }
}

function unfit({ mode, manifestDigest }: LicenseTerms, { manifest }: InstallPackage): string | undefined {
  if (!equalBytes(manifestDigest, manifest.digest)) return 'it is for another package';
  if (mode !== 'standing') return 'it is for one session, which ended when its device was reset';
  return undefined;
}

function termsOf(file: string, bundle: Bytes, { trust }: InstallPackage): LicenseTerms {
  try {
    return verifyLicense(nodeCrypto, { bundle, ...trust }).terms;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('update-license-unfit', { file, reason: cause.message.replace(/\.$/, '') }, { cause });
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;

/**
 * By thumbprint, of a folder of licenses or of a batch (spec/batch.md). Throws `update-license-unfit`, the
 * faults of a batch, and what reading a file throws.
 */
export function publishableLicenses(path: string, sealed: InstallPackage): ReadonlyMap<string, Bytes> {
  return isFolder(path) ? licensesIn(path, sealed) : readBatch(path, sealed).bundles;
}

function licensesIn(folder: string, sealed: InstallPackage): ReadonlyMap<string, Bytes> {
  const licenses = new Map<string, Bytes>();
  for (const name of namesIn(folder).sort()) {
    const file = join(folder, name);
    const bundle = readInput(file);
    const terms = termsOf(file, bundle, sealed);
    const thumbprint = toHex(terms.thumbprint);
    const reason = licenses.has(thumbprint)
      ? 'another file has a license of the same device'
      : unfit(terms, sealed);
    if (reason !== undefined) throw new Fault('update-license-unfit', { file, reason });
    licenses.set(thumbprint, bundle);
  }
  return licenses;
}
