// A ledger as the authority of a factory leaves it: jobs of 1,000 units, eight under way beside each other,
// orders and closes that a person approved, voids, second licenses and receipts, certificates of the end. One
// job in eight is a batch: all of its licenses come first, and its receipts thousands of entries later.

import { makeJobEnd, type Subject, verifyApproval, verifyJobEnd } from '@firmseal/approval';
import { signerOf, TestApprover } from '@firmseal/authority/testing';
import { type Bytes, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { formatNoteKey, type LogFields, type LogKind, type OpenedEntry } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { LedgerWriter } from './ledger-writer.ts';
import { type MadeChip, type MadeLicense, SignedObjects } from './signed-objects.ts';

const jobsAtOnce = 8;
const firstMs = Date.UTC(2026, 0, 2);

/** What an auditor of the ledger is given. */
export interface LedgerKeys {
  /** `NAME+ID+KEY`. */
  readonly ledgerKey: string;
  readonly product: string;
  /** In hexadecimal. */
  readonly rootPublicKey: string;
  readonly deviceCaKey: string;
  readonly deviceCaDelegation: string;
  readonly approvalPolicy: string;
}

export interface MadeLedger extends LedgerKeys {
  readonly entries: number;
  readonly jobs: number;
  readonly units: number;
  /** Of certificates, licenses, receipts and approvals, each another one. */
  readonly signatures: number;
}

interface OpenUnit {
  readonly chip: MadeChip;
  readonly unitIndex: number;
  license: MadeLicense;
}

/** A sequence of numbers below 1, the same at every run. */
function fixedRandoms(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

class Job {
  readonly id: Bytes = crypto.randomBytes(16);
  readonly #made: Making;
  readonly #isBatch: boolean;
  /** Licensed, without a receipt. */
  readonly #waiting: OpenUnit[] = [];
  readonly #counts = { taken: 0, voided: 0, licenses: 0, installed: 0 };

  constructor(made: Making, isBatch: boolean) {
    this.#made = made;
    this.#isBatch = isBatch;
  }

  get #order() {
    return { quota: this.#made.unitsPerJob, mode: 'session' as const, accepts: [] };
  }

  #log(kind: LogKind, fields: LogFields, objects: OpenedEntry['objects'] = {}): Promise<void> {
    return this.#made.log(kind, { job: this.id, ...fields }, objects);
  }

  async open(): Promise<void> {
    const { product, sealed } = this.#made;
    const { digest, core } = sealed.manifest;
    const { firmwareVersion, securityCounter } = core;
    const { quota, mode } = this.#order;
    await this.#log(
      'job-opened',
      { product, quota, mode, accepts: '', manifest: digest, by: 'owner' },
      { header: sealed.header, firmwareVersion, securityCounter },
    );
    await this.#approve({ kind: 'order', ...this.#order, packages: [digest] });
    await this.#log('job-approved', { by: 'owner' });
  }

  async #approve(subject: Subject): Promise<void> {
    const { approval, delegation, digest } = await this.#made.approve(this.id, subject);
    await this.#log(
      'approval-stored',
      { approval: digest, about: subject.kind, by: 'owner' },
      { approval, delegation },
    );
  }

  /** The next thing that happens in it; false once it has ended. */
  async step(): Promise<boolean> {
    const { unitsPerJob, random: next } = this.#made;
    const random = next();
    const { taken } = this.#counts;
    const isLate = this.#isBatch ? taken === unitsPerJob : random < 0.5 || taken === unitsPerJob;
    if (isLate && this.#waiting.length > 0) await this.#receive();
    else if (taken < unitsPerJob) await this.#take();
    else {
      await this.#end();
      return false;
    }
    return true;
  }

  async #take(): Promise<void> {
    const chip = await this.#made.objects.chip();
    const { thumbprint, certificate } = chip;
    const unitIndex = this.#counts.taken++;
    this.#made.signatures++;
    await this.#log(
      'unit-taken',
      { thumbprint, unit: unitIndex },
      { certificate, firstSeenAtMs: this.#made.nowMs },
    );
    const unit = { chip, unitIndex, license: await this.#license(chip, unitIndex) };
    // One chip in a hundred broke before it was programmed.
    if (this.#made.random() < 0.01) await this.#void(unit);
    else this.#waiting.push(unit);
  }

  async #void({ unitIndex, chip }: OpenUnit): Promise<void> {
    const reason = 'broken';
    await this.#approve({ kind: 'void', unitIndex, thumbprint: chip.thumbprint, reason });
    await this.#log('unit-voided', { unit: unitIndex, reason, by: 'owner' });
    this.#counts.voided++;
  }

  async #license(chip: MadeChip, unitIndex: number): Promise<MadeLicense> {
    const license = await this.#made.objects.license(chip, { jobId: this.id, unitIndex });
    const { terms, bundle, digest } = license;
    const { licenseId, thumbprint, ceiling } = terms;
    this.#counts.licenses++;
    this.#made.signatures++;
    await this.#log(
      'license-issued',
      {
        license: licenseId,
        digest,
        thumbprint,
        unit: unitIndex,
        manifest: this.#made.sealed.manifest.digest,
        ceiling,
      },
      { bundle, mode: 'session' },
    );
    return license;
  }

  /** Three in a hundred lost their session and got a second license before. */
  async #receive(): Promise<void> {
    const at = Math.floor(this.#made.random() * Math.min(200, this.#waiting.length));
    const [unit] = this.#waiting.splice(at, 1);
    if (this.#made.random() < 0.03) unit!.license = await this.#license(unit!.chip, unit!.unitIndex);
    const { receipt, digest } = await this.#made.objects.receipt(unit!.chip, unit!.license);
    this.#made.signatures++;
    const { licenseId: license } = unit!.license.terms;
    await this.#log(
      'receipt-stored',
      { license, receipt: digest, fresh: false, outcome: 'PASS' },
      { receipt },
    );
    this.#counts.installed++;
  }

  async #end(): Promise<void> {
    await this.#approve({ kind: 'close' });
    await this.#log('job-closed', { by: 'owner' });
    const { taken, voided, licenses, installed } = this.#counts;
    const { end, delegation, digest } = await this.#made.certify({
      ...{
        jobId: this.id,
        quota: this.#made.unitsPerJob,
        units: taken - voided,
        voided,
        licenses,
        installed,
      },
    });
    await this.#log('job-certified', { end: digest }, { end, delegation });
  }
}

