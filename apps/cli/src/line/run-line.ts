// A line from start to end: packages, journal, logs, tester ports and the screen around packages/line. What
// the line leaves stands in one folder; the same command goes on from there.

import { join } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import type { Fault } from '@firmseal/fault';
import { writeWholeFile } from '@firmseal/files';
import { openJournalLog } from '@firmseal/journal-file-adapter';
import {
  type BlankChips,
  type Cycle,
  countSince,
  exitCodeOfLine,
  junitReport,
  Line,
  type LineEnd,
  type LineEvent,
  type LineFile,
  LineJournal,
  neededEntries,
  Operator,
} from '@firmseal/line';
import { asFault, reportFault } from '@firmseal/programmer';
import type { Face } from '../face.ts';
import { tellFewUnits } from '../few-units-left.ts';
import { howMany } from '../how-many.ts';
import { stationTools } from '../line-setup.ts';
import { openOutputFolder } from '../output-folder.ts';
import type { Stations } from '../remote/stations.ts';
import { withBlankChips } from './blank-sockets.ts';
import { openBoards } from './board-outlet.ts';
import { ClockWatch } from './clock-watch.ts';
import { type Hook, runHook } from './hook.ts';
import { createLineFace } from './line-face.ts';
import { LineLogs } from './line-logs.ts';
import { openLinePackages, type RunPackage } from './line-packages.ts';
import { openOutlets } from './outlets.ts';
import { TesterPorts } from './tester-ports.ts';

/** Counts begin with what the journal holds of this time: a shift that was interrupted goes on. */
const shiftMs = 12 * 3_600_000;
/** Results that the JUnit report holds; older ones are in results.csv. */
const mostReported = 10_000;
const deliverEveryMs = 30_000;
/** Entries of the journal that are looked at for its newest time. */
const mostRecent = 1000;

export interface LineRun {
  readonly file: LineFile;
  /** Folder for everything that the line leaves. */
  readonly work: string;
  readonly licenseCache?: string | undefined;
  readonly onPass?: Hook | undefined;
  /** Key of the device CA, in place of those that the line file names, and its passphrase. */
  readonly deviceCa?: string | undefined;
  readonly deviceCaPassphraseFile?: string | undefined;
  /** Token of the site: the authority certifies blank chips. */
  readonly siteTokenFile?: string | undefined;
  /** Of the places that begin with `station:`. */
  readonly stations: Stations;
  /** Results after which each socket ends. */
  readonly cycles?: number | undefined;
}

/**
 * Resolves to the exit code. Throws the fault that ended the line, and those of its files before it begins.
 */
export async function runLine(face: Face, run: LineRun): Promise<number> {
  const { file, work } = run;
  const packages = openLinePackages(face, file, run);
  openOutputFolder(work, 'journal.jsonl');
  const trustOf = (named: string) => {
    const { manifest, trust } = packages.get(named)!.sealed;
    return { product: manifest.core.product, epoch: trust.epoch };
  };
  return withBlankChips(face, file, { ...run, trustOf }, (blankChips) =>
    runPackages(face, { ...run, packages, blankChips }),
  );
}

async function runPackages(
  face: Face,
  run: LineRun & Pick<Parts, 'packages' | 'blankChips'>,
): Promise<number> {
  const { work } = run;
  const log = await openJournalLog(join(work, 'journal.jsonl'), { needed: neededEntries });
  try {
    const journal = new LineJournal({ found: log.found, append: (entry) => log.append(entry) });
    const counts = countSince(log.found, Date.now() - shiftMs);
    const latestMs = Math.max(0, ...log.found.slice(-mostRecent).map(({ time }) => Date.parse(time)));
    const end = await new RunningLine(face, { ...run, journal, counts, latestMs }).run();
    if (end.fault !== undefined) throw end.fault;
    for (const { client } of run.packages.values()) if (client) await tellFewUnits(face, client);
    return exitCodeOfLine(end);
  } finally {
    await log.close();
  }
}

interface Parts extends LineRun {
  readonly blankChips: ReadonlyMap<string, BlankChips>;
  readonly packages: ReadonlyMap<string, RunPackage>;
  readonly journal: LineJournal;
  readonly counts: ReturnType<typeof countSince>;
  /** The newest time in the journal; 0 of an empty one. */
  readonly latestMs: number;
}

class RunningLine {
  readonly #face: Face;
  readonly #parts: Parts;
  readonly #line: Line;
  readonly #logs: LineLogs;
  readonly #cycles: Cycle[] = [];
  /** Events go to these as they come. */
  readonly #takers: ((event: LineEvent) => void)[] = [];
  #stops = 0;
  #delivery: Promise<void> = Promise.resolve();
  readonly #clock: ClockWatch;
  /** Why receipts wait. */
  #undelivered: Fault | undefined;

