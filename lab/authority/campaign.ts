// Lines ask replicas of one authority for licenses, more than the quotas allow, and repeat what they asked,
// while replicas and their signers are killed, the database is stopped at once, and connections are
// cut, some of them in a commit. At the end the books: no quota is exceeded, every license that a
// line got is in the database under its own unit, the log goes on from every head that was ever
// seen, and the audit finds nothing.

import { rmSync } from 'node:fs';
import { type AuditResult, audit } from '@firmseal/audit';
import {
  createAuthority,
  createToken,
  openPostgresStore,
  openSqliteStore,
  readEvidence,
  type Store,
  verifyProduct,
} from '@firmseal/authority';
import { CuttingProxy, PostgresCluster } from '@firmseal/authority/testing';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { LogHead } from '@firmseal/ledger';
import { keepBooks } from '../kill/books.ts';
import { MadeUpChip } from '../kill/made-up-chip.ts';
import { CampaignOwner, type SealedPackage } from '../kill/owner.ts';
import { OwnerClient, refusalOf } from '../kill/owner-client.ts';
import { Replicas } from './replicas.ts';

interface CampaignOptions {
  readonly seed: string;
  readonly requests: number;
  readonly replicas: number;
  /** Chips that ask at once for the one unit of a quota of their own, on each store; 0 for none. */
  readonly crowd: number;
  /** Lines that ask beside each other. */
  readonly lines: number;
  readonly disturbances: {
    readonly kills: number;
    readonly signerKills: number;
    readonly stops: number;
    readonly cuts: number;
  };
  /** Commits wait for the disk. */
  readonly fsync: boolean;
  /** Also lets the crowd ask replicas on one SQLite file. */
  readonly sqlite: boolean;
  readonly onProgress?: (done: number) => void;
}

export interface CampaignReport {
  readonly requests: number;
  readonly repeats: number;
  readonly licenses: number;
  readonly refused: number;
  readonly quota: number;
  readonly units: number;
  /** Calls that ended without an answer, or with a fault of the store, and were made again. */
  readonly retries: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly kills: number;
  readonly signerKills: number;
  readonly stops: number;
  readonly cuts: number;
  readonly crowds: readonly { readonly store: string; readonly chips: number; readonly units: number }[];
  readonly logEntries: number;
  readonly headsSeen: number;
  readonly violations: readonly string[];
}

const jobCount = 4;
const repeatShare = 0.2;
/** Of the chips of a job, so many get a unit. */
const quotaShare = 0.6;
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

interface Job {
  readonly id: Bytes;
  readonly quota: number;
  readonly token: string;
}

type Request = Awaited<ReturnType<MadeUpChip['request']>>;
type Answer =
  | { readonly license: string; readonly unit: number; readonly bundle: string }
  | 'quota-exhausted';

/** One chip at one job: what was asked, and what came back first. */
interface Asked {
  readonly job: Job;
  readonly chip: MadeUpChip;
  readonly request: Request;
  readonly answer: Answer;
}

class Campaign {
  readonly options: CampaignOptions;
  readonly owner: CampaignOwner;
  readonly violations: string[] = [];
  readonly faults = new Map<string, number>();
  readonly asked: Asked[] = [];
  readonly heads: LogHead[] = [];
  readonly #random: () => number;
  retries = 0;
  repeats = 0;

