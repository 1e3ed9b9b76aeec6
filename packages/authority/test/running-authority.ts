// The real authority on a loopback port with a database file, and callers that speak HTTP to it and nothing
// else: what an attacker at the line could do, the tests do with these. The clock is injected.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditResult, audit } from '@firmseal/audit';
import type { JobMode } from '@firmseal/authority-contract';
import { type Bytes, fromBase64url, fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { Unwrapper } from '@firmseal/keys';
import type { AcceptedOutcomes } from '@firmseal/license';
import {
  type Authority,
  type ConsoleFile,
  createAuthority,
  createToken,
  type IssuerKeys,
  type IssuingSigner,
  type Ledger,
  openSqliteStore,
  type RequestEvent,
  type RunningAuthority,
  type Store,
  serveAuthority,
  verifyProduct,
} from '../src/index.ts';
import { type CertificateChoice, TestChip } from './chip.ts';
import { Owner, type SealChoice, type SealedForJob, signerOf, unwrapperOf } from './owner.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON as it came
  readonly body: any;
}

export interface OpenedJob {
  readonly job: string;
  readonly line: string;
  readonly lineTokenId: string;
  readonly sealed: SealedForJob;
}

interface StartOptions {
  readonly burst?: number;
  readonly publicBurst?: number;
  readonly wrap?: (store: Store) => Store;
}

export class TestAuthority {
  readonly owner: Owner;
  readonly folder = mkdtempSync(join(tmpdir(), 'firmseal-authority-'));
  readonly events: RequestEvent[] = [];
  /** Warnings that few units are left. */
  readonly few: unknown[] = [];
  path = join(this.folder, 'authority.db');
  nowMs = 1_800_000_000_000;
  ownerToken = '';
  /** Served at /console/ from the next run on. */
  console: readonly ConsoleFile[] | undefined;
  keys!: IssuerKeys;
  /** Which store it runs on: the database file at `path`, unless a test says otherwise. */
  openStore: () => Store | Promise<Store> = () => openSqliteStore({ path: this.path, crypto });
  /** The authority is a process of its own, which serves there. */
  servedAt: string | undefined;
  /** While the KEM key is replaced. */
  previousKem: Unwrapper | undefined;
  /** In another process; undefined: the keys are in this one. */
  signer: IssuingSigner | undefined;
  /** Of further products. */
  readonly others: IssuerKeys[] = [];
  /** Opened on the store with each run; undefined: nothing is published. */
  openLedger: ((store: Store) => Promise<Ledger>) | undefined;
  #store!: Store;
  #ledger: Ledger | undefined;
  #running!: RunningAuthority;

  constructor(owner = new Owner()) {
    this.owner = owner;
  }

  static async start(options: StartOptions & { approvers?: number } = {}): Promise<TestAuthority> {
    const authority = new TestAuthority();
    authority.keys = await authority.owner.productKeys();
    const { approvers } = options;
    if (approvers !== undefined)
      authority.keys = {
        ...authority.keys,
        approvalPolicyObject: await authority.owner.approvalPolicy(approvers),
      };
    await authority.run(options);
    return authority;
  }

  /** Runs on the database at `path`; `wrap` puts something between service and store. */
  async run(options: StartOptions = {}): Promise<void> {
    const { burst = 5000, wrap = (store) => store } = options;
    this.#store = await this.openStore();
    if (this.ownerToken === '') await this.newOwnerToken();
    this.#ledger = await this.openLedger?.(this.#store);
    this.#running = await serveAuthority({
      authority: await this.local(wrap(this.#store)),
      limits: { burst, perSecond: 1 },
      publicLimits: { burst: options.publicBurst ?? 5000, perSecond: 1 },
      console: this.console,
      onRequest: (event) => this.events.push(event),
    });
  }

