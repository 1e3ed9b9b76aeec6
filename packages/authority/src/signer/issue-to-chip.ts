// A license of one chip as the signer makes it: everything that the authority checked is checked again, on
// what was signed by others; the chip is counted; then the content key is opened, and the license signed. The
// content key is in memory only here, for all licenses that are made at the same time.

import type { Bytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import { ceilingFor, type Hello, issueLicense, makeLicenseBundle } from '@firmseal/license';
import { checkForChip } from '@firmseal/seal';
import { requireListedStation } from '@firmseal/station';
import { requireCurrent } from '../service/authority.ts';
import { requireDate, verifyRecord } from '../service/batches.ts';
import { openDeviceData } from '../service/device-data.ts';
import { verifyLicensable } from '../service/jobs.ts';
import { checkAccepted, licenseModeOf, requireMode } from '../service/licensing.ts';
import { verifyAskingChip } from './asking-chip.ts';
import type { Ask, IssueRequest, JobTerms, SignedLicense } from './issuing-signer.ts';
import { pinnedJobOf } from './job-terms.ts';
import {
  type IssuingProduct,
  requireIssuing,
  requireOrderedBy,
  type SignerContext,
  stopKeysOf,
} from './signer-context.ts';

type ChipAsk = Exclude<Ask, { kind: 'station' }>;

interface AskingChip {
  readonly device: DevicePublic;
  readonly hello: Hello;
  /** Mode standing alone. */
  readonly notAfterSeconds?: number;
}

/** The chip that asks, and the unwraps that it is known to have done. */
async function chipOf(
  context: SignerContext,
  { trust }: IssuingProduct,
  { job, ask }: { job: JobTerms; ask: ChipAsk },
): Promise<AskingChip> {
  const { table } = context;
  if (ask.kind === 'device') {
    requireMode(job, licenseModeOf(job));
    const { device, hello } = verifyAskingChip(context, trust, ask);
    if (hello.lifeCycle === 'recovery-needed') throw new Fault('recovery-needed', { chip: hello.chipId });
    return { device, hello };
  }
  requireMode(job, 'standing');
  const { notAfterSeconds, record } = ask;
  requireDate(context, notAfterSeconds);
  const { device, hello } = verifyRecord(context, trust, record);
  const { jobId, product } = job;
  const { own, highest } = await table.ceilingsOf({ jobId, product, thumbprint: device.thumbprint });
  // A second license of the same unit raises nothing (service/batches.ts).
  const known = own === undefined ? highest : own - ceilingFor(0);
  return { device, hello: { ...hello, unwraps: Math.max(hello.unwraps, known) }, notAfterSeconds };
}

/** Throws as IssuingSigner.issue. */
export async function issueToChip(
  context: SignerContext,
  request: IssueRequest & { readonly ask: ChipAsk },
): Promise<SignedLicense> {
  const { crypto, onceCrypto, clock, kems, table, contentKeys } = context;
  const { job, ask, unitIndex } = request;
  const product = requireIssuing(context, job.product);
  const { trust, issuer } = product;
  requireCurrent(context, job);
  requireListedStation(job, request.station);
  const { device, hello, notAfterSeconds } = await chipOf(context, product, { job, ask });
  const manifest = verifyLicensable(context, trust, { header: request.header, epoch: hello.epoch });
  await requireOrderedBy(context, request, manifest.digest);
  checkForChip(manifest, findChip(hello.chipId), hello);
  checkAccepted(job, { device, hello, manifest });

  const { thumbprint } = device;
  const what: readonly Bytes[] =
    ask.kind === 'device'
      ? [hello.nonce]
      : [crypto.sha256(ask.record), new Uint8Array(Uint32Array.of(ask.notAfterSeconds).buffer)];
  const ceiling = ceilingFor(hello.unwraps);
  await table.count({
    ...{ job: pinnedJobOf(crypto, job), thumbprint, unitIndex, ceiling, atMs: clock.nowMs() },
    isUnitOwn: job.deviceDataKey !== undefined,
    request: crypto.sha256(manifest.digest, ...what),
    stops: stopKeysOf(job.product, thumbprint, request.station),
  });

  const random = crypto.randomBytes(48);
  const licenseId = random.slice(0, 16);
  const terms = {
    ...{ jobId: job.jobId, licenseId, unitIndex, thumbprint },
    ...(licenseModeOf(job) === 'session'
      ? { mode: 'session' as const, nonce: hello.nonce }
      : { mode: 'standing' as const, ...(notAfterSeconds === undefined ? {} : { notAfterSeconds }) }),
    receiptNonce: random.slice(16),
    counterFloor: manifest.core.securityCounter,
    ...{ origin: device.origin, ceiling },
    delegationDigest: trust.issuerDelegate.digest,
  };
  const { sealedData } = request;
  const deviceData = await openDeviceData({ crypto, kems }, job, { unitIndex, sealed: sealedData });
  const { contentKeyFile: file } = request;
  try {
    const { license } = await contentKeys.use({ file, manifest }, (contentKey) =>
      issueLicense(onceCrypto, {
        ...{ terms, manifest, kemKey: device.kemKey, contentKey, deviceData, signer: issuer },
      }),
    );
    return { licenseId, bundle: bundleOf(trust, license) };
  } finally {
    for (const data of deviceData) data.fill(0);
  }
}

/** The license with what proves its issuer. */
export const bundleOf = (
  { issuerDelegation, epochStatement }: IssuingProduct['trust'],
  license: Bytes,
): Bytes =>
  makeLicenseBundle({
    ...{ license, delegation: issuerDelegation },
    ...(epochStatement ? { epoch: epochStatement } : {}),
  });