class Making {
  readonly objects: SignedObjects;
  readonly #writer: LedgerWriter;
  readonly #approver: TestApprover;
  readonly unitsPerJob: number;
  readonly random = fixedRandoms();
  nowMs = firstMs;
  signatures = 0;

  constructor(
    objects: SignedObjects,
    writer: LedgerWriter,
    { approver, unitsPerJob }: { approver: TestApprover; unitsPerJob: number },
  ) {
    this.objects = objects;
    this.#writer = writer;
    this.#approver = approver;
    this.unitsPerJob = unitsPerJob;
  }

  get product(): string {
    return this.objects.owner.product;
  }

  get sealed() {
    return this.objects.sealed;
  }

  async log(kind: LogKind, fields: LogFields, objects: OpenedEntry['objects'] = {}): Promise<void> {
    this.nowMs += 300;
    await this.#writer.add({ timeMs: this.nowMs, kind, fields }, objects);
  }

  get #trust() {
    return { rootPublicKey: this.objects.owner.root.publicKey, product: this.product };
  }

  async approve(jobId: Bytes, subject: Subject) {
    const validUntilSeconds = Math.floor(this.nowMs / 1000) + 30 * 86_400;
    const signing = { threshold: 1, validUntilSeconds };
    const approval = await this.#approver.sign(toHex(jobId), subject, this.nowMs, signing);
    const { delegation } = this.#approver;
    this.signatures++;
    return { approval, delegation, ...verifyApproval(crypto, { approval, delegation }, this.#trust) };
  }

  async certify(
    counts: Omit<Parameters<typeof makeJobEnd>[2], 'product' | 'atSeconds' | 'delegationDigest'>,
  ) {
    const { owner, issuerDelegation: delegation, delegationDigest } = this.objects;
    const atSeconds = Math.floor(this.nowMs / 1000);
    const end = await makeJobEnd(crypto, signerOf(owner.issuer), {
      ...{ ...counts, product: this.product, atSeconds, delegationDigest },
    });
    this.signatures++;
    return { end, delegation, digest: verifyJobEnd(crypto, { end, delegation }, this.#trust).digest };
  }
}

export interface LedgerChoice {
  readonly entries: number;
  readonly unitsPerJob?: number;
  readonly onProgress?: (done: number) => void;
}

/** Makes one of at least so many entries: jobs that are under way then come to their end. */
export async function makeLedger(
  folder: string,
  { entries, unitsPerJob = 1000, onProgress }: LedgerChoice,
): Promise<MadeLedger> {
  const objects = await SignedObjects.make();
  const { owner } = objects;
  const writer = new LedgerWriter(folder);
  const made = new Making(objects, writer, { approver: await TestApprover.make(owner), unitsPerJob });
  await made.log('token-created', { token: 'first', scope: 'owner' });
  const running: Job[] = [];
  let [jobs, told] = [0, 0];
  // What a job that is under way will still log, at most.
  const isEnough = () => writer.size + running.length * 2 * unitsPerJob >= entries;
  while (running.length > 0 || writer.size < entries) {
    if (running.length < jobsAtOnce && (!isEnough() || running.length === 0)) {
      const job = new Job(made, jobs++ % jobsAtOnce === 3);
      await job.open();
      running.push(job);
    }
    const at = Math.floor(made.random() * running.length);
    if (!(await running[at]!.step())) running.splice(at, 1);
    if (writer.size - told >= 50_000) {
      told = writer.size;
      onProgress?.(told);
    }
  }
  const signer = noteSigner('log', 'lab.example/ledger');
  await writer.end(signer);
  return {
    ...{ entries: writer.size, jobs, units: jobs * unitsPerJob, signatures: made.signatures },
    ...{ ledgerKey: formatNoteKey(crypto, signer.key), product: owner.product },
    rootPublicKey: toHex(owner.root.publicKey),
    deviceCaKey: toHex(owner.deviceCa.publicKey),
    deviceCaDelegation: toHex(await owner.delegate('device-ca', owner.deviceCa.publicKey)),
    approvalPolicy: toHex(await owner.approvalPolicy(1)),
  };
}
