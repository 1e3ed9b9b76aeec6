// The attacker's hand on the processor. Sits around the core of the virtual chip, in the judge's process; the product has
// no hook for it. It counts the executions of the agent's own instructions (steps), leaves out one or two at a chosen
// step or flips a bit of a register there, and comes back to the moment before: a fork is a copy of registers and RAM
// (flash is shared until it changes), so each run begins just before its glitch and not at a reset.

import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { AgentCode } from './agent-code.ts';
import { type Moment, Moments } from './moment.ts';
import { quickCrypto, RunningHashes } from './quick-crypto.ts';
import { shortcuts } from './shortcuts.ts';

/** What is done at one execution of an address. */
export interface Glitch {
  readonly address: number;
  /** 1: the first time that the address is executed after arming. */
  readonly occurrence: number;
  /** Instructions left out one after the other; 0: none, a bit is flipped. */
  readonly length: 0 | 1 | 2;
  readonly flip?: { readonly register: number; readonly bit: number; readonly afterwards: boolean };
}

/** Why a forked run ended. */
export type End = 'waits' | 'reset' | 'booted' | 'hung' | 'crashed' | 'programs';

export interface LibraryCall {
  readonly address: number;
  /** 1: the first since arming. */
  readonly call: number;
  /** Functions that work on the same state, as those of a running hash do: all their calls are machine code. */
  readonly family: readonly number[];
}

export interface Fork {
  /** Step at which the glitches hit when nothing else does: forks are in ascending order. */
  readonly step: number;
  readonly glitches: readonly Glitch[];
}

interface ForkPlan {
  /** The steps are then the instructions of that call of a function of the port to the cryptography, which runs really. */
  readonly library?: LibraryCall;
  readonly forks: readonly Fork[];
  /** The link is looked at that often before the agent waits for the next request. */
  readonly pollsToEnd: number;
  /** From the start of the run: less what the fork has behind it. */
  readonly instructionsMost: number;
  readonly ended: (glitch: Glitch, end: End) => void;
}

/** The run took more instructions than it was given: the firmware hangs. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** The forks are done, or what a run left cannot be put back: the request is begun anew. */
export class ForksEnd extends Error {
  override readonly name = 'ForksEnd';
}

/** Steps that waiting for the hardware makes a run longer or shorter. */
const strayMost = 10_000;
const instructionsLeast = 50_000;

const marks = { own: 1, quick: 2, special: 4, shortcut: 8 } as const;

export class Glitcher {
  /** The application's code: that one of its instructions was executed is what a boot is, and at which address first. */
  application: { readonly start: number; readonly end: number } | undefined;
  bootedAt: number | undefined;
  /** Cryptography at the host's speed instead of the agent's machine code. */
  quick = true;
  /** Called before each step while counting. */
  trace: ((pc: number, step: number, occurrence: number) => void) | undefined;
  /** What the agent gave to the link in a forked run. */
  sent: number[] = [];
  /** What a forked run was about to program into the option bytes, "register=value" each; it ends there. */
  planned: string | undefined;
  readonly #core: VirtualChip['machine']['processor']['core'];
  readonly #moments: Moments;
  readonly #functions: ReadonlyMap<number, () => void>;
  readonly #shortcuts: ReadonlyMap<number, () => boolean>;
  readonly #marks: Uint8Array;
  readonly #base: number;
  readonly #special: Readonly<Record<'poll' | 'reset' | 'launch' | 'program' | 'send', number>>;
  readonly #execute: () => number;
  readonly #passOver: () => void;
  readonly #counts: Uint32Array;
  #left = Number.POSITIVE_INFINITY;
  #counting = false;
  #step = 0;
  #polls = 0;
  #glitch: Glitch | undefined;
  #skipLeft = 0;
  #skipped = 0;
  #plan: ForkPlan | undefined;
  #fork = 0;
  #stop = -1;
  #due: Glitch | undefined;
  #strayed = false;
  #within:
    | { readonly before: Moment; readonly step: number; readonly polls: number; next: number }
    | undefined;
  #library: LibraryCall | undefined;
  #calls = 0;
  #libraryEnded = false;
  /** While the call of the library runs: where it returns to. */
  #inside: { readonly pc: number; readonly sp: number } | undefined;
  #insideWhenForked: { readonly pc: number; readonly sp: number } | undefined;

