// Jobs: which packages may be installed on how many chips. A job is opened with one package and its
// content-key file, approved, perhaps given further packages, and closed. A quota never changes; a unit is
// never given back by itself (units.ts voids one when its owner says so).

import type { JobMode, JobView } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { checkCounterCap, readDelegationUnverified, verifyAuthority } from '@firmseal/formats';
import type { LedgerPolicyTexts } from '@firmseal/ledger';
import type { AcceptedOutcomes } from '@firmseal/license';
import { decodeHeader, type Manifest, verifyHeader } from '@firmseal/seal';
import { checkForStation } from '@firmseal/station';
import type { JobRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import { requireOrderedWhole, requireSigned, viewApprovals } from './approvals.ts';
import { type Authority, type ProductTrust, requireProduct } from './authority.ts';
import { checkDeviceData, type DeviceDataSet, deviceDataLengths, sealDeviceData } from './device-data.ts';
import { usualFewUnits } from './few-units.ts';
import { certifyEnd } from './job-end.ts';
import { openLedgerPolicy, viewLedgerPolicy } from './ledger-release.ts';
import { Remembered } from './remembered.ts';
import type { Draw } from './repeats.ts';
import { changeRollout, type RolloutChange, viewRollout } from './rollouts.ts';

const jobIdSizeBytes = 16;

export interface JobRequest {
  /** Package header (package.md section 1), without magic and length. */
  readonly header: Bytes;
  /** license.md section 3. */
  readonly contentKeyFile: Bytes;
  readonly quota: number;
  readonly mode: JobMode;
  /** No license after it; no such end when left out. Whole seconds count. */
  readonly validUntilMs?: number | undefined;
  /** What the owner takes besides PASS (spec/receipt.md section 4); nothing when left out. */
  readonly accepts?: AcceptedOutcomes | undefined;
  /** So many units left, or fewer, are few; a tenth of the quota when left out. */
  readonly fewUnits?: number | undefined;
  /** What the ledger is asked for before a license leaves. */
  readonly ledgerPolicy?: LedgerPolicyTexts | undefined;
  /** Stations and sites that alone may take licenses; every station when left out. */
  readonly stations?: readonly string[] | undefined;
  /** One set a unit when the package has per-device areas, else empty. */
  readonly deviceData: readonly DeviceDataSet[];
  /** Token id of who asks. */
  readonly by: string;
  /** For the id of the job. */
  readonly draw: Draw;
}

/** Throws `job-unknown`. */
export async function requireJob(authority: Authority, jobId: Bytes): Promise<JobRecord> {
  const job = await authority.store.findJob(jobId);
  if (!job) throw new Fault('job-unknown', { job: toHex(jobId) });
  return job;
}

/** Of a product's configuration: manifests of headers that can be licensed. */
const licensable = new WeakMap<ProductTrust, Remembered<Manifest>>();
const mostLicensable = 64;

/**
 * The manifest of a header whose signatures were checked under the product's root, and that a license of this
 * authority can be for. `epoch` is what a chip says it knows. Throws the faults of package.md section 6,
 * steps 1 to 6, and `delegation-revoked`, `delegation-counter-exceeded` for the issuer's own delegation.
 */
export function verifyLicensable(
  { crypto }: Pick<Authority, 'crypto'>,
  trust: ProductTrust,
  input: { header: Bytes; epoch?: number },
): Manifest {
  const known = licensable.get(trust) ?? new Remembered<Manifest>(mostLicensable);
  licensable.set(trust, known);
  const epoch = Math.max(trust.epoch, input.epoch ?? 0);
  const question = `${epoch} ${toHex(crypto.sha256(input.header))}`;
  return known.answer(question, () => verifyNew(crypto, trust, { ...input, epoch }));
}

function verifyNew(crypto: Crypto, trust: ProductTrust, input: { header: Bytes; epoch: number }): Manifest {
  const { rootPublicKey, product } = trust;
  const { manifest, trust: grown } = verifyHeader(crypto, decodeHeader(input.header), {
    ...{ rootPublicKey, product, epoch: input.epoch },
  });
  verifyAuthority(crypto, { delegation: trust.issuerDelegation }, { ...grown, role: 'license-issuer' });
  checkCounterCap(trust.issuerDelegate, manifest.core.securityCounter);
  return manifest;
}

function packageOf(manifest: Manifest, files: { header: Bytes; contentKeyFile: Bytes }) {
  const { firmwareVersion, securityCounter } = manifest.core;
  return { manifestDigest: manifest.digest, firmwareVersion, securityCounter, ...files };
}

/**
 * For the record of a job: in order, each once. Throws `job-stations-unfit` for an update:
 * devices in the field have no station.
 */
function openStations({ mode, stations }: Pick<JobRequest, 'mode' | 'stations'>): {
  stations?: readonly string[];
} {
  if (stations === undefined) return {};
  if (mode === 'update') throw new Fault('job-stations-unfit');
  return { stations: [...new Set(stations)].sort() };
}

/** An approval names seconds, so a job ends with one. */
const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

/**
 * Opens a job in state open. Throws `product-not-served`, the faults of the package header, of the
 * content-key file, `content-key-package-wrong`, `key-commitment-wrong`, `station-package-unfit`,
 * `device-data-count-wrong`, `license-data-wrong`, `ledger-policy-malformed`, `note-key-malformed`,
 * `job-ledger-unfit`, `job-stations-unfit`.
 */
export async function openJob(authority: Authority, request: JobRequest): Promise<JobView> {
  const { crypto, store } = authority;
  const { header, contentKeyFile, quota, mode, accepts = [], deviceData: sets } = request;
  const { product } = readDelegationUnverified(crypto, decodeHeader(header).delegation);
  const manifest = verifyLicensable(authority, requireProduct(authority, product), { header });
  // For the key that the signer has now, also where it was sealed for the previous one.
  const kept = await authority.signer.checkContentKey({ product, header, contentKeyFile });
  checkDeviceData(manifest, quota, sets);
  if (mode === 'station') for (const id of manifest.core.chips) checkForStation(manifest, findChip(id));
  const ledger = openLedgerPolicy(authority, request.ledgerPolicy);
  const stations = openStations(request);
  const jobId = request.draw('job', jobIdSizeBytes);
  // A repeat after a crash: the job was opened then.
  if (await store.findJob(jobId)) return showJob(authority, jobId);
  const { deviceData, ...key } =
    sets.length > 0 ? await sealDeviceData(authority, jobId, sets) : { deviceData: [] };
  const createdAtMs = authority.clock.nowMs();
  const { fewUnits = usualFewUnits(quota) } = request;
  const until = request.validUntilMs === undefined ? {} : { validUntilMs: wholeSecond(request.validUntilMs) };
  await store.insertJob(
    {
      job: {
        jobId,
        product,
        quota,
        mode,
        accepts,
        createdAtMs,
        fewUnits,
        ...until,
        ...ledger,
        ...stations,
        ...key,
      },
      package: packageOf(manifest, { header, contentKeyFile: kept }),
      deviceData,
    },
    {
      timeMs: createdAtMs,
      kind: 'job-opened',
      fields: {
        ...{ job: jobId, product, quota, mode, accepts: accepts.join(' ') },
        ...{ manifest: manifest.digest, by: request.by },
        ...(until.validUntilMs === undefined ? {} : { until: until.validUntilMs }),
        ...(stations.stations ? { stations: stations.stations.join(' ') } : {}),
        ...(ledger.ledgerPolicy ? { ledger: crypto.sha256(ledger.ledgerPolicy) } : {}),
      },
    },
  );
  return showJob(authority, jobId);
}

/**
 * Adds a further package, which can be licensed after the next approval, under the units of the job. Its
 * per-device areas must be as long as those of the first. Throws as openJob, and `job-unknown`,
 * `job-closed`, `job-one-package`, `job-package-repeated`.
 */
export async function addPackage(
  authority: Authority,
  request: { jobId: Bytes; header: Bytes; contentKeyFile: Bytes; by: string },
): Promise<JobView> {
  const { store } = authority;
  const { jobId, header, contentKeyFile, by } = request;
  const job = await requireJob(authority, jobId);
  if (job.state === 'closed') throw new Fault('job-closed', { job: toHex(jobId) });
  if (job.mode === 'update') throw new Fault('job-one-package', { job: toHex(jobId) });
  const trust = requireProduct(authority, job.product);
  const manifest = verifyLicensable(authority, trust, { header });
  const kept = await authority.signer.checkContentKey({ product: job.product, header, contentKeyFile });
  const [first] = await store.listPackages(jobId);
  const lengths = deviceDataLengths(verifyLicensable(authority, trust, { header: first!.header }));
  if (deviceDataLengths(manifest).join() !== lengths.join()) throw new Fault('license-data-wrong');
  const added = await store.insertPackage(
    { jobId, ...packageOf(manifest, { header, contentKeyFile: kept }) },
    {
      timeMs: authority.clock.nowMs(),
      kind: 'package-added',
      fields: { job: jobId, manifest: manifest.digest, by },
    },
  );
  if (!added) throw new Fault('job-package-repeated', { job: toHex(jobId) });
  return showJob(authority, jobId);
}

/**
 * From now on lines can license the packages that the job has. Throws `job-unknown`, `job-closed`, and where
 * the root asks for approvals `approvals-missing` or why one does not count.
 */
export async function approveJob(authority: Authority, jobId: Bytes, by: string): Promise<JobView> {
  const job = await requireJob(authority, jobId);
  if (job.state === 'closed') throw new Fault('job-closed', { job: toHex(jobId) });
  await requireOrderedWhole(authority, job);
  const event = {
    timeMs: authority.clock.nowMs(),
    kind: 'job-approved',
    fields: { job: jobId, by },
  } as const;
  if (!(await authority.store.approveJob(jobId, event))) throw new Fault('job-closed', { job: toHex(jobId) });
  return showJob(authority, jobId);
}

/**
 * No license is issued from now on, not even to a chip that has a unit; receipts are still
 * taken. Its end is certified, where its product is served. Throws as approveJob.
 */
export async function closeJob(authority: Authority, jobId: Bytes, by: string): Promise<JobView> {
  const job = await requireJob(authority, jobId);
  if (job.state === 'closed') throw new Fault('job-closed', { job: toHex(jobId) });
  await requireSigned(authority, job, { kind: 'close' });
  const event = { timeMs: authority.clock.nowMs(), kind: 'job-closed', fields: { job: jobId, by } } as const;
  if (!(await authority.store.closeJob(jobId, event))) throw new Fault('job-closed', { job: toHex(jobId) });
  if (authority.products.has(job.product)) await certifyEnd(authority, job);
  return showJob(authority, jobId);
}

/** Throws `job-unknown`, `job-mode-wrong`, `job-closed`. */
export async function setRollout(
  authority: Authority,
  { jobId, by, ...change }: RolloutChange & { jobId: Bytes; by: string },
): Promise<JobView> {
  await changeRollout(authority, await requireJob(authority, jobId), { change, by });
  return showJob(authority, jobId);
}

async function viewJob(authority: Authority, job: JobRecord): Promise<JobView> {
  const { units, ...counts } = await authority.store.countJob(job.jobId);
  const packages = await authority.store.listPackages(job.jobId);
  const { jobId, product, mode, accepts, state, quota, createdAtMs, validUntilMs } = job;
  const { ledgerPolicy, fewUnits, stations } = job;
  const remaining = Math.max(0, quota - units);
  return {
    ...{
      job: jobId,
      product,
      mode,
      accepts: [...accepts],
      state,
      quota,
      remaining,
    },
    ...{ units, ...counts, createdAtMs },
    ...{ fewUnits, isFew: state !== 'closed' && fewUnits > 0 && remaining <= fewUnits },
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    ...(ledgerPolicy ? { ledgerPolicy: viewLedgerPolicy(ledgerPolicy) } : {}),
    ...(stations ? { stations: [...stations] } : {}),
    ...(await viewApprovals(authority, job)),
    ...(await viewRollout(authority, job)),
    packages: packages.map(({ manifestDigest, approved, firmwareVersion, securityCounter }) => ({
      ...{ manifestDigest, firmwareVersion, securityCounter, approved },
    })),
  };
}

/** Throws `job-unknown`. */
export async function showJob(authority: Authority, jobId: Bytes): Promise<JobView> {
  return viewJob(authority, await requireJob(authority, jobId));
}

/** Newest first. */
export async function listJobs(authority: Authority, page: Page): Promise<JobView[]> {
  const jobs = await authority.store.listJobs(page);
  return Promise.all(jobs.map((job) => viewJob(authority, job)));
}