  /** The authority without its server, on this store. */
  local(store = this.#store): Promise<Authority> {
    return createAuthority({
      crypto,
      store,
      ...(this.signer ? { signer: this.signer } : { kem: unwrapperOf(this.owner.kem) }),
      previousKem: this.previousKem,
      deviceCa: signerOf(this.owner.deviceCa),
      products: [this.keys, ...this.others],
      onFewUnits: (warning) => this.few.push(warning),
      ...(this.#ledger ? { ledger: this.#ledger } : {}),
      clock: { nowMs: () => this.nowMs, elapsedMs: () => 0 },
    });
  }

  /** As whoever runs the authority's own program makes one. */
  async newOwnerToken(): Promise<void> {
    const request = { scope: 'owner', label: 'test owner', by: 'local' } as const;
    this.ownerToken = (await createToken(await this.local(), request)).token;
  }

  get url(): string {
    if (this.servedAt !== undefined) return this.servedAt;
    return this.#running.url;
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error('this authority publishes no ledger');
    return this.#ledger;
  }

  get store(): Store {
    return this.#store;
  }

  stopServing(): Promise<void> {
    return this.#running.stop(2000);
  }

  async halt(): Promise<void> {
    await this.stopServing();
    await this.#store.close();
  }

  async remove(): Promise<void> {
    await this.halt();
    rmSync(this.folder, { recursive: true });
  }

  /** The files as a kill or a backup would leave them at this moment, under another name. */
  copyFiles(name: string): string {
    const target = join(this.folder, name);
    for (const suffix of ['', '-wal'])
      if (existsSync(this.path + suffix)) copyFileSync(this.path + suffix, target + suffix);
    return target;
  }

  /** One HTTP call; `token` null sends none. */
  async call(
    method: 'GET' | 'POST',
    path: string,
    options: { token: string | null; body?: unknown; key?: string },
  ): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (options.token !== null) headers['Authorization'] = `Bearer ${options.token}`;
    if (options.key !== undefined) headers['Idempotency-Key'] = options.key;
    if (options.body !== undefined) headers['Content-Type'] = 'application/json';
    const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
    const response = await fetch(this.url + path, { method, headers, ...body });
    return { status: response.status, body: await response.json() };
  }

  asOwner(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    return this.call(method, path, { token: this.ownerToken, body });
  }

  async lineToken(job: string): Promise<{ token: string; tokenId: string }> {
    return (await this.asOwner('POST', `/v1/jobs/${job}/tokens`, { label: 'line 1' })).body;
  }

  /** A line with a new token, whatever became of the owner's own. */
  async newLine(opened: OpenedJob): Promise<OpenedJob> {
    const kept = this.ownerToken;
    await this.newOwnerToken();
    const { token, tokenId } = await this.lineToken(opened.job);
    this.ownerToken = kept;
    return { ...opened, line: token, lineTokenId: tokenId };
  }

  /** A job with its line token, approved unless told otherwise. */
  async openJob(
    options: {
      owner?: Owner;
      quota?: number;
      mode?: JobMode;
      approve?: boolean;
      seal?: SealChoice;
      deviceData?: Bytes[][];
      accepts?: AcceptedOutcomes;
      /** Further fields of the request. */
      more?: Readonly<Record<string, unknown>>;
    } = {},
  ): Promise<OpenedJob> {
    const { quota = 3, mode = 'session', approve = true, deviceData = [], accepts = [] } = options;
    const { owner = this.owner } = options;
    const sealed = await owner.seal({ ...options.seal, authorityKemKey: this.owner.kem.publicKey });
    const opened = await this.asOwner('POST', '/v1/jobs', {
      header: toBase64url(sealed.header),
      contentKeyFile: toBase64url(sealed.contentKeyFile),
      quota,
      ...{ mode, accepts, ...options.more },
      deviceData: deviceData.map((set) => set.map(toBase64url)),
    });
    if (opened.status !== 201) throw new Error(`no job: ${JSON.stringify(opened.body)}`);
    const { job } = opened.body;
    if (approve) await this.asOwner('POST', `/v1/jobs/${job}/approve`);
    const { token = '', tokenId = '' } = await this.lineToken(job);
    return { job, line: token, lineTokenId: tokenId, sealed };
  }

  chip(choice: CertificateChoice = {}): Promise<TestChip> {
    return TestChip.make(this.owner, choice);
  }

  async challenge(
    { job, line }: Pick<OpenedJob, 'job' | 'line'>,
    kind: 'challenge' | 'receipt-challenge' = 'challenge',
  ): Promise<Bytes> {
    const { body } = await this.call('POST', `/v1/jobs/${job}/${kind}`, { token: line, body: {} });
    return fromHex(body.challenge);
  }

