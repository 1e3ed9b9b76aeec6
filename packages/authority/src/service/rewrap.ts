// The key that opens content keys is replaced: everything that the database has wrapped for the previous key
// is wrapped for the present one, job by job. The signer does it; here it is read and written. A pass that
// was broken off is begun again, and changes only what is left.

import type { CallAnswer } from '@firmseal/authority-contract';
import { type Bytes, equalBytes } from '@firmseal/bytes';
import { readDelegationUnverified } from '@firmseal/formats';
import { decodeHeader } from '@firmseal/seal';
import type { RewrapRequest } from '../signer/issuing-signer.ts';
import { termsOf } from '../signer/job-terms.ts';
import type { JobRecord } from '../store/records.ts';
import type { RewrappedKeys } from '../store/store.ts';
import { type Authority, requireProduct } from './authority.ts';
import { verifyLicensable } from './jobs.ts';

const jobsAtOnce = 10;

class Pass {
  readonly #authority: Authority;
  readonly packages: RewrappedKeys['packages'][number][] = [];
  readonly jobs: RewrappedKeys['jobs'][number][] = [];
  readonly webhooks: RewrappedKeys['webhooks'][number][] = [];
  looked = 0;
  unopened = 0;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  /** Undefined where there is nothing to change. */
  async #rewrap(request: RewrapRequest, before: Bytes): Promise<{ before: Bytes; after: Bytes } | undefined> {
    this.looked++;
    const after = await this.#authority.signer.rewrap(request);
    if (after === undefined) this.unopened++;
    return after === undefined || equalBytes(after, before) ? undefined : { before, after };
  }

  async addJob(job: JobRecord): Promise<void> {
    const { jobId, deviceDataKey } = job;
    for (const { manifestDigest, contentKeyFile: file } of await this.#authority.store.listPackages(jobId)) {
      const found = await this.#rewrap({ kind: 'content-key', file }, file);
      if (found) this.packages.push({ jobId, manifestDigest, ...found });
    }
    if (deviceDataKey === undefined) return;
    const found = await this.#rewrap({ kind: 'device-data', job: termsOf(job) }, deviceDataKey);
    if (found) this.jobs.push({ jobId, ...found });
  }

  async addWebhooks(): Promise<void> {
    for (const { webhookId, secret } of await this.#authority.store.listWebhooks()) {
      const found = await this.#rewrap({ kind: 'webhook', webhookId, secret }, secret);
      if (found) this.webhooks.push({ webhookId, ...found });
    }
  }

  get changed(): number {
    return this.packages.length + this.jobs.length + this.webhooks.length;
  }
}

/** Some jobs from place `from` on, newest first; before the first of them the webhooks. */
export async function rewrapKeys(
  authority: Authority,
  { from = 0, by }: { from?: number | undefined; by: string },
): Promise<CallAnswer<'rewrapKeys'>> {
  const { store, crypto, clock, signer } = authority;
  const kemPublicKey = await signer.kemPublicKey();
  const pass = new Pass(authority);
  if (from === 0) await pass.addWebhooks();
  const jobs = await store.listJobs({ from, limit: jobsAtOnce });
  for (const job of jobs) await pass.addJob(job);
  const { looked, unopened, changed: rewrapped } = pass;
  if (rewrapped > 0) {
    const fields = { kem: crypto.sha256(kemPublicKey), rewrapped, by };
    await store.replaceWrapped(pass, { timeMs: clock.nowMs(), kind: 'keys-rewrapped', fields });
  }
  const next = jobs.length < jobsAtOnce ? {} : { next: from + jobs.length };
  return { kemPublicKey, looked, rewrapped, unopened, ...next };
}

/** The file of a package that no job has yet. Throws the faults of header and content-key file. */
export async function rewrapContentKey(
  authority: Authority,
  { header, contentKeyFile }: { header: Bytes; contentKeyFile: Bytes },
): Promise<{ contentKeyFile: Bytes }> {
  const { product } = readDelegationUnverified(authority.crypto, decodeHeader(header).delegation);
  verifyLicensable(authority, requireProduct(authority, product), { header });
  return { contentKeyFile: await authority.signer.checkContentKey({ product, header, contentKeyFile }) };
}