  constructor(face: Face, parts: Parts) {
    this.#face = face;
    this.#parts = parts;
    const { file, work, packages, blankChips, journal, counts, onPass = file.onPass, cycles } = parts;
    this.#logs = new LineLogs(work, (fault, raised) => this.#alarm(fault, raised));
    this.#clock = new ClockWatch(parts.latestMs, (fault, raised) => this.#alarm(fault, raised));
    this.#line = new Line({
      ...{ file, packages, blankChips, journal, counts, cycles, ...stationTools(parts.stations) },
      onEvent: (event) => this.#take(event),
      ...(onPass === undefined ? {} : { afterPass: (cycle) => runHook(onPass, cycle) }),
    });
  }

  async run(): Promise<LineEnd> {
    const { file, packages } = this.#parts;
    const alarm = (fault: Fault, raised: boolean) => this.#alarm(fault, raised);
    const outlets = [...openOutlets(file, alarm), ...openBoards(file, packages, alarm)];
    this.#takers.push(...outlets.map((outlet) => (event: LineEvent) => outlet.take(event)));
    try {
      return await this.#runSockets();
    } finally {
      await Promise.all(outlets.map((outlet) => outlet.close()));
      await this.#logs.close();
      this.#writeReport();
    }
  }

  async #runSockets(): Promise<LineEnd> {
    const { file } = this.#parts;
    const testers = await TesterPorts.open(file, this.#line);
    const operator = new Operator(this.#line, file.labels);
    const shown = createLineFace(this.#face, {
      lineName: file.name,
      prompt: () => operator.prompt,
      typed: (text) => {
        const answer = operator.take(text);
        if (answer.kind === 'done') shown.say(answer.says);
        else if (answer.kind === 'drain') this.#line.drain();
        else this.#line.stop();
      },
      quit: () => this.#obey(),
    });
    const giveBack = this.#face.shell.stops.take(() => this.#obey());
    this.#takers.push(
      (event) => shown.take(event),
      (event) => testers.take(event),
    );
    this.#tellBegin(testers, (text) => shown.say(text));
    const delivering = setInterval(() => {
      this.#clock.see(Date.now());
      void this.#deliver();
    }, deliverEveryMs);
    try {
      this.#clock.see(Date.now());
      void this.#deliver();
      const end = await this.#line.run();
      await this.#deliver();
      return end;
    } finally {
      clearInterval(delivering);
      giveBack();
      testers.close();
      shown.finish();
    }
  }

  /** First asked, the line finishes what runs; asked again, it ends that too. */
  #obey(): void {
    this.#stops++;
    if (this.#stops === 1) this.#line.drain();
    else this.#line.stop();
  }

  #take(event: LineEvent): void {
    this.#logs.take(event);
    for (const take of this.#takers) take(event);
    if (event.kind !== 'line-cycle') return;
    this.#cycles.push(event);
    if (this.#cycles.length > mostReported) this.#cycles.shift();
  }

  #alarm(fault: Fault, raised: boolean): void {
    const time = new Date().toISOString();
    this.#take({ kind: 'line-alarm', name: null, fault: reportFault(fault), raised, time });
  }

  #tellBegin({ ports }: TesterPorts, say: (text: string) => void): void {
    const { file, work } = this.#parts;
    this.#face.event({ event: 'line-begin', line: file.name, work, sockets: file.sockets.length, ports });
    if (this.#face.json) return;
    say(`${file.name}: ${howMany(file.sockets.length, 'socket')}, everything it leaves is in ${work}`);
    for (const { name, host, port } of ports) say(`${name}: a tester may speak to ${host}:${port}`);
    for (const { settings } of this.#line.sockets) {
      const chip = this.#parts.journal.chipIn(settings.place);
      if (chip !== undefined)
        say(`${settings.name}: goes on with the device ${chip.slice(0, 16)} if it is there`);
    }
  }

  /** Brings receipts that wait here, after a delivery that is under way. */
  #deliver(): Promise<void> {
    const before = this.#delivery;
    this.#delivery = before.then(() => this.#deliverAll());
    return this.#delivery;
  }

  /** An authority that is away is told once. */
  async #deliverAll(): Promise<void> {
    for (const { deliver, waiting } of this.#parts.packages.values()) {
      if (deliver === undefined || waiting() === 0) continue;
      try {
        await deliver();
        if (this.#undelivered !== undefined) this.#alarm(this.#undelivered, false);
        this.#undelivered = undefined;
      } catch (error) {
        const fault = asFault(error);
        if (this.#undelivered === undefined) this.#alarm(fault, true);
        this.#undelivered ??= fault;
      }
    }
  }

  #writeReport(): void {
    const { file, work } = this.#parts;
    try {
      writeWholeFile(join(work, 'junit.xml'), [utf8(junitReport(file.name, this.#cycles))]);
    } catch (error) {
      this.#face.warn(asFault(error).message);
    }
  }
}
