// One socket of a line for a whole shift: a chip appears, is installed, its result stands until the chip is
// taken out, and the next one comes. Whatever fails here stays here: other sockets go on.

import { exitCodes, Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import {
  asFault,
  exitCodeOfFault,
  type FaultReport,
  type InstallEvent,
  type InstallResult,
  type InstallSettings,
  reportFault,
  runInstall,
} from '@firmseal/programmer';
import { Bell } from './bell.ts';
import type { BlankChips } from './blank-chips.ts';
import type { LineEvent, SocketState } from './events.ts';
import type { Limit } from './limit.ts';
import { type LookOptions, lookForChip } from './look.ts';
import { type Cycle, isAuthorityAway, isRefusal, saysFailure } from './outcome.ts';

export interface SocketSettings {
  readonly name: string;
  readonly socketNumber: number;
  readonly place: string;
  readonly package: string;
  readonly begin: 'chip' | 'tester';
  readonly labels: 'none' | 'required';
  readonly haltAfter: number;
  /** Undefined: for ever. */
  readonly authorityPatienceMs: number | undefined;
  /** That the socket shares with others: of its controller, and of the line. */
  readonly limits: readonly Limit[];
  /** What an install needs besides the socket. */
  readonly install: Omit<InstallSettings, 'socket' | 'socketNumber' | 'onEvent' | 'signal'>;
  readonly look: LookOptions;
  /** Where blank chips are personalized first. */
  readonly blank?: BlankChips | undefined;
  readonly onEvent: (event: LineEvent) => void;
  /** After a pass, before the chip may leave. Its fault is told and changes nothing. */
  readonly afterPass?: ((cycle: Cycle) => Promise<void>) | undefined;
  /** Ends the socket after so many results; for ever when left out. */
  readonly cycles?: number | undefined;
  /** Default 400: between looks for a chip. */
  readonly lookEveryMs?: number;
  /** Default 5,000: before a held chip is tried again; doubled each time, a minute at most. */
  readonly holdMs?: number;
}

const mostHoldMs = 60_000;
/** A socket in one of these takes no request. */
const busyStates: ReadonlySet<SocketState> = new Set(['installing', 'queued', 'held', 'ended']);

/** Looks without an answer, one after the other, after which the chip counts as taken out. */
const absentLooks = 2;
/** In place of a unique id: the operator began, and the chip did not answer a look. */
const anyChip = '';
/** In place of a unique id: a chip without an agent answers its programmer. */
const blankChip = 'blank';

export class SocketLoop {
  readonly settings: SocketSettings;
  readonly #clock: Clock;
  readonly #bell: Bell;
  readonly #stop = new AbortController();
  #draining = false;
  #asked = false;
  #label: string | undefined;
  #failures = 0;
  #cycle = 0;
  #state: SocketState = 'empty';
  #alarm: FaultReport | undefined;
  #last: Cycle | undefined;
  #told = false;
  /** Unique id of the chip whose result stands. */
  #occupant: string | undefined;
  #cancel: AbortController | undefined;

  constructor(settings: SocketSettings) {
    this.settings = settings;
    this.#clock = settings.install.clock;
    this.#bell = new Bell(this.#clock);
  }

  get state(): SocketState {
    return this.#state;
  }

  get lastCycle(): Cycle | undefined {
    return this.#last;
  }

  /** Begins an install of what is in the socket, halted or not; false while one is under way. */
  begin(): boolean {
    if (this.#draining || busyStates.has(this.#state)) return false;
    this.#asked = true;
    this.#failures = 0;
    this.#bell.ring();
    return true;
  }

  /** The label that was scanned for the next chip. */
  label(text: string): void {
    this.#label = text;
    this.#bell.ring();
  }

  /** Ends the install that runs, if one does; the socket goes on. */
  cancel(): void {
    this.#cancel?.abort();
    this.#bell.ring();
  }

  /** No chip begins any more; what runs ends by itself. */
  drain(): void {
    this.#draining = true;
    this.#bell.ring();
  }

  /** Ends what runs, too: the same command finishes it later. */
  stop(): void {
    this.drain();
    this.#stop.abort();
    this.cancel();
  }

  /**
   * Resolves when the socket has ended. Rejects with `journal-write-failed` alone: nothing more is started.
   */
  async run(): Promise<void> {
    const { cycles = Number.POSITIVE_INFINITY, begin } = this.settings;
    while (!this.#draining && this.#cycle < cycles) {
      const mayBegin = begin === 'chip' ? await this.#awaitChip() : await this.#awaitOperator();
      if (!mayBegin) break;
      await this.#finishCycle(await this.#installHere());
    }
    this.#enter('ended');
  }

  #enter(state: SocketState): void {
    if (this.#told && this.#state === state) return;
    this.#told = true;
    this.#state = state;
    const { name, socketNumber, place, package: named, install, onEvent } = this.settings;
    const time = install.now().toISOString();
    onEvent({ kind: 'line-socket', name, socketNumber, place, package: named, state, time });
  }

  get #isHalted(): boolean {
    return this.#failures >= this.settings.haltAfter;
  }

  /** Until the tester or the operator says so; false when the line ends. */
  async #awaitOperator(): Promise<boolean> {
    for (;;) {
      this.#enter(this.#isHalted ? 'halted' : 'ready');
      if (this.#draining) return false;
      if (this.#asked) break;
      await this.#bell.wait();
    }
    this.#asked = false;
    return true;
  }

  /** Until another chip is there than the one whose result stands; false when the line ends. */
  async #awaitChip(): Promise<boolean> {
    const { lookEveryMs = 400 } = this.settings;
    let absent = 0;
    for (;;) {
      this.#enter(this.#resting());
      if (this.#draining) return false;
      if (this.#isHalted && !this.#asked) {
        await this.#bell.wait();
        continue;
      }
      const found = await this.#lookHere();
      if (this.#draining) return false;
      if (this.#asked) {
        this.#asked = false;
        this.#occupant = found ?? anyChip;
        return true;
      }
      absent = found === undefined ? absent + 1 : 0;
      if (absent >= absentLooks) this.#occupant = undefined;
      // A chip that was blank a moment ago has an agent with a name for it now.
      const isSame = this.#occupant === anyChip || this.#occupant === blankChip;
      if (isSame) this.#occupant = found ?? this.#occupant;
      if (found !== undefined && found !== this.#occupant && this.#isLabelled) {
        this.#occupant = found;
        return true;
      }
      await this.#bell.wait(lookEveryMs);
    }
  }

  /** The unique id of what is in the socket; `blankChip` for a chip that has no agent yet. */
  async #lookHere(): Promise<string | undefined> {
    const { place, look, blank } = this.settings;
    const found = await lookForChip(place, look);
    if (found !== undefined || blank === undefined) return found;
    return (await blank.isThere()) ? blankChip : undefined;
  }

  get #isLabelled(): boolean {
    return this.settings.labels === 'none' || this.#label !== undefined;
  }

  #resting(): SocketState {
    if (this.#isHalted) return 'halted';
    if (this.#occupant !== undefined) return 'done';
    return this.#isLabelled ? 'empty' : 'label';
  }

  /** One chip, again and again while the authority is away. */
  async #installHere(): Promise<Cycle> {
    const { authorityPatienceMs, holdMs = 5000, place, look } = this.settings;
    const untilMs = this.#clock.nowMs() + (authorityPatienceMs ?? Number.POSITIVE_INFINITY);
    this.#cycle++;
    let holds = 0;
    for (;;) {
      const { cycle, fault } = await this.#installOnce();
      if (fault?.code === 'journal-write-failed') {
        this.settings.onEvent({ kind: 'line-cycle', ...cycle });
        throw fault;
      }
      if (fault === undefined || !isAuthorityAway(fault.code) || this.#clock.nowMs() >= untilMs) return cycle;
      this.#raise(fault);
      this.#enter('held');
      await this.#bell.wait(Math.min(mostHoldMs, holdMs * 2 ** holds++));
      if (this.#draining) return cycle;
      // A chip that was taken out meanwhile is as far as the journal says.
      if ((await lookForChip(place, look)) === undefined && (await lookForChip(place, look)) === undefined)
        return cycle;
    }
  }

  #installOnce(): Promise<{ cycle: Cycle; fault: Fault | undefined }> {
    const { limits } = this.settings;
    if (limits.some(({ isFree }) => !isFree)) this.#enter('queued');
    const [first, ...rest] = limits;
    const run = (more: readonly Limit[]): Promise<{ cycle: Cycle; fault: Fault | undefined }> => {
      const [next, ...others] = more;
      return next === undefined ? this.#runEngine() : next.within(() => run(others));
    };
    return first === undefined ? this.#runEngine() : first.within(() => run(rest));
  }

  async #runEngine(): Promise<{ cycle: Cycle; fault: Fault | undefined }> {
    const { name, place, socketNumber, install, onEvent } = this.settings;
    this.#enter('installing');
    const unfit = await this.#personalize();
    if (unfit !== undefined)
      return {
        cycle: this.#cycleOf(this.#broken(unfit), { thumbprint: null, licenseId: null }),
        fault: unfit,
      };
    const met: { thumbprint: string | null; licenseId: string | null } = {
      thumbprint: null,
      licenseId: null,
    };
    const take = (event: InstallEvent) => {
      if (event.kind === 'chip') met.thumbprint = event.thumbprint;
      if (event.kind === 'receipt') met.licenseId = event.licenseId;
      onEvent({ kind: 'line-install', name, install: event });
    };
    this.#cancel = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#cancel.signal]);
    const result = await runInstall({ ...install, socket: place, socketNumber, onEvent: take, signal }).catch(
      (error): InstallResult => this.#broken(error),
    );
    this.#cancel = undefined;
    const fault = result.outcome === 'fail' ? result.fault : undefined;
    const thumbprint = met.thumbprint ?? refusedThumbprint(fault);
    return { cycle: this.#cycleOf(result, { ...met, thumbprint }), fault };
  }

  /** A blank chip gets its agent, identity and protection first; the fault where it does not. */
  async #personalize(): Promise<Fault | undefined> {
    const { name, install, onEvent, blank } = this.settings;
    if (blank === undefined) return undefined;
    try {
      await blank.prepare((step) =>
        onEvent({ kind: 'line-personalize', name, step, time: install.now().toISOString() }),
      );
      return undefined;
    } catch (error) {
      return asFault(error);
    }
  }

  /** What runInstall never does, as its result. */
  #broken(error: unknown): InstallResult {
    const { place: socket, socketNumber } = this.settings;
    const times = { totalMs: 0, eraseMs: 0, programMs: 0, verifyMs: 0 };
    return { outcome: 'fail', socket, socketNumber, installId: '', times, fault: asFault(error) };
  }

  #cycleOf(result: InstallResult, met: { thumbprint: string | null; licenseId: string | null }): Cycle {
    const { name, socketNumber, place, package: named, install } = this.settings;
    const fault = result.outcome === 'fail' ? result.fault : undefined;
    return {
      ...{ name, socketNumber, place, package: named, cycle: this.#cycle, installId: result.installId },
      ...met,
      label: this.#label ?? null,
      outcome: fault !== undefined && isRefusal(fault.code) ? 'refused' : result.outcome,
      fault: fault === undefined ? null : reportFault(fault),
      exitCode: result.outcome === 'fail' ? exitCodeOfFault(result.fault) : exitCodes[result.outcome],
      times: result.times,
      time: install.now().toISOString(),
    };
  }

  async #finishCycle(cycle: Cycle): Promise<void> {
    const { onEvent, afterPass, haltAfter, name } = this.settings;
    this.#label = undefined;
    this.#last = cycle;
    const isPass = cycle.fault === null;
    if (isPass) this.#failures = 0;
    else if (saysFailure(cycle.fault!.code)) this.#failures++;
    this.#clear();
    onEvent({ kind: 'line-cycle', ...cycle });
    if (isPass) await afterPass?.(cycle).catch((error) => this.#raise(asFault(error)));
    else if (this.#failures >= haltAfter)
      this.#raise(new Fault('line-socket-halted', { socket: name, failures: this.#failures }));
  }

  #raise(fault: Fault): void {
    if (this.#alarm?.code === fault.code) return;
    this.#clear();
    this.#alarm = reportFault(fault);
    this.#tellAlarm(true);
  }

  #clear(): void {
    if (this.#alarm === undefined) return;
    this.#tellAlarm(false);
    this.#alarm = undefined;
  }

  #tellAlarm(raised: boolean): void {
    const { name, install, onEvent } = this.settings;
    const time = install.now().toISOString();
    onEvent({ kind: 'line-alarm', name, fault: this.#alarm!, raised, time });
  }
}

/** A chip that was refused before it was told of is named by its refusal. */
function refusedThumbprint(fault: Fault | undefined): string | null {
  const named = fault?.fields['thumbprint'];
  return typeof named === 'string' ? named : null;
}
