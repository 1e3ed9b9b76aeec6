// A line: all its sockets at once, each for itself, with what they share: the journal, the chips that were
// seen, limits, counts. It goes on until it is asked to end, or until the journal can no longer be written.

import { exitCodes, Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import {
  asFault,
  exitCodeOfFault,
  type FaultReport,
  type InstallPackage,
  type InstallProof,
  type InstallVerifier,
  type LineAuthority,
  reportFault,
  type SocketOpener,
} from '@firmseal/programmer';
import type { BlankChips } from './blank-chips.ts';
import type { LineEvent, Tally, UnitsLeft } from './events.ts';
import { Limit } from './limit.ts';
import type { LineFile } from './line-file.ts';
import type { JournalCounts, LineJournal } from './line-journal.ts';
import { type Cycle, saysFailure } from './outcome.ts';
import { SocketLoop } from './socket-loop.ts';

/** A package of the line with what its installs need. */
export interface LinePackage {
  readonly sealed: InstallPackage;
  readonly authority: LineAuthority;
  readonly verifier: InstallVerifier;
  /** Thumbprints that have a license here; undefined where licenses come from the authority. */
  readonly licensed?: ReadonlySet<string> | undefined;
  readonly keepProof?: ((proof: InstallProof) => void) | undefined;
}

export interface LineSettings {
  readonly file: LineFile;
  /** By the names of the line file. */
  readonly packages: ReadonlyMap<string, LinePackage>;
  readonly journal: LineJournal;
  /** Of the shift so far. */
  readonly counts: JournalCounts;
  readonly opener: SocketOpener;
  /** By socket, where blank chips are personalized first. */
  readonly blankChips?: ReadonlyMap<string, BlankChips> | undefined;
  readonly clock: Clock;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly onEvent: (event: LineEvent) => void;
  readonly afterPass?: ((cycle: Cycle) => Promise<void>) | undefined;
  /** Results after which each socket ends; for ever when left out. */
  readonly cycles?: number | undefined;
  readonly lookEveryMs?: number;
  readonly holdMs?: number;
}

export interface LineEnd extends Tally {
  /** Exit codes of what did not end in PASS and did not pass later in the run, each once. */
  readonly openCodes: readonly number[];
  /** Results of the run. */
  readonly cycles: number;
  /** That ended the line, where it did not end because it was asked to. */
  readonly fault: Fault | undefined;
}

export class Line {
  readonly sockets: readonly SocketLoop[];
  readonly #settings: LineSettings;
  #tally: Tally;
  /** The exit code of the last result: by chip, or by install when no chip was met. */
  readonly #open = new Map<string, number>();
  /** Chips that failed in this run. */
  readonly #failed = new Set<string>();
  /** Chips that are being installed, and where. */
  readonly #claims = new Map<string, string>();
  /** Alarms of packages whose units run low. */
  readonly #low = new Map<string, { readonly of: 'few' | 'none'; readonly fault: FaultReport }>();
  #cycles = 0;

  constructor(settings: LineSettings) {
    this.#settings = settings;
    const { file, counts } = settings;
    this.#tally = { ...counts, refused: 0 };
    const all = new Limit(file.mostAtOnce);
    const controllers = new Map(
      Object.entries(file.controllers).map(([name, { mostAtOnce }]) => [name, new Limit(mostAtOnce)]),
    );
    this.sockets = file.sockets.map((_, index) => this.#socket(index, { all, controllers }));
  }

  get tally(): Tally {
    return this.#tally;
  }

  socket(name: string): SocketLoop | undefined {
    return this.sockets.find(({ settings }) => settings.name === name);
  }

  /** Resolves when every socket has ended. */
  async run(): Promise<LineEnd> {
    let fault: Fault | undefined;
    this.#tellTally();
    await Promise.all(
      this.sockets.map((socket) =>
        socket.run().catch((error: unknown) => {
          const ended = asFault(error);
          fault ??= ended;
          this.#tellFault(socket.settings.name, ended);
          // Without a journal nothing may begin; any other defect ends its own socket alone.
          if (ended.code === 'journal-write-failed') this.stop();
        }),
      ),
    );
    const openCodes = [...new Set(this.#open.values())];
    return { ...this.#tally, openCodes, cycles: this.#cycles, fault };
  }

  /** No chip begins any more; what runs ends by itself. */
  drain(): void {
    for (const socket of this.sockets) socket.drain();
  }

  /** Ends what runs; the same command finishes it later. */
  stop(): void {
    for (const socket of this.sockets) socket.stop();
  }

  /** What each package may still use here. */
  unitsLeft(): UnitsLeft[] {
    const { file, packages, journal } = this.#settings;
    return Object.entries(file.packages).map(([name, { units }]) => {
      const { sealed, licensed } = packages.get(name)!;
      const { digest } = sealed.manifest;
      const byLimit = units === undefined ? undefined : units - journal.unitsOf(digest);
      const byBatch =
        licensed === undefined
          ? undefined
          : [...licensed].filter((thumbprint) => !journal.hasReceipt(digest, thumbprint)).length;
      const known = [byLimit, byBatch].filter((one) => one !== undefined);
      return { package: name, left: known.length === 0 ? null : Math.max(0, Math.min(...known)) };
    });
  }

  #socket(
    index: number,
    { all, controllers }: { all: Limit; controllers: ReadonlyMap<string, Limit> },
  ): SocketLoop {
    const { file, packages, journal, opener, clock, now, newId, cycles } = this.#settings;
    const { name, place, package: named, controller } = file.sockets[index]!;
    const linePackage = packages.get(named)!;
    const { sealed, authority, verifier, keepProof } = linePackage;
    const shared = controller === undefined ? undefined : controllers.get(controller);
    const { authorityPatienceMinutes: patience } = file;
    const { lookEveryMs, holdMs } = this.#settings;
    return new SocketLoop({
      ...{ name, place, cycles, package: named, socketNumber: index + 1 },
      ...{ begin: file.begin, labels: file.labels, haltAfter: file.haltAfter },
      ...(lookEveryMs === undefined ? {} : { lookEveryMs }),
      ...(holdMs === undefined ? {} : { holdMs }),
      authorityPatienceMs:
        patience === undefined ? (file.begin === 'tester' ? 0 : undefined) : patience * 60_000,
      limits: shared === undefined ? [all] : [shared, all],
      install: {
        ...{ sealed, authority, verifier, opener, clock, now, newId },
        ...(keepProof === undefined ? {} : { keepProof }),
        journal: journal.of(place),
        startApplication: file.packages[named]!.start,
        claimDevice: (thumbprint) => this.#claim(thumbprint, { name, place, package: named }),
      },
      look: { opener, clock },
      blank: this.#settings.blankChips?.get(name),
      afterPass: this.#settings.afterPass,
      onEvent: (event) => this.#take(event),
    });
  }

  /** Refuses a chip that another socket holds, that passed, or that would take a unit too many. */
  #claim(
    thumbprint: string,
    { name, place, package: named }: { name: string; place: string; package: string },
  ): string | undefined {
    const { file, packages, journal, now } = this.#settings;
    const holder = this.#claims.get(thumbprint);
    if (holder !== undefined && holder !== name) return this.socket(holder)!.settings.place;
    const { digest } = packages.get(named)!.sealed.manifest;
    journal.forgetPassedBefore(now().getTime() - file.repeatHours * 3_600_000);
    const passed = journal.passed(digest, thumbprint);
    if (passed !== undefined && file.repeatChips === 'refuse') {
      const at = new Date(passed.atMs).toISOString();
      throw new Fault('chip-seen-before', { socket: place, thumbprint, at });
    }
    const { units } = file.packages[named]!;
    if (
      units !== undefined &&
      !journal.hasUnit(digest, thumbprint) &&
      this.#unitsTaken(named, digest) >= units
    )
      throw new Fault('line-units-used-up', { units, package: named, thumbprint });
    this.#claims.set(thumbprint, name);
    return undefined;
  }

  /** Chips with a unit, and chips that are on their way to one. */
  #unitsTaken(named: string, digest: Uint8Array): number {
    const coming = [...this.#claims].filter(
      ([thumbprint, holder]) =>
        this.socket(holder)!.settings.package === named &&
        !this.#settings.journal.hasUnit(digest, thumbprint),
    );
    return this.#settings.journal.unitsOf(digest) + coming.length;
  }

  #take(event: LineEvent): void {
    this.#settings.onEvent(event);
    if (event.kind !== 'line-cycle') return;
    for (const [thumbprint, holder] of this.#claims)
      if (holder === event.name) this.#claims.delete(thumbprint);
    this.#cycles++;
    this.#count(event);
    this.#tellTally();
  }

  #count({ fault, thumbprint, installId, exitCode }: Cycle): void {
    const chip = thumbprint ?? installId;
    const tally = this.#tally;
    if (fault === null) {
      const isFirst = !this.#failed.has(chip);
      this.#tally = {
        ...tally,
        passed: tally.passed + 1,
        passedFirst: tally.passedFirst + (isFirst ? 1 : 0),
        failed: tally.failed - (isFirst ? 0 : 1),
      };
      this.#failed.delete(chip);
      if (exitCode === 0) this.#open.delete(chip);
      else this.#open.set(chip, exitCode);
      return;
    }
    if (fault.code === 'chip-seen-before') {
      this.#tally = { ...tally, refused: tally.refused + 1 };
      this.#open.delete(chip);
      return;
    }
    this.#open.set(chip, exitCode);
    if (!saysFailure(fault.code)) this.#tally = { ...tally, refused: tally.refused + 1 };
    else if (!this.#failed.has(chip)) {
      this.#failed.add(chip);
      this.#tally = { ...tally, failed: tally.failed + 1 };
    }
  }

  #tellFault(name: string, fault: Fault): void {
    const { now, onEvent } = this.#settings;
    const time = now().toISOString();
    onEvent({ kind: 'line-alarm', name, fault: reportFault(fault), raised: true, time });
  }

  #tellTally(): void {
    const { now, onEvent } = this.#settings;
    const units = this.unitsLeft();
    onEvent({ kind: 'line-tally', ...this.#tally, units, time: now().toISOString() });
    for (const one of units) this.#warnOfFew(one);
  }

  /** An alarm when the units of a package run low, and another when none is left. */
  #warnOfFew({ package: named, left }: UnitsLeft): void {
    const { now, onEvent } = this.#settings;
    const open = this.#low.get(named);
    const due = left === null || left > this.#warnBelow(named) ? undefined : left === 0 ? 'none' : 'few';
    if (open?.of === due) return;
    const time = now().toISOString();
    const tell = (fault: FaultReport, raised: boolean) =>
      onEvent({ kind: 'line-alarm', name: null, fault, raised, time });
    if (open !== undefined) tell(open.fault, false);
    this.#low.delete(named);
    if (due === undefined) return;
    const fault = reportFault(new Fault('line-units-low', { package: named, left: left! }));
    this.#low.set(named, { of: due, fault });
    tell(fault, true);
  }

  #warnBelow(named: string): number {
    const { units = Number.POSITIVE_INFINITY, warnBelow } = this.#settings.file.packages[named]!;
    const licensed = this.#settings.packages.get(named)!.licensed?.size ?? Number.POSITIVE_INFINITY;
    return warnBelow ?? Math.floor(Math.min(units, licensed) / 10);
  }
}

/**
 * The exit code of a line that has ended: 0 when every chip of the run passed, `stopped` when no chip came.
 */
export function exitCodeOfLine({ openCodes, cycles, fault }: LineEnd): number {
  if (fault !== undefined) return exitCodeOfFault(fault);
  const [first, ...more] = openCodes;
  if (first !== undefined) return more.length === 0 ? first : exitCodes.mixed;
  return cycles === 0 ? exitCodes.stopped : exitCodes.pass;
}
