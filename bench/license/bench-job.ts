// A job that the benchmark licenses: real keys, certificates, package and requests. What a line does besides
// asking (a chip's signature over the challenge) is done apart from what is measured.

import { type Authority, createAuthority, type Store } from '@firmseal/authority';
import { giveChallenge, licenseDevice, type Owner, TestChip } from '@firmseal/authority/testing';
import { type Bytes, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { SignerBeside } from './signer-beside.ts';

/** Runs `work` for each item, so many at once. */
export async function atOnce<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const line = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: most }, line));
  return results;
}

export async function makeChips(owner: Owner, count: number): Promise<TestChip[]> {
  const chips: TestChip[] = [];
  while (chips.length < count) chips.push(await TestChip.make(owner));
  return chips;
}

/** What the chip says to the challenge, and what its line sends with it. */
export const answerOf = async (chip: TestChip, challenge: Bytes) => ({
  ...{ challenge, certificate: chip.certificate, hello: await chip.hello(challenge) },
  requestId: toHex(crypto.randomBytes(8)),
});
type ChipAnswer = Awaited<ReturnType<typeof answerOf>>;

export class BenchJob {
  readonly owner: Owner;
  readonly authority: Authority;
  readonly jobId: Bytes;

  private constructor(owner: Owner, authority: Authority, jobId: Bytes) {
    this.owner = owner;
    this.authority = authority;
    this.jobId = jobId;
  }

  /** An approved job for any number of chips on an empty store. */
  static async open(
    store: Store,
    { client, product, kemKey }: SignerBeside,
    owner: Owner,
  ): Promise<BenchJob> {
    const authority = await createAuthority({ store, crypto, signer: client, products: [product] });
    const { manifest, header, contentKeyFile } = await owner.seal({ authorityKemKey: kemKey });
    const { firmwareVersion, securityCounter } = manifest.core;
    const jobId = crypto.randomBytes(16);
    const event = { timeMs: Date.now(), kind: 'job-opened', fields: {} } as const;
    const job = { jobId, product: owner.product, quota: 1_000_000, mode: 'session', accepts: [] } as const;
    const files = { header, contentKeyFile, firmwareVersion, securityCounter };
    await store.insertJob(
      {
        job: { ...job, createdAtMs: event.timeMs },
        package: { manifestDigest: manifest.digest, ...files },
        deviceData: [],
      },
      event,
    );
    await store.approveJob(jobId, event);
    return new BenchJob(owner, authority, jobId);
  }

  challenge(): Promise<Bytes> {
    return giveChallenge(this.authority, this.jobId, 'hello');
  }

  async license(answer: ChipAnswer): Promise<void> {
    const { newUnit } = await licenseDevice(this.authority, { ...answer, jobId: this.jobId });
    if (!newUnit) throw new Error('a license without a unit of its own');
  }
}
