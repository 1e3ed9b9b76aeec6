// Chips of a site, certified by the signer with the device CA key (spec/device.md section 7). It checks what
// a site with a key of its own checks, believes approvers alone about the cap, and counts by itself.

import {
  countApprovers,
  coversThing,
  noJob,
  readApprovalUnverified,
  requireQuorum,
} from '@firmseal/approval';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { issueDeviceCertificate, verifyDeviceCertificate } from '@firmseal/certificate';
import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, effectiveReadoutLevel, originOf, thumbprintOf } from '@firmseal/formats';
import type { Signer } from '@firmseal/keys';
import { verifyHello } from '@firmseal/license';
import { verifyOnce } from '../service/approvals.ts';
import type { ProductTrust } from '../service/authority.ts';
import { stopsOfStation } from '../service/stops.ts';
import type { StopKey } from '../store/store.ts';
import type { ApprovalWord, CertifyRequest, SiteCap, SiteRequest } from './issuing-signer.ts';
import { requireIssuing, type SignerContext } from './signer-context.ts';

const challengeLifeMs = 600_000;
const dayMs = 86_400_000;

/** The site of a station: its name as far as the first slash. */
export const siteOf = (station: string): string => station.split('/')[0]!;

/** A stop of the station, of its site under either of its names, or of the product. */
export const stopsOfSite = ({ product, station }: SiteRequest): StopKey[] => {
  const site = siteOf(station);
  const names = new Set([...stopsOfStation(station).map(({ name }) => name), site, `${site}/*`]);
  return [
    { kind: 'product', name: product },
    ...[...names].map((name): StopKey => ({ kind: 'station', name })),
  ];
};

interface CertifyingProduct {
  readonly trust: ProductTrust;
  readonly deviceCa: Signer;
  /** How many approvers have to sign. */
  readonly threshold: number;
}

/** Throws `product-not-served`, `certifying-key-missing`, `certifying-needs-approvers`. */
function requireCertifying(context: SignerContext, product: string): CertifyingProduct {
  const { trust } = requireIssuing(context, product);
  const { deviceCa } = context;
  if (deviceCa === undefined || !trust.deviceCaKeys.some((key) => equalBytes(key, deviceCa.publicKey)))
    throw new Fault('certifying-key-missing', { product });
  // Without approvers, whoever holds the process that asks would say how many.
  const threshold = trust.approvalPolicy?.threshold;
  if (threshold === undefined) throw new Fault('certifying-needs-approvers', { product });
  return { trust, deviceCa, threshold };
}

/** Throws as IssuingSigner.setSiteCap. */
export async function setSiteCap(
  context: SignerContext,
  { approvals, ...change }: SiteCap & { readonly approvals: readonly ApprovalWord[] },
): Promise<void> {
  const { crypto, clock, sites } = context;
  const { trust, threshold } = requireCertifying(context, change.product);
  const { site, cap, number } = change;
  const validUntilSeconds = Math.floor(change.validUntilMs / 1000);
  const covers = coversThing({ kind: 'site-cap', site, cap, validUntilSeconds, number });
  const about = approvals.filter(({ approval }) => {
    const shown = readApprovalUnverified(approval);
    return shown.product === change.product && covers(shown.subject);
  });
  const verified = about.map((word) => verifyOnce(crypto, trust, word));
  const atMs = clock.nowMs();
  const quorum = countApprovers(verified, { threshold, jobId: noJob, atMs, covers });
  requireQuorum(quorum, { job: toHex(noJob), what: `the cap of site ${site}` });
  await sites.setCap({ ...change, validUntilMs: validUntilSeconds * 1000 });
}

/** Throws as IssuingSigner.challengeForSite. */
export async function challengeForSite(context: SignerContext, request: SiteRequest): Promise<Bytes> {
  const { crypto, clock, sites } = context;
  const { product, station } = request;
  requireCertifying(context, product);
  const challenge = crypto.randomBytes(32);
  const atMs = clock.nowMs();
  await sites.keepChallenge(
    { product, site: siteOf(station), challenge, endsAtMs: atMs + challengeLifeMs },
    { stops: stopsOfSite(request), atMs },
  );
  return challenge;
}

const wrong = (what: string) => new Fault('certifying-proof-wrong', { what });

/** The device whose keys the chip proved. Throws `certifying-proof-wrong`, the faults of the hello. */
function verifyProof(context: SignerContext, request: CertifyRequest): DevicePublic {
  const { onceCrypto: crypto } = context;
  const { product, chipId, signingKey, kemKey, challenge } = request;
  const origin = originOf(request.origin);
  if (origin === undefined) throw wrong('its origin has no number of the table');
  // The list of its secret is at another place.
  if (origin.kind === 'enrolled') throw wrong('it was enrolled');
  findChip(chipId);
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  const device = { signingKey, kemKey, thumbprint, chipId, product, origin };
  const hello = verifyHello(crypto, { hello: request.hello, device, challenge });
  if (hello.lifeCycle !== 'blank') throw wrong(`it is ${hello.lifeCycle} and not blank`);
  if (hello.levelKey) throw wrong('somebody can take its level back');
  const level = effectiveReadoutLevel(hello);
  if (origin.kind === 'unwitnessed' && !origin.rehearsal && level !== 2)
    throw wrong(`it made its keys at level ${level}, and nobody witnessed it`);
  return device;
}

/** Throws as IssuingSigner.certifyDevice. */
export async function certifyDevice(context: SignerContext, request: CertifyRequest): Promise<Bytes> {
  const { onceCrypto: crypto, clock, sites } = context;
  const { product, station, challenge } = request;
  const { deviceCa } = requireCertifying(context, product);
  const device = verifyProof(context, request);
  const atMs = clock.nowMs();
  // Valid since the day before: the clock of a site may be some minutes behind.
  const notBefore = new Date((Math.floor(atMs / dayMs) - 1) * dayMs);
  const { thumbprint } = device;
  const claim = { product, site: siteOf(station), thumbprint, challenge, atMs };
  return sites.certify({ ...claim, stops: [...stopsOfSite(request), stopOf(thumbprint)] }, async () => {
    const certificate = await issueDeviceCertificate(crypto, { device, signer: deviceCa, notBefore });
    verifyDeviceCertificate(crypto, certificate, {
      ...{ caPublicKeys: [deviceCa.publicKey], product, now: new Date(atMs) },
    });
    return certificate;
  });
}

const stopOf = (thumbprint: Bytes): StopKey => ({ kind: 'device', name: toHex(thumbprint) });
