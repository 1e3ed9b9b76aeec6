// A signer behind its socket, with an owner's keys and a table of its own, and what somebody who holds the
// HTTP process could put into a request.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noJob, type Subject } from '@firmseal/approval';
import type { Bytes } from '@firmseal/bytes';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { Unwrapper } from '@firmseal/keys';
import type { NoteSigner } from '@firmseal/ledger';
import {
  createRemoteSigner,
  type IssuerKeys,
  type OpenedSigner,
  openSigner,
  openSqliteSignerDatabase,
  type RemoteSigner,
  type RunningSigner,
  type SignerDatabase,
  serveSigner,
} from '../src/index.ts';
import type {
  ApprovalWord,
  CertifyRequest,
  IssueRequest,
  JobTerms,
  SiteCap,
} from '../src/signer/issuing-signer.ts';
import { TestApprover } from './approver.ts';
import { TestChip } from './chip.ts';
import { Owner, type SealChoice, type SealedForJob, signerOf, unwrapperOf } from './owner.ts';

export class ServedSigner {
  readonly folder = mkdtempSync(join(tmpdir(), 'firmseal-signer-'));
  socket = join(this.folder, 'socket');
  readonly owner: Owner;
  nowMs = 1_800_000_000_000;
  /** Signs checkpoints, where a test has a ledger. */
  ledger: NoteSigner | undefined;
  keys!: IssuerKeys;
  approvers!: readonly [TestApprover, TestApprover];
  client!: RemoteSigner;
  /** Opens the signer's table: a file, unless a test says otherwise. */
  openDatabase: () => SignerDatabase | Promise<SignerDatabase> = () =>
    openSqliteSignerDatabase(join(this.folder, 'signer.sqlite'));
  #opened!: OpenedSigner;
  #running!: RunningSigner;

  constructor(owner = new Owner()) {
    this.owner = owner;
  }

  static async start(openDatabase?: ServedSigner['openDatabase']): Promise<ServedSigner> {
    const served = new ServedSigner();
    if (openDatabase) served.openDatabase = openDatabase;
    const { owner } = served;
    served.keys = { ...(await owner.productKeys()), approvalPolicyObject: await owner.approvalPolicy(2) };
    served.approvers = [await TestApprover.make(owner), await TestApprover.make(owner)];
    await served.begin();
    return served;
  }

  async begin(): Promise<void> {
    await this.run();
    this.client = createRemoteSigner({ path: this.socket, patienceMs: 500 });
  }

  /** While the KEM key is replaced. */
  previousKem: Unwrapper | undefined;

  async run(): Promise<void> {
    const { owner, keys } = this;
    this.#opened = await openSigner({
      ...{ crypto, issuer: signerOf(owner.issuer), kem: unwrapperOf(owner.kem), products: [keys] },
      previousKem: this.previousKem,
      deviceCa: signerOf(owner.deviceCa),
      ...{ database: await this.openDatabase(), nowMs: () => this.nowMs, ledger: this.ledger },
    });
    this.#running = await serveSigner({ path: this.socket, signer: this.#opened });
  }

  async halt(): Promise<void> {
    await this.#running.stop();
    await this.#opened.close();
  }

  async remove(): Promise<void> {
    this.client.close();
    await this.halt();
    rmSync(this.folder, { recursive: true });
  }

  async words(jobId: Bytes, subject: Subject, by = this.approvers): Promise<ApprovalWord[]> {
    return Promise.all(
      by.map(async (one) => ({
        approval: await one.sign(toHex(jobId), subject, this.nowMs),
        delegation: one.delegation,
      })),
    );
  }

  /** A job that both approvers signed. */
  async job(quota: number, more: Partial<JobTerms> = {}, choice: SealChoice = {}) {
    const sealed = await this.owner.seal(choice);
    const job: JobTerms = {
      ...{ jobId: crypto.randomBytes(16), product: this.owner.product, quota, mode: 'session', accepts: [] },
      ...more,
    };
    const { mode, accepts } = job;
    const { stations } = job;
    const order = {
      ...({ kind: 'order', quota, mode, accepts, packages: [sealed.manifest.digest] } as const),
      ...(stations ? { stations } : {}),
    } as const;
    return { job, sealed, approvals: await this.words(job.jobId, order) };
  }

  /** The cap of a site that both approvers signed, or others. */
  async siteCap(more: Partial<SiteCap> = {}, by = this.approvers) {
    const { product } = this.owner;
    const validUntilMs = this.nowMs + 86_400_000;
    const change = { product, site: 'hall', cap: 2, validUntilMs, number: 1, ...more };
    const { site, cap, number } = change;
    const validUntilSeconds = change.validUntilMs / 1000;
    const subject = { kind: 'site-cap', site, cap, validUntilSeconds, number } as const;
    return { ...change, approvals: await this.words(noJob, subject, by) };
  }

  /** As the HTTP process asks for a certificate, of a new chip and over a new challenge. */
  async certifyRequest(
    at: { station?: string; product?: string } = {},
    more: Parameters<TestChip['hello']>[1] = {},
  ): Promise<CertifyRequest> {
    const site = { product: this.owner.product, station: 'hall', ...at };
    const challenge = await this.client.challengeForSite(site);
    return { ...site, ...(await (await TestChip.make(this.owner)).newKeys(challenge, more)) };
  }

  /** `issued`, or the code of the refusal. */
  async ask(request: IssueRequest): Promise<string> {
    try {
      const { bundle } = await this.client.issue(request);
      return bundle.length > 0 ? 'issued' : 'nothing';
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return fault.code;
    }
  }

  /** As the HTTP process asks for a chip. */
  async request(
    { job, sealed, approvals }: { job: JobTerms; sealed: SealedForJob; approvals: ApprovalWord[] },
    { chip, unitIndex = 0 }: { chip?: TestChip; unitIndex?: number } = {},
  ): Promise<IssueRequest> {
    const asking = chip ?? (await TestChip.make(this.owner));
    const challenge = crypto.randomBytes(32);
    const hello = await asking.hello(challenge);
    const { header, contentKeyFile } = sealed;
    return {
      ...{ job, approvals, header, contentKeyFile, unitIndex },
      ask: { kind: 'device', certificate: asking.certificate, hello, challenge },
    };
  }
}
