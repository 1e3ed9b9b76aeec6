// The packages of a line file with everything that their installs need: trust, licenses, receipts.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AuthorityClient, accessForJob } from '@firmseal/authority-client';
import type { LineBoardView } from '@firmseal/authority-contract';
import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { LineFile, LineFilePackage, LinePackage } from '@firmseal/line';
import { createBatchAuthority, type LineAuthority, type ReceiptDelivery } from '@firmseal/programmer';
import { accessAuthority } from '../authority-access.ts';
import { authorityOfBatch, readBatch, requireBatchJob } from '../batch/batch-authority.ts';
import type { Face } from '../face.ts';
import { readInput } from '../files.ts';
import { trustOfTexts } from '../ledger/note-keys.ts';
import { trustPackage, withProofs } from '../line-setup.ts';
import { openReceiptFolder } from '../receipt-folder.ts';
import { cacheLicenses } from './license-cache.ts';
import { Outbox } from './outbox.ts';
import { jobIdOf } from './read-line-file.ts';

export interface RunPackage extends LinePackage {
  /**
   * Brings receipts that wait here to the authority; undefined where there is nothing to bring, or nobody.
   */
  readonly deliver?: (() => Promise<number>) | undefined;
  readonly waiting: () => number;
  /** Of the line's token; undefined without a job. */
  readonly client?: AuthorityClient | undefined;
  /** Tells the authority the board of the job; undefined without a job. */
  readonly tellBoard?: ((board: LineBoardView) => Promise<void>) | undefined;
}

export interface PackageFolders {
  /** Of this line. */
  readonly work: string;
  readonly licenseCache?: string | undefined;
}

/** By name. Sends nothing yet; throws the faults of packages, keys, delegations, tokens and folders. */
export function openLinePackages(
  face: Face,
  file: LineFile,
  folders: PackageFolders,
): ReadonlyMap<string, RunPackage> {
  return new Map(
    Object.entries(file.packages).map(([name, one]) => [
      name,
      openPackage(face, file, { name, one, folders }),
    ]),
  );
}

function openPackage(
  face: Face,
  file: LineFile,
  { name, one, folders }: { name: string; one: LineFilePackage; folders: PackageFolders },
): RunPackage {
  const { sealed, delegation, verifier } = trustPackage(one.file, file);
  const receipts = openReceiptFolder(join(folders.work, 'receipts'), delegation);
  const keepProof: LinePackage['keepProof'] = ({ thumbprint, ...objects }) =>
    receipts?.keep(toHex(thumbprint), {
      ...{ ...objects, header: sealed.headerBytes },
      keptAtSeconds: Math.floor(Date.now() / 1000),
    });
  const { online, tellBoard, client } = onlineAuthority(face, file, one);
  if (one.licenses === undefined && one.batch === undefined) {
    const { licenseCache } = folders;
    const authority = licenseCache === undefined ? online! : cacheLicenses(online!, licenseCache);
    return { sealed, verifier, keepProof, authority, tellBoard, client, waiting: () => 0 };
  }
  const outbox = new Outbox(join(folders.work, 'outbox', name));
  const objects = { header: sealed.headerBytes, deviceCaDelegation: delegation };
  const keepReceipt = async (delivery: ReceiptDelivery) => outbox.keep(delivery, objects);
  const { bundles, authority } = licensesInAdvance(one, { sealed, keepReceipt });
  return {
    ...{ sealed, verifier, keepProof, authority, tellBoard, client },
    licensed: new Set(bundles.keys()),
    waiting: () => outbox.waiting.length,
    ...(online === undefined ? {} : { deliver: () => outbox.deliver(online) }),
  };
}

/** Of a folder, or of a batch. */
function licensesInAdvance(
  { licenses, batch: file, job }: LineFilePackage,
  {
    sealed,
    keepReceipt,
  }: Pick<LinePackage, 'sealed'> & { keepReceipt: (one: ReceiptDelivery) => Promise<void> },
): { readonly bundles: ReadonlyMap<string, Bytes>; readonly authority: LineAuthority } {
  if (file === undefined) {
    const bundles = readLicenses(licenses!);
    return { bundles, authority: createBatchAuthority({ bundles, keepReceipt }) };
  }
  const batch = readBatch(file, sealed);
  requireBatchJob(file, batch, job === undefined ? undefined : fromHex(jobIdOf(job)));
  return { bundles: batch.bundles, authority: authorityOfBatch(batch, keepReceipt) };
}

function onlineAuthority(
  face: Face,
  file: LineFile,
  { job, token }: LineFilePackage,
): { readonly online?: LineAuthority } & Pick<RunPackage, 'tellBoard' | 'client'> {
  if (job === undefined || token === undefined || file.authority === undefined) return {};
  const client = accessAuthority(face, { authority: file.authority, tokenFile: token });
  const jobId = fromHex(jobIdOf(job));
  const trust = file.ledger && trustOfTexts(file.ledger);
  return {
    online: withProofs(accessForJob(client, jobId), jobId, trust),
    client,
    tellBoard: async (board) => {
      await client.call('reportBoard', { job: jobId, board });
    },
  };
}

/** Licenses by thumbprint, as `firmseal license` wrote them. Throws what reading a file throws. */
function readLicenses(folder: string): ReadonlyMap<string, Bytes> {
  if (!existsSync(folder))
    throw new Fault('file-missing', { file: folder, action: 'read', reason: 'ENOENT' });
  const names = readdirSync(folder).flatMap((name) => /^([0-9a-f]{64})\.license$/.exec(name)?.[1] ?? []);
  return new Map(names.map((name) => [name, readInput(join(folder, `${name}.license`))]));
}
