// The audit of one job: its rows against the log, and every signature in them against the owner's root and
// the device CA. A delegation that was ended by a later epoch still counts for what was signed under it.

import { setImmediate } from 'node:timers/promises';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { type DevicePublic, sameOrigin } from '@firmseal/formats';
import {
  judgeReceipt,
  type Outcome,
  type VerifiedLicense,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import { decodeHeader, type Manifest, verifyHeader } from '@firmseal/seal';
import { verifyDevice } from '../service/devices.ts';
import type { LicenseRecord, ReceiptRecord } from '../store/records.ts';
import type { JobEvidence } from './evidence.ts';
import type { AuditTrust, Finding, FindingCode } from './finding.ts';
import type { LoggedJob } from './logged-state.ts';

/**
 * Issued against proven, for people. The last two are no faults: an install may be
 * under way, or a line offline.
 */
export interface JobSummary {
  readonly job: string;
  readonly product: string;
  readonly quota: number;
  readonly units: number;
  readonly licenses: number;
  readonly receipts: number;
  /** Receipts by what the install is called. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly unitsWithoutLicense: number;
  readonly unitsWithoutReceipt: number;
}

interface JobContext {
  readonly crypto: Crypto;
  readonly evidence: JobEvidence;
  readonly trust: AuditTrust;
  readonly manifests: Map<string, Manifest>;
  readonly devices: Map<string, DevicePublic>;
  readonly licenses: Map<string, VerifiedLicense>;
  /** Units with a receipt that verified, and whose every weakness the owner of the job takes. */
  readonly proven: Set<number>;
  readonly report: (code: FindingCode, subject: string, detail: string) => void;
}

/** Runs a check; what it throws is a finding. Between checks the authority serves its lines. */
async function attempt(
  context: JobContext,
  about: { code: FindingCode; subject: string },
  check: () => void,
): Promise<void> {
  await setImmediate();
  try {
    check();
  } catch (cause) {
    context.report(about.code, about.subject, cause instanceof Error ? cause.message : String(cause));
  }
}

function demand(condition: boolean, detail: string): asserts condition {
  if (!condition) throw new Error(detail);
}

async function verifyPackagesAndDevices(context: JobContext): Promise<void> {
  const { crypto, evidence, trust, manifests, devices } = context;
  for (const item of evidence.packages) {
    const digest = toHex(item.manifestDigest);
    await attempt(context, { code: 'package-invalid', subject: `package ${digest}` }, () => {
      const { rootPublicKey, product } = trust;
      const { manifest } = verifyHeader(crypto, decodeHeader(item.header), { rootPublicKey, product });
      demand(toHex(manifest.digest) === digest, 'the header holds another manifest');
      const { firmwareVersion, securityCounter } = manifest.core;
      const shown = item.firmwareVersion === firmwareVersion && item.securityCounter === securityCounter;
      demand(shown, 'the row shows another version or counter than the manifest');
      manifests.set(digest, manifest);
    });
  }
  for (const row of evidence.devices) {
    const thumbprint = toHex(row.thumbprint);
    await attempt(context, { code: 'certificate-invalid', subject: `device ${thumbprint}` }, () => {
      const inputs = { certificate: row.certificate, atMs: row.firstSeenAtMs };
      const device = verifyDevice(crypto, trust, inputs);
      demand(toHex(device.thumbprint) === thumbprint, 'the certificate is of another device');
      devices.set(thumbprint, device);
    });
  }
}

function checkLicense(context: JobContext, row: LicenseRecord): void {
  const { crypto, evidence, trust, devices } = context;
  const { rootPublicKey, product } = trust;
  const license = verifyLicense(crypto, { bundle: row.bundle, rootPublicKey, product, epoch: 0 });
  const { terms, digest } = license;
  const same = (name: string, a: Uint8Array, b: Uint8Array) =>
    demand(equalBytes(a, b), `the signed ${name} is another one than the row's`);
  same('digest', digest, row.licenseDigest);
  same('license id', terms.licenseId, row.licenseId);
  same('job', terms.jobId, evidence.job.jobId);
  same('device', terms.thumbprint, row.thumbprint);
  same('manifest', terms.manifestDigest, row.manifestDigest);
  demand(terms.unitIndex === row.unitIndex, 'the signed unit is another one than the row tells');
  demand(terms.mode === row.mode, 'the signed mode is another one than the row tells');
  const device = devices.get(toHex(row.thumbprint));
  demand(device !== undefined, 'its device has no valid certificate');
  demand(sameOrigin(device.origin, terms.origin), 'its device has an identity of another origin');
  context.licenses.set(toHex(row.licenseId), license);
}

function checkReceipt(context: JobContext, row: ReceiptRecord): void {
  const { crypto, manifests, devices, evidence } = context;
  const license = context.licenses.get(toHex(row.licenseId));
  demand(license !== undefined, 'there is no valid license for it');
  const device = devices.get(toHex(license.terms.thumbprint));
  const manifest = manifests.get(toHex(license.terms.manifestDigest));
  demand(device !== undefined && manifest !== undefined, 'its device or package did not verify');
  const challenge: { challenge?: Bytes } = row.challenge ? { challenge: row.challenge } : {};
  const receipt = verifyReceipt(crypto, { receipt: row.receipt, device, license, manifest, ...challenge });
  demand(receipt.fresh === row.fresh, 'the row and the receipt differ on whether it is fresh');
  const { accepts } = evidence.job;
  const { outcome, accepted } = judgeReceipt({ manifest, receipt, device, accepts });
  if (accepted) context.proven.add(license.terms.unitIndex);
  demand(outcome === row.outcome, `the row says ${row.outcome}, the receipt ${outcome}`);
  demand(equalBytes(receipt.digest, row.receiptDigest), 'the row has another digest than the receipt');
}

/** Both ways: what the log tells must stand in the table with the same content, and nothing else may. */
function compareRows(
  context: JobContext,
  what: string,
  rows: ReadonlyMap<string, string>,
  logged: ReadonlyMap<string, string>,
): void {
  for (const [key, content] of logged) {
    const row = rows.get(key);
    if (row === undefined) context.report('row-missing', `${what} ${key}`, 'the log tells of it');
    else if (row !== content)
      context.report('row-differs', `${what} ${key}`, `the log says ${content}, the row ${row}`);
  }
  for (const key of rows.keys())
    if (!logged.has(key)) context.report('row-unlogged', `${what} ${key}`, 'the log does not tell of it');
}

const jobText = (job: { product: string; quota: number; mode: string; accepts: string; state: string }) =>
  `${job.product}, quota ${job.quota}, ${job.mode}, takes ${job.accepts || 'PASS alone'}, ${job.state}`;

function compareWithLog(context: JobContext, logged: LoggedJob): void {
  const { job, packages, units, licenses, receipts } = context.evidence;
  const name = toHex(job.jobId);
  compareRows(
    context,
    'job',
    new Map([[name, jobText({ ...job, accepts: job.accepts.join(' ') })]]),
    new Map([[name, jobText(logged)]]),
  );
  const approval = (approved: boolean) => (approved ? 'approved' : 'not approved');
  compareRows(
    context,
    'package',
    new Map(packages.map((row) => [toHex(row.manifestDigest), approval(row.approved)])),
    new Map([...logged.packages].map(([digest, approved]) => [digest, approval(approved)])),
  );
  compareRows(
    context,
    'unit of device',
    new Map(units.map((row) => [toHex(row.thumbprint), `${row.unitIndex}`])),
    new Map([...logged.units].map(([thumbprint, unit]) => [thumbprint, `${unit}`])),
  );
  const licenseText = (l: { digest: string; thumbprint: string; unit: number; manifest: string }) =>
    `digest ${l.digest}, device ${l.thumbprint}, unit ${l.unit}, manifest ${l.manifest}`;
  const rowText = (row: LicenseRecord) =>
    licenseText({
      digest: toHex(row.licenseDigest),
      thumbprint: toHex(row.thumbprint),
      unit: row.unitIndex,
      manifest: toHex(row.manifestDigest),
    });
  compareRows(
    context,
    'license',
    new Map(licenses.map((row) => [toHex(row.licenseId), rowText(row)])),
    new Map([...logged.licenses].map(([id, license]) => [id, licenseText(license)])),
  );
  compareRows(
    context,
    'receipt',
    new Map(receipts.map((row) => [toHex(row.receiptDigest), `${toHex(row.licenseId)}, ${row.outcome}`])),
    new Map([...logged.receipts].map(([digest, { license, outcome }]) => [digest, `${license}, ${outcome}`])),
  );
}

function summarize(
  { job, units, licenses, receipts }: JobEvidence,
  proven: ReadonlySet<number> = new Set(),
): JobSummary {
  const licensed = new Set(licenses.map((row) => row.unitIndex));
  const outcomes: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of receipts) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return {
    job: toHex(job.jobId),
    product: job.product,
    quota: job.quota,
    units: units.length,
    licenses: licenses.length,
    receipts: receipts.length,
    outcomes,
    unitsWithoutLicense: units.filter((unit) => !licensed.has(unit.unitIndex)).length,
    unitsWithoutReceipt: units.filter((unit) => !proven.has(unit.unitIndex)).length,
  };
}

