// The signer with the keys: what each operation checks before a key is used. It believes what roots,
// approvers, device CAs, chips and stations signed, its own table and its own clock, and nothing else.

import { coversThing, makeJobEnd, readApprovalUnverified, subjectDigest } from '@firmseal/approval';
import { type Bytes, concatBytes, equalBytes, toHex, u32be } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  readLicenseBundle,
  readLicenseTermsUnverified,
  signBatchList,
  verifyLicense,
} from '@firmseal/license';
import { requireDate } from '../service/batches.ts';
import { verifyLicensable } from '../service/jobs.ts';
import { requireMode } from '../service/licensing.ts';
import { messageOfWebhookSecret } from '../service/webhook-secret.ts';
import { verifyAskingChip } from './asking-chip.ts';
import { certifyDevice, challengeForSite, setSiteCap } from './certify-for-site.ts';
import { issueToChip } from './issue-to-chip.ts';
import { countForStation, issueToStation } from './issue-to-station.ts';
import type {
  ApprovalWord,
  BatchListRequest,
  EndRequest,
  IssuingSigner,
  VoidRequest,
} from './issuing-signer.ts';
import { pinnedJobOf } from './job-terms.ts';
import { openByAny, openContentKeyByAny } from './kem-keys.ts';
import { rewrap } from './rewrap.ts';
import { requireIssuing, requireSignedBy, type SignerContext } from './signer-context.ts';

/** Who said what and when, whatever the bytes of the signature: two signatures of it are one word. */
function wordOf({ crypto }: SignerContext, { approval, delegation }: ApprovalWord): Bytes {
  const said = readApprovalUnverified(approval);
  return crypto.sha256(
    concatBytes(crypto.sha256(delegation), subjectDigest(crypto, said), u32be(said.issuedAtSeconds)),
  );
}

async function voidUnit(context: SignerContext, request: VoidRequest): Promise<void> {
  const { crypto, clock, table } = context;
  const { job, unitIndex, thumbprint, reason, approvals } = request;
  requireIssuing(context, job.product);
  const subject = { kind: 'void', unitIndex, thumbprint, reason } as const;
  const covers = coversThing(subject);
  const about = approvals.filter(({ approval }) => covers(readApprovalUnverified(approval).subject));
  const atMs = clock.nowMs();
  await table.voidUnit(
    { job: pinnedJobOf(crypto, job), thumbprint, atMs },
    {
      words: about.map((word) => wordOf(context, word)),
      // A word counts for one void: the chip may have been counted again since.
      judge: (fresh) =>
        requireSignedBy(context, { job, approvals: about.filter((_, i) => fresh[i] === true) }, subject),
    },
  );
}

async function endJob(context: SignerContext, request: EndRequest): Promise<Bytes> {
  const { crypto, clock, table } = context;
  const { job, counts } = request;
  const { trust, issuer } = requireIssuing(context, job.product);
  await requireSignedBy(context, request, { kind: 'close' });
  const atMs = clock.nowMs();
  return table.endJob(pinnedJobOf(crypto, job), atMs, (counted) => {
    if (counts.units < counted || counts.units > job.quota)
      throw new Fault('job-end-counts-differ', { job: toHex(job.jobId), units: counts.units, counted });
    return makeJobEnd(crypto, issuer, {
      ...{ product: job.product, jobId: job.jobId, quota: job.quota, ...counts },
      atSeconds: Math.floor(atMs / 1000),
      delegationDigest: trust.issuerDelegate.digest,
    });
  });
}

/** Throws `batch-license-unfit`, and the faults of a license that this issuer did not sign. */
function checkOfBatch(
  context: SignerContext,
  { job, notAfterSeconds, bundles }: BatchListRequest,
): { manifestDigest: Bytes } {
  const { crypto } = context;
  const { trust } = requireIssuing(context, job.product);
  const { rootPublicKey, product, epoch } = trust;
  const chips = new Set<string>();
  const packages = new Set<string>();
  let manifestDigest: Bytes = new Uint8Array(32);
  for (const bundle of bundles) {
    verifyLicense(crypto, { bundle, rootPublicKey, product, epoch });
    const terms = readLicenseTermsUnverified(readLicenseBundle(bundle).license);
    ({ manifestDigest } = terms);
    chips.add(toHex(terms.thumbprint));
    packages.add(toHex(manifestDigest));
    const ends = terms.notAfterSeconds !== undefined && terms.notAfterSeconds <= notAfterSeconds;
    const reason = !equalBytes(terms.jobId, job.jobId)
      ? 'the job has not issued it'
      : ends
        ? undefined
        : 'it is good for longer than the batch';
    if (reason !== undefined)
      throw new Fault('batch-license-unfit', { license: toHex(terms.licenseId), reason });
  }
  if (bundles.length === 0 || packages.size > 1 || chips.size < bundles.length)
    throw new Fault('batch-license-unfit', { license: 'of the list', reason: 'the list holds others' });
  return { manifestDigest };
}

async function signBatch(context: SignerContext, request: BatchListRequest) {
  const { crypto, clock } = context;
  const { job, notAfterSeconds, bundles } = request;
  requireMode(job, 'standing');
  requireDate(context, notAfterSeconds);
  const { manifestDigest } = checkOfBatch(context, request);
  const batchId = crypto.randomBytes(16);
  const signedAtSeconds = Math.floor(clock.nowMs() / 1000);
  const facts = { batchId, jobId: job.jobId, notAfterSeconds, manifestDigest, signedAtSeconds, bundles };
  const { issuer } = requireIssuing(context, job.product);
  return { batchId, list: await signBatchList(crypto, facts, issuer) };
}

export function createKeySigner(context: SignerContext): IssuingSigner {
  const { crypto, kems, table, clock } = context;
  return {
    kemPublicKey: async () => new Uint8Array(kems[0].publicKey),
    ready: async () => undefined,
    async checkContentKey({ product, header, contentKeyFile: file }) {
      const { trust } = requireIssuing(context, product);
      const manifest = verifyLicensable(context, trust, { header });
      (await openContentKeyByAny(crypto, kems, { file, manifest })).wipe();
      return (await rewrap(context, { kind: 'content-key', file })) ?? file;
    },
    verifyChip: async ({ product, ...chip }) => {
      verifyAskingChip(context, requireIssuing(context, product).trust, chip);
    },
    issue: (request) => {
      const { ask, ...rest } = request;
      return ask.kind === 'station'
        ? issueToStation(context, { ...rest, ask })
        : issueToChip(context, { ...rest, ask });
    },
    countUnit: async ({ ask, ...rest }) => {
      if (ask.kind !== 'station') throw new Fault('station-request-wrong', { what: 'kind' });
      await countForStation(context, { ...rest, ask });
    },
    voidUnit: (request) => voidUnit(context, request),
    setStop: (stop) => table.setStop({ ...stop, atMs: clock.nowMs() }),
    liftStop: (key) => table.liftStop(key),
    endJob: (request) => endJob(context, request),
    signBatch: (request) => signBatch(context, request),
    setSiteCap: (request) => setSiteCap(context, request),
    listSites: () => context.sites.list(),
    challengeForSite: (request) => challengeForSite(context, request),
    certifyDevice: (request) => certifyDevice(context, request),
    openWebhookSecret: (request) => openByAny(crypto, kems, messageOfWebhookSecret(request)),
    rewrap: (request) => rewrap(context, request),
  };
}