  /** The body of a license request, for tests that change it. */
  async licenseBody(
    opened: Pick<OpenedJob, 'job' | 'line'>,
    chip: TestChip,
    more: Parameters<TestChip['hello']>[1] = {},
  ): Promise<Record<string, string>> {
    const challenge = await this.challenge(opened);
    return {
      hello: toBase64url(await chip.hello(challenge, more)),
      certificate: toBase64url(chip.certificate),
      challenge: toHex(challenge),
      requestId: toHex(crypto.randomBytes(8)),
    };
  }

  postLicense({ job, line }: Pick<OpenedJob, 'job' | 'line'>, body: unknown): Promise<Answer> {
    return this.call('POST', `/v1/jobs/${job}/licenses`, { token: line, body });
  }

  /** Challenge, hello, license: one request of an honest line. */
  async license(
    opened: Pick<OpenedJob, 'job' | 'line'>,
    chip: TestChip,
    more: Parameters<TestChip['hello']>[1] = {},
  ): Promise<Answer> {
    return this.postLicense(opened, await this.licenseBody(opened, chip, more));
  }

  postReceipt(
    { job, line }: Pick<OpenedJob, 'job' | 'line'>,
    licenseId: string,
    receipt: { receipt: Bytes; challenge?: Bytes; certificate?: Bytes },
  ): Promise<Answer> {
    const challenge = receipt.challenge ? { challenge: toHex(receipt.challenge) } : {};
    const certificate = receipt.certificate ? { certificate: toBase64url(receipt.certificate) } : {};
    const body = { licenseId, receipt: toBase64url(receipt.receipt), ...challenge, ...certificate };
    return this.call('POST', `/v1/jobs/${job}/receipts`, { token: line, body });
  }

  /** License, acceptance by the chip, fresh receipt: a whole install as the authority sees it. */
  async install(opened: OpenedJob, chip: TestChip): Promise<{ license: Answer; receipt: Answer }> {
    const license = await this.license(opened, chip);
    if (license.status !== 200) throw new Error(`no license: ${JSON.stringify(license.body)}`);
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(fromBase64url(license.body.bundle)!, manifest);
    const challenge = await this.challenge(opened, 'receipt-challenge');
    const receipt = await chip.receipt({ license: held, manifest, challenge });
    return {
      license,
      receipt: await this.postReceipt(opened, license.body.licenseId, { receipt, challenge }),
    };
  }

  approveJob(job: string): Promise<Answer> {
    return this.asOwner('POST', `/v1/jobs/${job}/approve`);
  }

  closeJob(job: string): Promise<Answer> {
    return this.asOwner('POST', `/v1/jobs/${job}/close`);
  }

  health(): Promise<Answer> {
    return this.call('GET', '/v1/health', { token: null });
  }

  voidUnit(job: string, unit: number): Promise<Answer> {
    return this.asOwner('POST', `/v1/jobs/${job}/units/${unit}/void`, { reason: 'broken' });
  }

  async addPackage(job: string): Promise<Answer> {
    const { header, contentKeyFile } = await this.owner.seal({ authorityKemKey: this.owner.kem.publicKey });
    const files = { header: toBase64url(header), contentKeyFile: toBase64url(contentKeyFile) };
    return this.asOwner('POST', `/v1/jobs/${job}/packages`, files);
  }

  async showJob(job: string): Promise<Answer['body']> {
    return (await this.asOwner('GET', `/v1/jobs/${job}`)).body;
  }

  /** Lines of evidence, as an auditor fetches them. */
  async evidence(token = this.ownerToken): Promise<string[]> {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(`${this.url}/v1/export`, { headers });
    return (await response.text()).trimEnd().split('\n');
  }

  /** The audit of an auditor who trusts the owner's keys and fetched the evidence. */
  async audit(known?: AuditResult['head'], nowMs = this.nowMs): Promise<AuditResult> {
    return this.auditLines(await this.evidence(), known, nowMs);
  }

  auditLines(
    lines: readonly string[],
    known?: AuditResult['head'],
    nowMs = this.nowMs,
  ): Promise<AuditResult> {
    const trusts = [this.keys, ...this.others].map((keys) => verifyProduct(crypto, keys));
    return audit(crypto, lines, {
      products: new Map(trusts.map((trust) => [trust.product, trust])),
      ...(known ? { known: [known] } : {}),
      nowMs,
    });
  }

  bundleOf({ body }: Answer): Bytes {
    return fromBase64url(body.bundle)!;
  }
}
