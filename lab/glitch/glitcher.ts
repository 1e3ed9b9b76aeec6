// The attacker's hand on the processor. It wraps the core of the virtual chip, in the judge's process; the
// product has no hook for it. It counts the executions of the agent's own instructions (steps). At a chosen
// step it skips one or two instructions, or flips a bit of a register. Then it goes back: the state of the
// chip just before a step is a fork, from which every glitch of that step starts, instead of from a reset.

import type { VirtualChip } from '@firmseal/virtual-stm32';
import { anchorTargetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent, symbolsOf } from '../../device/agent/toolchain/thumb.ts';
import type { AgentCode } from './agent-code.ts';
import { type ChipState, ChipStates } from './chip-state.ts';
import { type End, type ForkPlan, ForksEnd, type Glitch, type LibraryCall, OutOfTime } from './glitch.ts';
import { hostCrypto, type Presented, RunningHashes } from './host-crypto.ts';
import { hostFunctions } from './host-functions.ts';

/** By so many steps a run may be longer or shorter, since it waits for hardware. */
const strayMost = 10_000;
const instructionsLeast = 50_000;
/** No instruction stands there. */
const nowhere = 0x7000_0000;

const marks = { own: 1, hostCrypto: 2, special: 4, hostFunction: 8 } as const;

export class Glitcher {
  /**
   * The application's code. A boot is the execution of one of its instructions; `bootedAt` is the first one.
   */
  application: { readonly start: number; readonly end: number } | undefined;
  bootedAt: number | undefined;
  /** Cryptography at the host's speed instead of the agent's machine code. */
  quick = true;
  /** Called before each step while counting. */
  trace: ((pc: number, step: number, occurrence: number) => void) | undefined;
  /** Called for each instruction of the attacked library call, until a glitch hits. */
  libraryTrace: ((pc: number, step: number) => void) | undefined;
  /** Bytes that the agent gave to the link in a forked run, or in a run with one glitch. */
  sent: number[] = [];
  /** Option bytes that a forked run was about to program, "register=value" each; the run ends there. */
  planned: string | undefined;
  /** Signatures that the agent had verified at the host's speed in this run. */
  readonly presented: Presented = new Map();
  readonly #core: VirtualChip['machine']['processor']['core'];
  readonly #states: ChipStates;
  readonly #hostCrypto: ReadonlyMap<number, () => void>;
  readonly #anchorCrypto: ReadonlyMap<number, () => void>;
  readonly #isAnchor: (address: number) => boolean;
  readonly #hostFunctions: ReadonlyMap<number, () => boolean>;
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
    | {
        readonly before: ChipState;
        readonly step: number;
        readonly polls: number;
        readonly presented: Presented;
        next: number;
      }
    | undefined;
  #library: LibraryCall | undefined;
  #calls = 0;
  #libraryEnded = false;
  /** Where the call of the library returns to, while it runs. */
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
    this.#states = new ChipStates(chip, ramBytes, hashes);
    this.#hostCrypto = hostCrypto(core, code, hashes, this.presented);
    const anchor = symbolsOf(buildAgent(anchorTargetOf(chip.chip.id)).elf);
    this.#anchorCrypto = hostCrypto(core, { ...code, symbols: anchor }, hashes);
    const { addressStart, length } = chip.chip.layout.anchor;
    this.#isAnchor = (address) => address >= addressStart && address < addressStart + length;
    this.#hostFunctions = hostFunctions(chip, code, hashes);
    /** The anchor programs no option bytes. */
    const at = (name: string) => (code.symbols.get(name)?.address ?? nowhere) & ~1;
    this.#special = {
      ...{ poll: at('fs_link_poll'), send: at('fs_port_link_send') },
      ...{ reset: at('fs_system_reset'), launch: at('fs_port_option_launch') },
      program: at('fs_port_option_program'),
    };
    for (const { start, end } of code.own)
      this.#marks.fill(marks.own, (start - base) >> 1, (end - base) >> 1);
    for (const address of this.#hostCrypto.keys()) this.#marks[(address - base) >> 1] = marks.hostCrypto;
    for (const address of this.#hostFunctions.keys())
      this.#marks[(address - base) >> 1]! |= marks.hostFunction;
    for (const address of Object.values(this.#special).filter((one) => one !== nowhere))
      this.#marks[(address - base) >> 1]! |= marks.special;
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
      if (mark === marks.hostCrypto) {
        if (!this.quick || this.#library?.family.includes(pc)) return this.#execute();
        this.#hostCrypto.get(pc)!();
        return 1;
      }
      if (this.#counting) return this.#own(pc, mark);
      if (mark & marks.hostFunction && this.quick && this.#hostFunctions.get(pc)!()) return 1;
    } else if (this.quick && this.#isAnchor(pc)) {
      const quick = this.#anchorCrypto.get(pc);
      if (quick !== undefined) {
        quick();
        return 1;
      }
    } else if (this.application && pc >= this.application.start && pc < this.application.end) {
      this.bootedAt ??= pc;
      if (this.#within !== undefined) {
        this.#endRun('booted');
        return 1;
      }
    }
    return this.#execute();
  }

  /** True when the instruction belongs to the attacked call of the library. */
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
      this.libraryTrace?.(pc, step);
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
      if (mark & marks.hostFunction && this.#hostFunctions.get(pc)!()) return 1;
      return this.#execute();
    }
    const count = ++this.#counts[(pc - this.#base) >> 1]!;
    this.trace?.(pc, step, count);
    // Loops that wait for hardware differ in length: a glitch is due at an execution, not at a step.
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
    if (pc === this.#special.send && (this.#within !== undefined || this.#plan === undefined)) this.#note();
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
    // A fork changed a peripheral, such as a clock, and the unharmed run waits for it in vain.
    if (Math.abs(step - expected) > strayMost && this.#library === undefined) {
      this.#strayed = true;
      throw new ForksEnd();
    }
    const presented = new Map(this.presented);
    this.#within = { before: this.#states.take(), step, polls: this.#polls, presented, next: 0 };
    this.#insideWhenForked = this.#inside;
    this.#nextRun();
  }

  /** Starts the next glitch of this fork, or goes on to the next fork. */
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
      this.presented.clear();
      for (const [signature, isRight] of within.presented) this.presented.set(signature, isRight);
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
    if (!this.#states.goBack(within.before)) throw new ForksEnd();
    this.#nextRun();
  }

  /**
   * From here on, firmware that takes more instructions than these hangs. Without a number there is no limit.
   */
  limit(instructions = Number.POSITIVE_INFINITY): void {
    this.#left = instructions;
  }

  /** Starts to count executions, with a glitch or forks that are due. */
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
    this.presented.clear();
    this.bootedAt = undefined;
  }

  /** How many instructions were skipped, or bits flipped, since arming. */
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

  /** Instructions of the attacked library call; undefined when it did not end. */
  get librarySteps(): number | undefined {
    return this.#libraryEnded ? this.#step : undefined;
  }

  /** Polls of the link since arming. */
  get polls(): number {
    return this.#polls;
  }

  /** Whether the unharmed run went another way than before: the forks that are left need a new run. */
  get strayed(): boolean {
    return this.#strayed;
  }

  /** How many glitches of the plan's forks have begun: the last may be unfinished. */
  get begun(): { readonly fork: number; readonly glitches: number } {
    return { fork: this.#fork, glitches: this.#within?.next ?? 0 };
  }
}
