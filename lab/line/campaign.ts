// A shift of a line under kills and a bad cable: the real command, a fixture whose chips come and go, the
// authority, each a process of its own. A robot takes chips out as an operator would, by what the line says.
// At the end three accounts have to agree: the line's journal, the authority's books, and what the chips say.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { exitCodes } from '@firmseal/fault';
import { seededRandom } from '@firmseal/link/testing';
import { readJournalBytes } from '@firmseal/programmer';
import { publicKeyFile } from '../../apps/cli/src/public-key-file.ts';
import { Bench } from '../kill/bench.ts';
import { Child } from '../kill/child.ts';
import type { FixtureAnswer, FixtureQuestion, LeavingChip } from './chips-process.ts';
import { type LineJson, LineProcess } from './line-process.ts';
import { type LineFault, lineFaults } from './slot.ts';

export interface LineCampaignOptions {
  readonly seed: string;
  readonly sockets: number;
  /** Of them, with chips whose agent is machine code on a virtual core; each in a process of its own. */
  readonly machineSockets: number;
  /** Chips that come. */
  readonly chips: number;
  /** Part of the messages to chips that a fault hits. */
  readonly faultRate: number;
  readonly lineKills: number;
  readonly authorityKills: number;
  /** Told after each chip that left. */
  readonly onChip?: (left: number) => void;
}

export interface LineCampaignReport {
  readonly chips: number;
  /** Of them, with an agent in machine code. */
  readonly machineChips: number;
  readonly passed: number;
  /** Reported as failed by the line, and taken away. */
  readonly failed: number;
  readonly lineKills: number;
  readonly authorityKills: number;
  readonly messages: number;
  readonly faults: Readonly<Record<LineFault, number>>;
  readonly units: number;
  readonly unitsWithReceipt: number;
  /** Largest that the line's processes were, after the first and after the last quarter of the chips. */
  readonly residentMiB: readonly [early: number, late: number];
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** Failures of one chip after which it is taken away as failed. */
const mostTries = 8;
const mib = 1024 ** 2;

interface Visitor {
  thumbprint: string;
  tries: number;
}

/** A process with slots, which answers one question at a time. */
class Fixture {
  readonly #send: (question: FixtureQuestion) => Promise<FixtureAnswer>;
  readonly #failed: (error: unknown) => void;
  readonly #slot: number;
  readonly #queue: { last: Promise<unknown> };

  constructor(
    send: (question: FixtureQuestion) => Promise<FixtureAnswer>,
    failed: (error: unknown) => void,
    { slot = 0, queue = { last: Promise.resolve() as Promise<unknown> } } = {},
  ) {
    this.#send = send;
    this.#failed = failed;
    this.#slot = slot;
    this.#queue = queue;
  }

  /** The same process, asked about another slot. */
  at(slot: number): Fixture {
    return new Fixture(this.#send, this.#failed, { slot, queue: this.#queue });
  }

  ask(question: FixtureQuestion): Promise<FixtureAnswer> {
    const answered = this.#queue.last.then(() => this.#send({ slot: this.#slot, ...question }));
    this.#queue.last = answered.catch((error: unknown) => this.#failed(error));
    return answered;
  }
}

class Campaign {
  readonly #options: LineCampaignOptions;
  readonly #bench: Bench;
  readonly #random: () => number;
  readonly #left: (LeavingChip & { passed: boolean })[] = [];
  readonly #inside = new Map<string, Visitor>();
  readonly #violations: string[] = [];
  /** By slot. */
  readonly #fixtures: Fixture[] = [];
  readonly #machines: Child[] = [];
  #machineChips = 0;
  #line!: LineProcess;
  /** Of the line's process that runs. */
  #hasFailure = false;
  #words: string[] = [];
  #came = 0;
  #dealt = 0;
  #results = 0;
  #lineKills = 0;
  #authorityKills = 0;
  #killing: Promise<void> = Promise.resolve();
  #early = 0;
  #late = 0;
  readonly #done = Promise.withResolvers<void>();

