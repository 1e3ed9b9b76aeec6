// Certifying for sites (spec/device.md section 7): this process names the site of a token, keeps what
// approvers signed, and logs. Who certifies and counts is the signer.

import { countApprovers, coversThing, isReached, noJob, readApprovalUnverified } from '@firmseal/approval';
import type { CallAnswer, CallInput } from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { thumbprintOf } from '@firmseal/formats';
import { siteOf, stopsOfSite } from '../signer/certify-for-site.ts';
import type { SiteView } from '../signer/issuing-signer.ts';
import type { ApprovalRecord, TokenRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import { approvalsOf, wordsFor } from './approvals.ts';
import { type Authority, requireProduct } from './authority.ts';
import { requireNotStopped } from './stops.ts';

/** Rows about one site. */
export const isOfSite =
  (product: string, site: string) =>
  ({ approval }: ApprovalRecord): boolean => {
    const shown = readApprovalUnverified(approval);
    return shown.product === product && shown.subject.kind === 'site-cap' && shown.subject.site === site;
  };

/**
 * The change takes effect where enough approvers have signed it. Throws `product-not-served`,
 * `certifying-needs-approvers`, why one that was given does not count, and the signer's faults.
 */
export async function setSiteCap(
  authority: Authority,
  { by, ...change }: CallInput<'setSiteCap'> & { readonly by: string },
): Promise<CallAnswer<'setSiteCap'>> {
  const { clock, signer, store } = authority;
  const { product, site, cap, number } = change;
  const trust = requireProduct(authority, product);
  const needed = trust.approvalPolicy?.threshold;
  if (needed === undefined) throw new Fault('certifying-needs-approvers', { product });
  const validUntilSeconds = Math.floor(change.validUntilMs / 1000);
  const covers = coversThing({ kind: 'site-cap', site, cap, validUntilSeconds, number });
  const { counting, refused } = await approvalsOf(
    authority,
    { jobId: noJob },
    trust,
    isOfSite(product, site),
  );
  const asked = { threshold: needed, jobId: noJob, atMs: clock.nowMs(), covers };
  const quorum = countApprovers(counting, asked);
  const { given } = quorum;
  if (!isReached(quorum)) {
    const [reason] = [...quorum.refused, ...refused];
    if (reason !== undefined) throw reason;
    return { applied: false, given, needed };
  }
  const validUntilMs = validUntilSeconds * 1000;
  const words = await wordsFor(authority, noJob);
  const approvals = words.filter(({ approval }) => {
    const shown = readApprovalUnverified(approval);
    return shown.product === product && covers(shown.subject);
  });
  await signer.setSiteCap({ ...change, validUntilMs, approvals });
  await store.logEvent({
    timeMs: clock.nowMs(),
    kind: 'site-cap-set',
    fields: { product, site, cap, number, until: validUntilMs, by },
  });
  return { applied: true, given, needed };
}

export async function listSites({ signer }: Authority, { from, limit }: Page): Promise<SiteView[]> {
  return (await signer.listSites()).slice(from, from + limit);
}

/** Throws `site-not-opened` for a token that names no site. */
function requireStation({ station }: TokenRecord, product: string): string {
  if (station === undefined) throw new Fault('site-not-opened', { product, site: 'without a name' });
  return station;
}

/** Throws as IssuingSigner.challengeForSite. */
export async function giveSiteChallenge(
  authority: Authority,
  product: string,
  token: TokenRecord,
): Promise<{ challenge: Bytes }> {
  requireProduct(authority, product);
  const request = { product, station: requireStation(token, product) };
  await requireNotStopped(authority, stopsOfSite(request));
  return { challenge: await authority.signer.challengeForSite(request) };
}

/** Throws as IssuingSigner.certifyDevice. The certificate is in the log before it leaves. */
export async function certifyDevice(
  authority: Authority,
  { chip, ...request }: CallInput<'certifyDevice'>,
  token: TokenRecord,
): Promise<{ certificate: Bytes; thumbprint: Bytes }> {
  const { crypto, clock, signer, store } = authority;
  const { product, signingKey, kemKey } = request;
  requireProduct(authority, product);
  const station = requireStation(token, product);
  await requireNotStopped(authority, stopsOfSite({ product, station }));
  const certificate = await signer.certifyDevice({ ...request, chipId: chip, station });
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  const timeMs = clock.nowMs();
  const site = siteOf(station);
  const fields = { product, site, station, thumbprint, certificate: crypto.sha256(certificate) };
  await store.insertDevice(
    { thumbprint, certificate, firstSeenAtMs: timeMs },
    { timeMs, kind: 'device-certified', fields: { ...fields, by: token.tokenId } },
  );
  return { certificate, thumbprint };
}