  constructor(options: CampaignOptions) {
    this.options = options;
    this.owner = new CampaignOwner(options.seed);
    this.#random = randomsOf(options.seed);
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

  async ask(replicas: Replicas, job: Job, request: Request): Promise<Answer> {
    try {
      const issued = await this.persist(replicas, job.token, job.id, (line) => line.issueLicense(request));
      return {
        ...{ license: toHex(issued.licenseId), unit: issued.unitIndex, bundle: toHex(issued.bundle) },
      };
    } catch (cause) {
      if (refusalOf(cause) === 'quota-exhausted') return 'quota-exhausted';
      throw cause;
    }
  }

  /** What a line asks for a new chip. */
  async prepare(replicas: Replicas, job: Job, sealed: SealedPackage, chip?: MadeUpChip): Promise<Request> {
    const made = chip ?? (await MadeUpChip.make(this.owner));
    const challenge = await this.persist(replicas, job.token, job.id, (line) => line.giveChallenge('hello'));
    return made.request(challenge, sealed);
  }

  /** A new chip asks once. */
  async askNew(replicas: Replicas, job: Job, sealed: SealedPackage): Promise<Asked> {
    const chip = await MadeUpChip.make(this.owner);
    const request = await this.prepare(replicas, job, sealed, chip);
    return { job, chip, request, answer: await this.ask(replicas, job, request) };
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

  async openJob(replicas: Replicas, token: string, sealed: SealedPackage, quota: number): Promise<Job> {
    const client = new OwnerClient(replicas.urlNear(0)!, token);
    const id = await client.openJob(sealed, quota);
    await client.call('approveJob', { job: id });
    return { id, quota, token: (await client.lineToken(id)).token };
  }

  async ownerToken(store: Store): Promise<string> {
    const local = await createAuthority({ store, crypto, kem: this.owner.kem, products: [] });
    return (await createToken(local, { scope: 'owner', label: 'owner', by: 'local' })).token;
  }

  /** All at once; how many units were given. */
  async crowd(replicas: Replicas, job: Job, sealed: SealedPackage): Promise<number> {
    const requests: Request[] = [];
    // Made by a few at a time: it is the question that comes at once.
    await Promise.all(
      Array.from({ length: this.options.lines }, async () => {
        while (requests.length < this.options.crowd) requests.push(await this.prepare(replicas, job, sealed));
      }),
    );
    const asked = requests.slice(0, this.options.crowd);
    const answers = await Promise.all(asked.map((request) => this.ask(replicas, job, request)));
    const given = answers.filter((answer) => answer !== 'quota-exhausted').length;
    if (given !== 1) this.violations.push(`a quota of 1 gave ${given} licenses to a crowd`);
    return given;
  }

  async audit(lines: readonly string[]): Promise<AuditResult> {
    const trust = verifyProduct(crypto, await this.owner.product(this.owner.issuer));
    return audit(crypto, lines, { products: new Map([[trust.product, trust]]) });
  }
}

type Line = ReturnType<OwnerClient['line']>;

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

type Disturbance = 'kill' | 'kill-signer' | 'stop' | 'cut';

/** What goes wrong, each at the request with this number. */
function planDisturbances(campaign: Campaign): Map<number, Disturbance[]> {
  const { requests, disturbances } = campaign.options;
  const plan = new Map<number, Disturbance[]>();
  for (const [kind, count] of [
    ['kill', disturbances.kills],
    ['kill-signer', disturbances.signerKills],
    ['stop', disturbances.stops],
    ['cut', disturbances.cuts],
  ] as const)
    for (let n = 0; n < count; n++) {
      const at = 1 + campaign.below(Math.max(1, Math.floor(requests * 0.9)));
      plan.set(at, [...(plan.get(at) ?? []), kind]);
    }
  return plan;
}

/** The requests of all lines with what disturbs them. */
async function runRequests(
  campaign: Campaign,
  parts: {
    replicas: Replicas;
    jobs: readonly Job[];
    sealed: SealedPackage;
    store: Store;
    cluster: PostgresCluster;
    proxy: CuttingProxy;
  },
): Promise<{ stops: number }> {
  const { replicas, jobs, sealed, store, cluster, proxy } = parts;
  const { options } = campaign;
  const plan = planDisturbances(campaign);
  const underWay = new Set<Promise<unknown>>();
  let stopping: Promise<void> | undefined;
  let stops = 0;
  const disturb = (kind: Disturbance): Promise<unknown> | undefined => {
    if (kind === 'kill') return replicas.kill(campaign.below(replicas.count));
    if (kind === 'kill-signer') return replicas.killSigner(campaign.below(replicas.count));
    if (kind === 'stop') {
      stopping ??= cluster
        .stop('SIGQUIT')
        .then(() => cluster.run())
        .finally(() => {
          stops++;
          stopping = undefined;
        });
      return stopping;
    }
    const way = campaign.below(3);
    if (way === 0) proxy.cutAll();
    else proxy.next = way === 1 ? 'cut-before-commit' : 'cut-after-commit';
    return undefined;
  };
  let next = 0;
  const line = async () => {
    while (next < options.requests && campaign.violations.length === 0) {
      const at = next++;
      for (const kind of plan.get(at) ?? []) {
        const done = disturb(kind);
        if (done === undefined) continue;
        const tracked: Promise<unknown> = done
          .catch((cause: Error) => campaign.violations.push(`after a ${kind}: ${cause.message}`))
          .finally(() => underWay.delete(tracked));
        underWay.add(tracked);
      }
      const known = campaign.asked.length;
      if (known > 0 && campaign.chance(repeatShare))
        await campaign.repeat(replicas, campaign.asked[campaign.below(known)]!);
      else {
        const job = jobs[campaign.below(jobs.length)]!;
        campaign.asked.push(await campaign.askNew(replicas, job, sealed));
      }
      if (at % 50 === 0)
        await store.logHead().then(
          (head) => campaign.heads.push(head),
          () => undefined,
        );
      if (at % 1000 === 0) options.onProgress?.(at);
    }
  };
  await Promise.all(Array.from({ length: options.lines }, line));
  await Promise.all(underWay);
  return { stops };
}

/** Books of a store at rest; what is wrong with them is added to the violations. */
async function checkBooks(campaign: Campaign, store: Store, jobs: readonly Job[]) {
  const { violations, asked } = campaign;
  const books = await keepBooks(readEvidence(store, Date.now));
  const { findings } = await campaign.audit(books.lines);
  for (const { code, subject, detail } of findings)
    violations.push(`the audit found ${code}: ${subject}: ${detail}`);
  let units = 0;
  for (const job of jobs) {
    const found = books.jobs.get(toHex(job.id))!;
    const chips = asked.filter((one) => one.job === job).length;
    units += found.units.length;
    if (found.units.length !== Math.min(job.quota, chips))
      violations.push(`${found.units.length} units, a quota of ${job.quota}, ${chips} chips that asked`);
  }
  for (const { answer, chip, job } of asked) {
    if (answer === 'quota-exhausted') continue;
    const kept = await store.findUnit(job.id, chip.thumbprint);
    const license = await store.findLicense(Uint8Array.from(Buffer.from(answer.license, 'hex')));
    if (kept?.unitIndex !== answer.unit)
      violations.push(`unit ${answer.unit} was given, ${kept?.unitIndex} is kept`);
    if (license === undefined || toHex(license.bundle) !== answer.bundle)
      violations.push(`license ${answer.license} was given and is not kept`);
  }
  for (const seen of campaign.heads) {
    const [row] = seen.size === 0 ? [] : await store.readLog(seen.size - 1, 1);
    if (seen.size > 0 && (row === undefined || !equalBytes(row.head, seen.head)))
      violations.push(`the log does not go on from its head at ${seen.size} entries`);
  }
  return { units, logEntries: (await store.logHead()).size };
}

/** What the signers counted in their own table: every chip that has a license, and no more than the quota. */
function checkSigners(campaign: Campaign, cluster: PostgresCluster, jobs: readonly Job[]): void {
  const sql = "SELECT encode(job_id, 'hex'), counted FROM public_signer.signer_jobs";
  const counted = new Map(
    cluster
      .psql(sql)
      .split('\n')
      .map((line) => line.split('|') as [string, string]),
  );
  for (const job of jobs) {
    const count = Number(counted.get(toHex(job.id)) ?? 0);
    const licensed = campaign.asked.filter(
      (one) => one.job === job && one.answer !== 'quota-exhausted',
    ).length;
    if (count < licensed || count > job.quota)
      campaign.violations.push(
        `the signers counted ${count} of ${job.quota}, ${licensed} chips have a license`,
      );
  }
}

/** A crowd on replicas that share one SQLite file. */
async function crowdOnSqlite(campaign: Campaign, path: string, sealed: SealedPackage) {
  const store = openSqliteStore({ path, crypto });
  const replicas = await Replicas.start(campaign.options.replicas, path, campaign.options.seed);
  try {
    const job = await campaign.openJob(replicas, await campaign.ownerToken(store), sealed, 1);
    const units = await campaign.crowd(replicas, job, sealed);
    return { store: 'SQLite', chips: campaign.options.crowd, units };
  } finally {
    await replicas.stop();
    await store.close();
    for (const suffix of ['', '-wal', '-shm'])
      for (const one of [path, `${path}.signer`]) rmSync(one + suffix, { force: true });
  }
}

/** Runs it; what does not hold is in `violations`. `scratch`: path of a file that may be made and removed. */
export async function runCampaign(options: CampaignOptions, scratch: string): Promise<CampaignReport> {
  const campaign = new Campaign(options);
  const { owner, violations } = campaign;
  const sealed = await owner.seal('1.0.0');
  const cluster = await PostgresCluster.start({ fsync: options.fsync });
  const proxy = await CuttingProxy.start(cluster.folder);
  const address = cluster.address();
  // The campaign's own connections are not cut: it looks at the books.
  const store = await openPostgresStore({ address, crypto, allowUnsynchronized: true });
  const replicas = await Replicas.start(options.replicas, cluster.url({ host: proxy.host }), options.seed);
  const crowds: CampaignReport['crowds'][number][] = [];
  try {
    const token = await campaign.ownerToken(store);
    if (options.crowd > 0) {
      const job = await campaign.openJob(replicas, token, sealed, 1);
      crowds.push({
        ...{ store: 'PostgreSQL', chips: options.crowd },
        units: await campaign.crowd(replicas, job, sealed),
      });
      if (options.sqlite) crowds.push(await crowdOnSqlite(campaign, scratch, sealed));
    }
    const perJob = (options.requests * (1 - repeatShare)) / jobCount;
    const quota = Math.max(1, Math.floor(perJob * quotaShare));
    const jobs: Job[] = [];
    for (let n = 0; n < jobCount; n++) jobs.push(await campaign.openJob(replicas, token, sealed, quota));
    const { stops } = await runRequests(campaign, { replicas, jobs, sealed, store, cluster, proxy }).catch(
      (cause: unknown) => {
        violations.push(cause instanceof Error ? cause.message : String(cause));
        return { stops: 0 };
      },
    );
    proxy.next = undefined;
    checkSigners(campaign, cluster, jobs);
    const { units, logEntries } = await checkBooks(campaign, store, jobs);
    const licenses = campaign.asked.filter(({ answer }) => answer !== 'quota-exhausted').length;
    return {
      ...{ requests: options.requests, repeats: campaign.repeats, licenses },
      ...{ refused: campaign.asked.length - licenses, quota: jobCount * quota, units },
      ...{
        retries: campaign.retries,
        faults: campaign.faults,
        kills: replicas.kills,
        signerKills: replicas.signerKills,
        stops,
        cuts: proxy.cuts,
      },
      ...{ crowds, logEntries, headsSeen: campaign.heads.length, violations },
    };
  } finally {
    await replicas.stop();
    await store.close();
    await proxy.stop();
    await cluster.remove();
  }
}

export function renderReport(report: CampaignReport): string {
  const { requests, repeats, licenses, refused, quota, units, retries, faults, crowds } = report;
  const counted = [...faults].map(([code, count]) => `${code} ${count}`).join(', ') || 'none';
  return [
    `${requests} requests, ${repeats} of them repeats: ${licenses} chips licensed, ${refused} refused`,
    `${units} units of ${quota}; ${report.logEntries} log entries, ${report.headsSeen} heads seen on the way`,
    `${report.kills} replicas and ${report.signerKills} signers killed, ${report.stops} stops of PostgreSQL, ${report.cuts} connections cut`,
    `${retries} calls repeated for want of an answer: ${counted}`,
    ...crowds.map(
      ({ store, chips, units: given }) => `${chips} chips at once on ${store}, quota 1: ${given} unit`,
    ),
    report.violations.length === 0 ? 'everything held' : report.violations.join('\n'),
  ].join('\n');
}
