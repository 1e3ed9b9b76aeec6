// A license of a station, or a unit for a chip that ST's installer writes, as the signer decides: as
// issue-to-chip.ts, on what the station signed.

import { equalBytes, toHex } from '@firmseal/bytes';
import { chipIds, findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import {
  checkForStation,
  checkStationDate,
  issueStationLicense,
  requireListedStation,
  type StationPurpose,
  verifyStation,
  verifyStationRequest,
} from '@firmseal/station';
import { requireCurrent } from '../service/authority.ts';
import { openDeviceData } from '../service/device-data.ts';
import { verifyLicensable } from '../service/jobs.ts';
import { takesUnproven } from '../service/stations.ts';
import { bundleOf } from './issue-to-chip.ts';
import type { Ask, IssueRequest, SignedLicense, UnitRequest } from './issuing-signer.ts';
import { pinnedJobOf } from './job-terms.ts';
import { requireIssuing, requireOrderedBy, type SignerContext, stopKeysOf } from './signer-context.ts';

type StationAsk = Extract<Ask, { kind: 'station' }>;

function verifyAsk(
  context: SignerContext,
  { job, ask }: UnitRequest & { readonly ask: StationAsk },
  purpose: StationPurpose,
) {
  const { crypto, clock } = context;
  const { trust, issuer } = requireIssuing(context, job.product);
  requireCurrent(context, job);
  const { jobId, mode } = job;
  if (purpose === 'license' && mode !== 'station')
    throw new Fault('job-mode-wrong', { job: toHex(jobId), mode, asked: 'station' });
  if (!takesUnproven(job)) throw new Fault('job-takes-no-unproven', { job: toHex(jobId) });
  const { rootPublicKey, product, epoch } = trust;
  const station = verifyStation(crypto, ask.delegation, { rootPublicKey, product, epoch });
  checkStationDate(station, clock.nowMs());
  requireListedStation(job, station.name);
  const { challenge } = ask;
  const request = verifyStationRequest(crypto, ask.request, { station, jobId, purpose, challenge });
  return { trust, issuer, station, request };
}

const countOf = (
  { crypto, clock, table }: SignerContext,
  { job, unitIndex }: UnitRequest,
  { request, station }: Pick<ReturnType<typeof verifyAsk>, 'request' | 'station'>,
): Promise<void> =>
  table.count({
    ...{ job: pinnedJobOf(crypto, job), thumbprint: request.holder, unitIndex, ceiling: 0 },
    ...{ isUnitOwn: job.deviceDataKey !== undefined, request: request.digest, atMs: clock.nowMs() },
    stops: stopKeysOf(job.product, request.holder, station.name),
  });

/** Throws as IssuingSigner.issue. */
export async function issueToStation(
  context: SignerContext,
  asked: IssueRequest & { readonly ask: StationAsk },
): Promise<SignedLicense> {
  const { crypto, kems, contentKeys } = context;
  const { job, unitIndex, contentKeyFile: file, sealedData } = asked;
  const verified = verifyAsk(context, asked, 'license');
  const { trust, issuer, request } = verified;
  if (!chipIds().includes(request.chipId)) throw new Fault('station-request-wrong', { what: 'chip' });
  const manifest = verifyLicensable(context, trust, { header: asked.header });
  if (request.manifestDigest === undefined || !equalBytes(request.manifestDigest, manifest.digest))
    throw new Fault('station-request-wrong', { what: 'package' });
  await requireOrderedBy(context, asked, manifest.digest);
  checkForStation(manifest, findChip(request.chipId));
  await countOf(context, asked, verified);

  const licenseId = crypto.randomBytes(16);
  const deviceData = await openDeviceData({ crypto, kems }, job, { unitIndex, sealed: sealedData });
  const terms = {
    ...{ jobId: job.jobId, licenseId, unitIndex, holder: request.holder, chipId: request.chipId },
    ...{ requestDigest: request.digest, outcomeNonce: crypto.randomBytes(32) },
    delegationDigest: trust.issuerDelegate.digest,
  };
  try {
    const license = await contentKeys.use({ file, manifest }, (contentKey) =>
      issueStationLicense(crypto, {
        ...{ terms, manifest, kemKey: request.kemKey!, contentKey, deviceData, signer: issuer },
      }),
    );
    return { licenseId, bundle: bundleOf(trust, license) };
  } finally {
    for (const data of deviceData) data.fill(0);
  }
}

/** Counts the chip; nothing is signed. Throws as IssuingSigner.issue. */
export async function countForStation(
  context: SignerContext,
  asked: UnitRequest & { readonly ask: StationAsk },
): Promise<void> {
  const verified = verifyAsk(context, asked, 'unit');
  await requireOrderedBy(context, asked);
  await countOf(context, asked, verified);
}