  constructor(bench: Bench, options: LineCampaignOptions) {
    this.#bench = bench;
    this.#options = options;
    this.#random = seededRandom(
      [...options.seed].reduce((sum, one) => sum * 31 + one.charCodeAt(0), 7) >>> 0,
    );
  }

  async run(): Promise<LineCampaignReport> {
    const startMs = performance.now();
    const { sockets, machineSockets, chips, faultRate } = this.#options;
    const { client, sealed } = this.#bench;
    const job = await client.openJob(sealed, chips + 100);
    await client.call('approveJob', { job });
    const { token } = await client.lineToken(job);
    const opened = { faultRate, manifestDigest: toHex(sealed.manifestDigest) };
    const places = await this.#openFixtures(sockets - machineSockets, machineSockets, opened);
    await this.#writeFiles(places, { job: toHex(job), token });
    await Promise.all(places.map((_, slot) => this.#next(slot)));
    this.#start();
    const watching = setInterval(() => this.#watch(), 200);
    await this.#done.promise;
    await this.#killing;
    clearInterval(watching);
    const { code, signal } = await this.#line.stop();
    if (signal !== null || !this.#mayEndWith(code))
      this.#note(`the line ended with ${signal ?? code}: ${this.#line.errors}`);
    const { faults, messages } = await this.#counts();
    await this.#bench.host.stop();
    const books = await this.#judge(toHex(job));
    return {
      chips: this.#left.length,
      machineChips: this.#machineChips,
      passed: this.#left.filter(({ passed }) => passed).length,
      failed: this.#left.filter(({ passed }) => !passed).length,
      ...{
        lineKills: this.#lineKills,
        authorityKills: this.#authorityKills,
        messages,
        faults,
        ...books,
      },
      residentMiB: [Math.round(this.#early / mib), Math.round(this.#late / mib)],
      seconds: Math.round((performance.now() - startMs) / 1000),
      violations: this.#violations,
    };
  }

  #note(violation: string): void {
    this.#violations.push(violation);
  }

  /** One process for the slots whose chips play WebAssembly, and one for each slot with machine code. */
  async #openFixtures(slots: number, machineSlots: number, opened: object): Promise<string[]> {
    const failed = (error: unknown) => {
      this.#note(`the fixture: ${String(error)}`);
      this.#done.resolve();
    };
    const open = async (fixture: Fixture, count: number): Promise<string[]> => {
      const { places = [] } = await fixture.ask({ ask: 'open', slots: count, ...opened });
      for (const slot of places.keys()) this.#fixtures.push(fixture.at(slot));
      return [...places];
    };
    const all = await open(new Fixture((question) => this.#bench.askChips(question), failed), slots);
    for (let i = 0; i < machineSlots; i++) {
      const child = new Child('../line/chips-process.ts', [this.#options.seed, `machine-${i}`]);
      this.#machines.push(child);
      await child.answer();
      all.push(...(await open(new Fixture((question) => child.ask(question), failed), 1)));
    }
    return all;
  }

  /** Of the slot's own fixture. */
  #ask(ask: FixtureQuestion['ask'], slot: number): Promise<FixtureAnswer> {
    return this.#fixtures[slot]!.ask({ ask });
  }

  async #counts(): Promise<{ faults: Record<LineFault, number>; messages: number }> {
    const machines = this.#fixtures.slice(this.#fixtures.length - this.#machines.length);
    const asked = new Set([this.#fixtures[0]!, ...machines]);
    const each = await Promise.all([...asked].map((one) => one.ask({ ask: 'counts' })));
    const faults: Record<LineFault, number> = { dropped: 0, repeated: 0, cut: 0, unplugged: 0 };
    for (const one of each) for (const name of lineFaults) faults[name] += one.faults?.[name] ?? 0;
    return { faults, messages: each.reduce((sum, one) => sum + (one.messages ?? 0), 0) };
  }

  /** After the campaign; chips of machine code have processes of their own. */
  async end(): Promise<void> {
    for (const child of this.#machines) {
      child.terminate();
      await child.endWithin(20_000);
    }
  }

  async #writeFiles(places: readonly string[], access: { job: string; token: string }): Promise<void> {
    const folder = await this.#bench.writeStation('line', {});
    writeFileSync(join(folder, 'root.key.pub'), publicKeyFile(this.#bench.owner.root.publicKey));
    writeFileSync(join(folder, 'line.token'), access.token, { mode: 0o600 });
    const file = {
      ...{ format: 'firmseal-line-1', name: 'shift', authority: this.#bench.host.url },
      ...{ rootKey: 'root.key.pub', deviceCaDelegation: 'device-ca.delegation', haltAfter: 1000 },
      packages: { app: { file: 'package.seal', job: access.job, token: 'line.token' } },
      sockets: places.map((place, slot) => ({ name: `S${slot}`, place, package: 'app' })),
    };
    writeFileSync(join(folder, 'line.json'), JSON.stringify(file));
    this.#words = ['line', 'run', join(folder, 'line.json'), '--json'];
  }

  #start(): void {
    this.#hasFailure = false;
    this.#line = new LineProcess(this.#words, (event) => this.#take(event));
    const line = this.#line;
    void line.ended.then(({ signal, code }) => {
      if (signal === 'SIGKILL' || this.#came >= this.#options.chips) return;
      this.#note(`the line ended by itself with ${signal ?? code}: ${line.errors}`);
      this.#done.resolve();
    });
  }

  #watch(): void {
    const { residentBytes } = this.#line;
    if (this.#came <= this.#options.chips / 4) this.#early = Math.max(this.#early, residentBytes);
    if (this.#came >= (this.#options.chips * 3) / 4) this.#late = Math.max(this.#late, residentBytes);
  }

  /**
   * All passed, or no chip came; the kinds of failures where there were any: a chip that was lost before it
   * said who it is stays a failure, whatever passes in its socket afterwards.
   */
  #mayEndWith(code: number | null): boolean {
    const { pass, stopped, authority, link, chip, mixed } = exitCodes;
    const failures: readonly number[] = this.#hasFailure ? [authority, link, chip, mixed] : [];
    return code === pass || code === stopped || failures.includes(code ?? -1);
  }

  #take({ event, name, outcome, fault }: LineJson): void {
    if (event !== 'line-cycle' || name === undefined) return;
    this.#hasFailure ||= outcome !== 'pass';
    const slot = Number(name.slice(1));
    const visitor = this.#inside.get(name);
    this.#results++;
    this.#killBetween();
    if (visitor === undefined) return;
    const isPassed = outcome === 'pass' || fault?.code === 'chip-seen-before';
    if (isPassed) void this.#leave(slot, true);
    else if (++visitor.tries >= mostTries) void this.#leave(slot, false);
    else void this.#ask('again', slot);
  }

  async #next(slot: number): Promise<void> {
    if (this.#dealt >= this.#options.chips) return;
    this.#dealt++;
    const { thumbprint } = await this.#ask('next', slot);
    this.#inside.set(`S${slot}`, { thumbprint: thumbprint!, tries: 0 });
  }

  async #leave(slot: number, passed: boolean): Promise<void> {
    const name = `S${slot}`;
    if (!this.#inside.delete(name)) return;
    const { left } = await this.#ask('remove', slot);
    if (slot >= this.#fixtures.length - this.#machines.length) this.#machineChips++;
    this.#left.push({ ...left!, passed });
    this.#came++;
    this.#options.onChip?.(this.#came);
    if (this.#came >= this.#options.chips) this.#done.resolve();
    else await this.#next(slot);
  }

  /** Kills are spread over the results, each a random while after one. */
  #killBetween(): void {
    const { chips, lineKills, authorityKills } = this.#options;
    const due = (kills: number, done: number) =>
      done < kills && this.#results >= ((done + 0.5) * chips) / kills;
    const pauseMs = this.#random() * 600;
    if (due(lineKills, this.#lineKills)) {
      this.#lineKills++;
      this.#after(pauseMs, async () => {
        await this.#line.kill();
        this.#start();
      });
    }
    if (due(authorityKills, this.#authorityKills)) {
      this.#authorityKills++;
      this.#after(pauseMs, () => this.#bench.host.killNow());
    }
  }

  #after(pauseMs: number, act: () => Promise<void>): void {
    this.#killing = this.#killing
      .then(() => new Promise<void>((resolve) => setTimeout(resolve, pauseMs)))
      .then(act)
      .catch((error: unknown) => this.#note(`a kill: ${String(error)}`));
  }

  /** The three accounts. */
  async #judge(job: string): Promise<{ units: number; unitsWithReceipt: number }> {
    const { jobs, lines } = await this.#bench.readBooks(this.#bench.folder);
    const { units, provenUnits } = jobs.get(job)!;
    const proven = units
      .filter(({ unitIndex }) => provenUnits.has(unitIndex))
      .map(({ thumbprint }) => thumbprint);
    const journal = join(this.#bench.folder, 'station-line', 'shift', 'journal.jsonl');
    // A line that never began has said so.
    const { entries } = readJournalBytes(existsSync(journal) ? readFileSync(journal) : new Uint8Array(0));
    const passedByJournal = entries.flatMap((entry) => (entry.kind === 'receipt' ? [entry.thumbprint] : []));
    const passed = this.#left.filter((chip) => chip.passed).map(({ thumbprint }) => thumbprint);
    this.#compare('the journal and the chips that passed', new Set(passedByJournal), passed);
    this.#compare('the books and the chips that passed', proven, passed);
    for (const { thumbprint, holdsPackage, installCount, passed: isPassed } of this.#left) {
      if (isPassed && (!holdsPackage || installCount !== 1))
        this.#note(`chip ${thumbprint} passed, holds ${holdsPackage}, counts ${installCount}`);
    }
    const holders = units.map(({ thumbprint }) => thumbprint);
    if (new Set(holders).size !== holders.length) this.#note('a chip has two units');
    const strangers = holders.filter((one) => !this.#left.some(({ thumbprint }) => thumbprint === one));
    if (strangers.length > 0) this.#note(`${strangers.length} units for chips that were never there`);
    const { findings } = await this.#bench.audit(lines);
    for (const { code, subject, detail } of findings)
      this.#note(`the audit found ${code}: ${subject}: ${detail}`);
    return { units: units.length, unitsWithReceipt: proven.length };
  }

  #compare(what: string, one: Iterable<string>, other: Iterable<string>): void {
    const [a, b] = [new Set(one), new Set(other)];
    const differing = [...a].filter((item) => !b.has(item)).concat([...b].filter((item) => !a.has(item)));
    if (differing.length > 0) this.#note(`${what} differ in ${differing.length} chips: ${differing[0]}`);
  }
}

export async function runLineCampaign(options: LineCampaignOptions): Promise<LineCampaignReport> {
  const bench = await Bench.start(options.seed, '../line/chips-process.ts');
  const campaign = new Campaign(bench, options);
  try {
    return await campaign.run();
  } finally {
    await campaign.end();
    await bench.end();
  }
}

export function renderLineReport(report: LineCampaignReport): string {
  const { chips, passed, failed, lineKills, authorityKills, messages, faults, units } = report;
  const hit = Object.values(faults).reduce((sum, one) => sum + one, 0);
  const [early, late] = report.residentMiB;
  return [
    `${chips} chips (${report.machineChips} with the agent in machine code, the rest in WebAssembly): ` +
      `${passed} passed, ${failed} reported as failed, in ${report.seconds} s`,
    `${lineKills} kills of the line, ${authorityKills} of the authority`,
    `${messages} messages to chips, ${hit} hit: ${Object.entries(faults)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
    `${units} units, ${report.unitsWithReceipt} with a receipt`,
    `line's process at most ${early} MiB in the first quarter, ${late} MiB in the last`,
    ...(report.violations.length === 0 ? ['journal = authority = chips'] : report.violations),
  ].join('\n');
}