  constructor(chip: VirtualChip, code: AgentCode, ramBytes: number) {
    const { processor } = chip.machine;
    const { core } = processor;
    this.#passOver = () => processor.passOver();
    const base = code.own[0]!.start;
    const size = (code.own.at(-1)!.end - base) >> 1;
    const hashes = new RunningHashes();
    this.#core = core;
    this.#base = base;
    this.#counts = new Uint32Array(size);
    this.#marks = new Uint8Array(size);
    this.#moments = new Moments(chip, ramBytes, { hashes, code });
    this.#functions = quickCrypto(core, code, hashes);
    this.#shortcuts = shortcuts(chip, code, hashes);
    const at = (name: string) => code.symbols.get(name)!.address & ~1;
    this.#special = {
      ...{ poll: at('fs_link_poll'), send: at('fs_port_link_send') },
      ...{ reset: at('fs_system_reset'), launch: at('fs_port_option_launch') },
      program: at('fs_port_option_program'),
    };
    for (const { start, end } of code.own)
      this.#marks.fill(marks.own, (start - base) >> 1, (end - base) >> 1);
    for (const address of this.#functions.keys()) this.#marks[(address - base) >> 1] = marks.quick;
    for (const address of this.#shortcuts.keys()) this.#marks[(address - base) >> 1]! |= marks.shortcut;
    for (const address of Object.values(this.#special)) this.#marks[(address - base) >> 1]! |= marks.special;
    this.#execute = core.executeInstruction.bind(core);
    core.executeInstruction = () => this.#instruction();
  }

  get booted(): boolean {
    return this.bootedAt !== undefined;
  }

  #instruction(): number {
    const core = this.#core;
    if (--this.#left < 0) {
      if (this.#within === undefined) throw new OutOfTime();
      this.#endRun('hung');
    }
    if (this.#skipLeft > 0) return this.#leaveOut();
    const pc = (core.PC & ~1) >>> 0;
    const mark = pc >= this.#base ? this.#marks[(pc - this.#base) >> 1] : 0;
    if (this.#library !== undefined && this.#runsReally(pc, mark)) return 1;
    if (mark) {
      if (mark === marks.quick) {
        if (!this.quick || this.#library?.family.includes(pc)) return this.#execute();
        this.#functions.get(pc)!();
        return 1;
      }
      if (this.#counting) return this.#own(pc, mark);
      if (mark & marks.shortcut && this.quick && this.#shortcuts.get(pc)!()) return 1;
    } else if (this.application && pc >= this.application.start && pc < this.application.end) {
      this.bootedAt ??= pc;
      if (this.#within !== undefined) {
        this.#endRun('booted');
        return 1;
      }
    }
    return this.#execute();
  }

  /** True when the instruction was one of the library call that is looked at. */
  #runsReally(pc: number, mark: number | undefined): boolean {
    const core = this.#core;
    if (this.#inside === undefined) {
      if (pc !== this.#library!.address || this.#within !== undefined) return false;
      if (++this.#calls !== this.#library!.call) return false;
      this.#inside = { pc: (core.LR & ~1) >>> 0, sp: core.SP >>> 0 };
      this.#step = 0;
    } else if (pc === this.#inside.pc && core.SP >>> 0 === this.#inside.sp) {
      this.#inside = undefined;
      if (this.#within === undefined) this.#libraryEnded = true;
      return false;
    }
    if (mark && mark & marks.special) return false;
    if (this.#within === undefined) {
      const step = this.#step++;
      if (step === this.#stop) {
        this.#enterFork(step);
        return true;
      }
    }
    this.#execute();
    return true;
  }

  #own(pc: number, mark: number): number {
    if (mark & marks.special && this.#isEnd(pc)) return 1;
    if (this.#library !== undefined) return this.#execute();
    const step = this.#step++;
    if (this.#within !== undefined) {
      if (mark & marks.shortcut && this.#shortcuts.get(pc)!()) return 1;
      return this.#execute();
    }
    const count = ++this.#counts[(pc - this.#base) >> 1]!;
    this.trace?.(pc, step, count);
    // Loops that wait for the hardware turn more or less often: the execution counts, not the step.
    const due = this.#due;
    if (due !== undefined && pc === due.address && count === due.occurrence) {
      this.#enterFork(step);
      return 1;
    }
    const glitch = this.#glitch;
    if (glitch !== undefined && pc === glitch.address && count === glitch.occurrence) {
      this.#glitch = undefined;
      return this.#apply(glitch);
    }
    return this.#execute();
  }

  #leaveOut(): number {
    this.#skipLeft--;
    this.#skipped++;
    this.#passOver();
    return 1;
  }

  #apply({ length, flip }: Glitch): number {
    if (flip === undefined) {
      this.#skipLeft = length;
      return this.#leaveOut();
    }
    this.#skipped++;
    const turn = () => {
      this.#core.registers[flip.register]! ^= 1 << flip.bit;
    };
    if (!flip.afterwards) turn();
    const cycles = this.#execute();
    if (flip.afterwards) turn();
    return cycles;
  }

  #isEnd(pc: number): boolean {
    if (pc === this.#special.send && this.#within !== undefined) this.#note();
    if (pc === this.#special.poll) {
      this.#polls++;
      if (this.#within !== undefined && this.#polls >= this.#plan!.pollsToEnd) {
        this.#endRun('waits');
        return true;
      }
    }
    if (this.#within === undefined) return false;
    if (pc === this.#special.reset || pc === this.#special.launch) {
      this.#endRun('reset');
      return true;
    }
    if (pc === this.#special.program) {
      this.#notePlan();
      this.#endRun('programs');
      return true;
    }
    return false;
  }

  /** Registers and values that fs_port_option_program is called with. */
  #notePlan(): void {
    const [ids, values, count] = [0, 1, 2].map((i) => this.#core.registers[i]! >>> 0) as [
      number,
      number,
      number,
    ];
    const plan: string[] = [];
    for (let at = 0; at < 4 * Math.min(count, 32); at += 4)
      plan.push(`${this.#core.readUint32(ids + at)}=${this.#core.readUint32(values + at) >>> 0}`);
    this.planned = plan.join();
  }

  #note(): void {
    const [from, length] = [this.#core.registers[0]! >>> 0, this.#core.registers[1]! >>> 0];
    for (let i = 0; i < length && this.sent.length < 8192; i++)
      this.sent.push(this.#core.readUint8(from + i));
  }

  /** The next fork: a step of the library, or an execution of an address. */
  #await(): void {
    const fork = this.#plan?.forks[this.#fork];
    this.#stop = this.#library === undefined ? -1 : (fork?.step ?? -1);
    this.#due = this.#library === undefined ? fork?.glitches[0] : undefined;
  }

  #enterFork(step: number): void {
    const { step: expected } = this.#plan!.forks[this.#fork]!;
    // A fork left a peripheral, as the clocks, so that the unharmed run waits for it in vain.
    if (Math.abs(step - expected) > strayMost && this.#library === undefined) {
      this.#strayed = true;
      throw new ForksEnd();
    }
    this.#within = { before: this.#moments.take(), step, polls: this.#polls, next: 0 };
    this.#insideWhenForked = this.#inside;
    this.#nextRun();
  }

  /** The next glitch of this fork, or on to the next fork. */
  #nextRun(): void {
    const within = this.#within!;
    const plan = this.#plan!;
    const { glitches } = plan.forks[this.#fork]!;
    this.#polls = within.polls;
    this.#step = within.step;
    this.#inside = this.#insideWhenForked;
    this.bootedAt = undefined;
    const glitch = glitches[within.next++];
    if (glitch !== undefined) {
      this.sent = [];
      this.#step++;
      this.#left = Math.max(plan.instructionsMost - within.step, instructionsLeast);
      this.#apply(glitch);
      return;
    }
    this.#within = undefined;
    this.#left = Number.POSITIVE_INFINITY;
    this.#fork++;
    if (this.#fork === plan.forks.length) throw new ForksEnd();
    this.#await();
    // The step that was stopped at is taken now, unharmed.
    if (this.#library === undefined) this.#counts[((this.#core.PC & ~1) - this.#base) >> 1]!--;
    this.#skipLeft = 0;
  }

  #endRun(end: End): void {
    const within = this.#within!;
    const plan = this.#plan!;
    const glitch = plan.forks[this.#fork]!.glitches[within.next - 1]!;
    this.#skipLeft = 0;
    plan.ended(glitch, end);
    if (!this.#moments.goBack(within.before)) throw new ForksEnd();
    this.#nextRun();
  }

  /** Firmware that takes more instructions than these from here on hangs; none: it may take what it wants. */
  limit(instructions = Number.POSITIVE_INFINITY): void {
    this.#left = instructions;
  }

  /** From here on executions count, and the glitch is due, or the forks are. */
  arm(what?: Glitch | ForkPlan): void {
    this.#counts.fill(0);
    this.#counting = true;
    this.#plan = what !== undefined && 'forks' in what ? what : undefined;
    this.#glitch = what !== undefined && 'address' in what ? what : undefined;
    this.#library = this.#plan?.library;
    this.#calls = 0;
    this.#inside = undefined;
    this.#libraryEnded = false;
    this.#step = 0;
    this.#polls = 0;
    this.#fork = 0;
    this.#strayed = false;
    this.#await();
    this.#within = undefined;
    this.#skipLeft = 0;
    this.#skipped = 0;
    this.sent = [];
    this.bootedAt = undefined;
  }

  /** How many instructions were left out, or bits flipped, since arming. */
  disarm(): number {
    this.#counting = false;
    this.#glitch = undefined;
    this.#plan = undefined;
    this.#library = undefined;
    this.#within = undefined;
    this.#due = undefined;
    this.#stop = -1;
    this.#skipLeft = 0;
    return this.#skipped;
  }

  /** Instructions of the library call of the plan, once it was gone through; undefined when it was not. */
  get librarySteps(): number | undefined {
    return this.#libraryEnded ? this.#step : undefined;
  }

  /** Looks at the link since arming. */
  get polls(): number {
    return this.#polls;
  }

  /** Whether the run without a glitch was not as it was: the forks that are left have to begin anew. */
  get strayed(): boolean {
    return this.#strayed;
  }

  /** How many glitches of the plan's forks have begun: the last may be unfinished. */
  get begun(): { readonly fork: number; readonly glitches: number } {
    return { fork: this.#fork, glitches: this.#within?.next ?? 0 };
  }
}
