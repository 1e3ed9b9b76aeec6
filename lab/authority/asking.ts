// Lines that ask replicas of one authority for licenses, send receipts and repeat what they asked, until they
// get an answer: what they asked, what they were told, and what contradicts what they were told before.

import type { AuditTrust } from '@firmseal/audit';
import { createAuthority, createToken, type Store } from '@firmseal/authority';
import { type Bytes, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { digestOf, openSigned } from '@firmseal/formats';
import type { LogHead } from '@firmseal/ledger';
import { receiptKind, verifyLicense } from '@firmseal/license';
import { decodeHeader, type Manifest, verifyHeader } from '@firmseal/seal';
import { virtualProduct } from '@firmseal/virtual-line';
import { MadeUpChip } from '../kill/made-up-chip.ts';
import { CampaignOwner, type SealedPackage } from '../kill/owner.ts';
import { OwnerClient, refusalOf } from '../kill/owner-client.ts';
import type { CampaignOptions } from './options.ts';
import type { Replicas } from './replicas.ts';

/** Of the chips that get a license, so many send a receipt. */
const receiptShare = 0.4;
const patienceMs = 1_200_000;
const [firstPauseMs, mostPauseMs] = [25, 2000];

/** A sequence that is the same for the same seed. */
function randomsOf(seed: string): () => number {
  let state = crypto.sha256(new TextEncoder().encode(seed));
  return () => {
    state = crypto.sha256(state);
    return new DataView(state.buffer, state.byteOffset).getUint32(0) / 2 ** 32;
  };
}

export interface Job {
  readonly id: Bytes;
  readonly quota: number;
  readonly token: string;
}

export type Request = Awaited<ReturnType<MadeUpChip['request']>>;
export type Answer =
  | { readonly license: string; readonly unit: number; readonly bundleDigest: string }
  | 'quota-exhausted';

/** One chip at one job: what was asked, and what came back first. */
export interface Asked {
  readonly job: Job;
  readonly chip: MadeUpChip;
  readonly request: Request;
  readonly answer: Answer;
  /** Digest of the receipt that was acknowledged, hexadecimal. */
  readonly receipt: string | undefined;
}

export class Campaign {
  readonly options: CampaignOptions;
  readonly owner: CampaignOwner;
  readonly violations: string[] = [];
  readonly faults = new Map<string, number>();
  readonly asked: Asked[] = [];
  readonly heads: LogHead[] = [];
  readonly sealed: SealedPackage;
  readonly #manifest: Manifest;
  readonly #random: () => number;
  retries = 0;
  repeats = 0;

  private constructor(options: CampaignOptions, owner: CampaignOwner, sealed: SealedPackage) {
    this.options = options;
    this.owner = owner;
    this.sealed = sealed;
    const { rootPublicKey } = this.trust;
    const header = decodeHeader(sealed.header);
    this.#manifest = verifyHeader(crypto, header, { rootPublicKey, product: virtualProduct }).manifest;
    this.#random = randomsOf(options.seed);
  }

  static async make(options: CampaignOptions): Promise<Campaign> {
    const owner = new CampaignOwner(options.seed);
    return new Campaign(options, owner, await owner.seal('1.0.0'));
  }

  get trust(): AuditTrust {
    const { root, deviceCa } = this.owner;
    return {
      product: virtualProduct,
      rootPublicKey: Uint8Array.from(root.publicKey),
      deviceCaKeys: [Uint8Array.from(deviceCa.publicKey)],
    };
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  /** As a line does: the same call again, at whichever replica runs, until there is an answer. */
  async persist<T>(
    replicas: Replicas,
    token: string,
    job: Bytes,
    call: (line: Line) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = performance.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, mostPauseMs)) {
      const url = replicas.urlNear(this.below(replicas.count));
      try {
        if (url !== undefined) return await call(new OwnerClient(url, token).line(job, token));
      } catch (cause) {
        const code = faultThatPasses(cause);
        if (code === undefined) throw cause;
        this.faults.set(code, (this.faults.get(code) ?? 0) + 1);
        this.retries++;
      }
      if (performance.now() > deadlineMs) throw new Error('a line got no answer in time');
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + this.#random())));
    }
  }

  issue(replicas: Replicas, job: Job, request: Request) {
    return this.persist(replicas, job.token, job.id, (line) => line.issueLicense(request));
  }

  async ask(replicas: Replicas, job: Job, request: Request): Promise<Answer> {
    try {
      const issued = await this.issue(replicas, job, request);
      return answerOf(issued);
    } catch (cause) {
      if (refusalOf(cause) === 'quota-exhausted') return 'quota-exhausted';
      throw cause;
    }
  }

  /** What a line asks for a chip. */
  async prepare(replicas: Replicas, job: Job, chip: MadeUpChip): Promise<Request> {
    const challenge = await this.persist(replicas, job.token, job.id, (line) => line.giveChallenge('hello'));
    return chip.request(challenge, this.sealed);
  }

  /** A new chip asks once; some of those that get a license prove it. */
  async askNew(replicas: Replicas, job: Job): Promise<Asked> {
    const chip = await MadeUpChip.make(this.owner);
    const request = await this.prepare(replicas, job, chip);
    const isProven = this.chance(receiptShare);
    try {
      const issued = await this.issue(replicas, job, request);
      const receipt = isProven ? await this.#prove(replicas, job, { chip, issued }) : undefined;
      return { job, chip, request, answer: answerOf(issued), receipt };
    } catch (cause) {
      if (refusalOf(cause) !== 'quota-exhausted') throw cause;
      return { job, chip, request, answer: 'quota-exhausted', receipt: undefined };
    }
  }

  /** Its receipt is sent until it is acknowledged. */
  async #prove(replicas: Replicas, job: Job, of: { chip: MadeUpChip; issued: Issued }): Promise<string> {
    const { chip, issued } = of;
    const { rootPublicKey, product } = this.trust;
    const license = verifyLicense(crypto, { bundle: issued.bundle, rootPublicKey, product });
    const receipt = await chip.receiptFor(license, this.#manifest);
    const delivery = { licenseId: issued.licenseId, receipt, challenge: undefined, certificate: undefined };
    await this.persist(replicas, job.token, job.id, (line) => line.storeReceipt(delivery));
    return toHex(digestOf(crypto, openSigned(receipt, receiptKind)));
  }

  /** The same request again gets the same answer. */
  async repeat(replicas: Replicas, { job, request, answer }: Asked): Promise<void> {
    this.repeats++;
    const again = await this.ask(replicas, job, request);
    if (JSON.stringify(again) !== JSON.stringify(answer))
      this.violations.push(
        `request ${request.requestId} was answered ${textOf(answer)}, then ${textOf(again)}`,
      );
  }

  async openJob(replicas: Replicas, token: string, quota: number): Promise<Job> {
    const client = new OwnerClient(replicas.urlNear(0)!, token);
    const id = await client.openJob(this.sealed, quota);
    await client.call('approveJob', { job: id });
    return { id, quota, token: (await client.lineToken(id)).token };
  }

  async ownerToken(store: Store): Promise<string> {
    const local = await createAuthority({ store, crypto, kem: this.owner.kem, products: [] });
    return (await createToken(local, { scope: 'owner', label: 'owner', by: 'local' })).token;
  }

  /** All at once; how many units were given. */
  async crowd(replicas: Replicas, job: Job): Promise<number> {
    const requests: Request[] = [];
    // Made by a few at a time: it is the question that comes at once.
    await Promise.all(
      Array.from({ length: this.options.lines }, async () => {
        while (requests.length < this.options.crowd)
          requests.push(await this.prepare(replicas, job, await MadeUpChip.make(this.owner)));
      }),
    );
    const asked = requests.slice(0, this.options.crowd);
    const answers = await Promise.all(asked.map((request) => this.ask(replicas, job, request)));
    const given = answers.filter((answer) => answer !== 'quota-exhausted').length;
    if (given !== 1) this.violations.push(`a quota of 1 gave ${given} licenses to a crowd`);
    return given;
  }
}

type Line = ReturnType<OwnerClient['line']>;
type Issued = Awaited<ReturnType<Line['issueLicense']>>;

const answerOf = ({ licenseId, unitIndex, bundle }: Issued): Answer => ({
  ...{ license: toHex(licenseId), unit: unitIndex, bundleDigest: toHex(crypto.sha256(bundle)) },
});

const textOf = (answer: Answer): string =>
  typeof answer === 'string' ? answer : `license ${answer.license} for unit ${answer.unit}`;

/** The code of what a line meets when a replica or the database is away; undefined for a refusal. */
function faultThatPasses(cause: unknown): string | undefined {
  if (!(cause instanceof Fault)) return undefined;
  const isLate = cause.fields['status'] === 408; // the machine is too busy for the request to arrive in time
  const isAway =
    refusalOf(cause) === undefined ||
    /^(?:store-|authority-(?:stopping|signer-away)$)/.test(cause.code) ||
    isLate;
  return isAway && /^(?:store|authority)-/.test(cause.code) ? cause.code : undefined;
}