/** Audits one job. `logged` is what the log tells of it, `trust` whom to trust for its product. */
export async function auditJob(
  crypto: Crypto,
  evidence: JobEvidence,
  against: { logged: LoggedJob | undefined; trust: AuditTrust | undefined },
): Promise<{ findings: Finding[]; summary: JobSummary }> {
  const job = toHex(evidence.job.jobId);
  const findings: Finding[] = [];
  const report: JobContext['report'] = (code, subject, detail) =>
    findings.push({ code, job, subject, detail });
  const trust = against.trust;
  if (!trust) {
    report('product-unknown', `job ${job}`, `no trust is configured for product ${evidence.job.product}`);
    return { findings, summary: summarize(evidence) };
  }
  const [manifests, devices, verified] = [new Map(), new Map(), new Map()];
  const context: JobContext = {
    crypto,
    evidence,
    trust,
    manifests,
    devices,
    licenses: verified,
    proven: new Set(),
    report,
  };
  if (against.logged) compareWithLog(context, against.logged);
  else report('row-unlogged', `job ${job}`, 'the log does not tell of it');
  if (evidence.units.length > evidence.job.quota)
    report('quota-exceeded', `job ${job}`, `${evidence.units.length} units, quota ${evidence.job.quota}`);
  await verifyPackagesAndDevices(context);
  for (const row of evidence.licenses) {
    const subject = `license ${toHex(row.licenseId)}`;
    await attempt(context, { code: 'license-invalid', subject }, () => checkLicense(context, row));
  }
  for (const row of evidence.receipts) {
    const subject = `receipt ${toHex(row.receiptDigest)}`;
    await attempt(context, { code: 'receipt-invalid', subject }, () => checkReceipt(context, row));
  }
  return { findings, summary: summarize(evidence, context.proven) };
}
