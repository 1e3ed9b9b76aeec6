// What the fuzzers of all doors share: chips that come and go, protected or not, counts, and the name of an
// input that fails. After each input: no crash of the chip, and at readout level 1 neither a byte of the
// flash outside nor a change inside, but for a regression, which erases all of it; and where the level fell
// the flash is erased. Every so often a clean session; a failure names seed and input, which bring it back.

import { equalBytes } from '@firmseal/bytes';
import { executeOnlyRanges, findChip, type ReadoutLevel, withOptionField } from '@firmseal/chips';
import {
  createVirtualChip,
  type ExecutorFactory,
  machineCode,
  romBootloader,
  SeededRandom,
  type VirtualChip,
} from '@firmseal/virtual-stm32';

export interface FuzzOptions {
  readonly chip: string;
  readonly seed: string;
  readonly inputs: number;
  /** Inputs between two clean sessions. */
  readonly sessionEvery?: number;
  /** Given the chip that took the last inputs, fresh from reset: a real client is run against it. */
  readonly afterwards?: (chip: VirtualChip) => Promise<void>;
  /** The bootloader under test; the package's own when absent. */
  readonly bootloader?: ExecutorFactory;
  /** False: the chip runs what its flash holds, as a debugger meets it, and not its bootloader. */
  readonly boot0High?: boolean;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly cleanSessions: number;
  /** Inputs given to a chip whose flash was protected. */
  readonly atLevel1: number;
  /** Protected flash that an input's regression erased, and nothing else. */
  readonly regressions: number;
  /**
   * Chips that an input shut, each replaced: for good (readout level 2, boot address), or by an execute-only
   * area, which the clients here do not lift.
   */
  readonly locked: number;
  /** Resets, starts of programs and losses of power that inputs brought about. */
  readonly departures: number;
}

const flashStart = 0x08000000;
const secretBytes = 64;
/** What chips in front of a debugger run between two waits: they begin in what inputs left. */
const budgetInstructions = 2_000;

class Target {
  readonly chip: VirtualChip;
  /** What stood in flash when it became protected. */
  #guarded: Uint8Array | undefined;
  /** A regression was carried out since the last check. */
  #regressed = false;
  /** How often a regression erased that. */
  regressions = 0;

  constructor(
    { chip, seed, bootloader, boot0High = true }: FuzzOptions,
    number: number,
    level: ReadoutLevel,
  ) {
    const secret = new SeededRandom(`${seed}/secret/${number}`).bytes(secretBytes);
    const firmware = bootloader ?? (boot0High ? romBootloader() : machineCode({ budgetInstructions }));
    this.chip = createVirtualChip({ chip, seed: `${seed}/${number}`, executors: [firmware] });
    const { field, level1 } = this.chip.chip.readoutProtection;
    const { boot0 } = findChip(chip).boot;
    this.chip.powerOn();
    this.chip.debug.connect();
    this.chip.debug.programFlash(flashStart, secret);
    const set = (name: string, value: number) => {
      const values = withOptionField(this.chip.chip, this.chip.judge.optionsStored, { name, value });
      this.chip.debug.writeOptionBytes(values);
    };
    if (boot0 !== undefined) set(boot0.pinWhile.field, boot0.pinWhile.value);
    if (level === 1) set(field, level1);
    this.chip.powerOff();
    this.chip.setPin('boot0', boot0High);
    this.chip.powerOn();
    this.#watchOperations();
    this.check([]);
  }

  get isProtected(): boolean {
    return this.chip.judge.readoutLevel > 0;
  }

  /** Throws when protected content got out or changed. */
  check(answer: Uint8Array | readonly number[]): void {
    const now = this.chip.judge.flash(flashStart, secretBytes);
    const guarded = this.#guarded;
    const regressed = this.#regressed;
    this.#regressed = false;
    this.#guarded = this.isProtected ? now : undefined;
    if (guarded === undefined) return;
    const isBlank = guarded.every((byte) => byte === 0xff);
    const hex = Buffer.from(answer).toString('hex');
    for (let at = 0; at + 8 <= secretBytes; at += 8) {
      const piece = guarded.subarray(at, at + 8);
      const saysNothing = piece.every((byte) => byte === piece[0]); // erased
      if (!saysNothing && hex.includes(Buffer.from(piece).toString('hex')))
        throw new Error('protected flash was read');
    }
    if (equalBytes(now, guarded)) {
      if (!this.isProtected && !isBlank) throw new Error('the protection fell and the flash stands');
    } else if (regressed && this.#isErased) this.regressions++;
    else throw new Error('protected flash was changed');
  }

  get #isErased(): boolean {
    return this.chip.judge.flash(flashStart, this.chip.chip.flash.sizeBytes).every((byte) => byte === 0xff);
  }

  /**
   * A regression erases everything and then programs the option bytes; a mass erase does the first alone.
   * What the option bytes hold afterwards does not tell: a reset in the middle leaves level 1.
   */
  #watchOperations(): void {
    let before: string | undefined;
    this.chip.power.onOperation = ({ kind }) => {
      if (kind === 'option-bytes' && before === 'mass-erase') this.#regressed = true;
      before = kind;
    };
  }
}

/** What both doors share: chips that come and go, counts, and the name of an input that fails. */
export class Run {
  readonly random: SeededRandom;
  readonly #options: FuzzOptions;
  readonly #sessionEvery: number;
  readonly #counts = { cleanSessions: 0, atLevel1: 0, regressions: 0, locked: 0, departures: 0 };
  #chips = 0;
  target: Target;

  /** Throws RangeError where there is nothing to send: a run of no inputs finds nothing. */
  constructor(options: FuzzOptions) {
    if (!Number.isInteger(options.inputs) || options.inputs < 1)
      throw new RangeError(`${options.inputs} inputs: a run sends one or more`);
    this.#options = options;
    this.#sessionEvery = options.sessionEvery ?? 100;
    this.random = new SeededRandom(`${options.seed}/${options.chip}`);
    this.target = this.#next();
  }

  /** Every second chip is protected from the start. */
  #next(): Target {
    const level = this.#chips % 2 === 0 ? 1 : 0;
    return new Target(this.#options, this.#chips++, level);
  }

  report(): FuzzReport {
    return { inputs: this.#options.inputs, ...this.#counts };
  }

  /**
   * Resets the chip, or switches it off and on where a debugger was; one that is shut for
   * good gives way to the next.
   */
  revive(): void {
    const { chip } = this.target;
    if (this.#options.boot0High !== false) {
      chip.reset();
      if (chip.usb !== undefined) return;
    } else {
      chip.powerOff();
      chip.powerOn();
      const { readoutLevel, optionsLoaded } = chip.judge;
      if (readoutLevel < 2 && executeOnlyRanges(chip.chip, optionsLoaded).length === 0) return;
    }
    this.#counts.locked++;
    this.target = this.#next();
  }

  departed(): void {
    this.#counts.departures++;
    this.revive();
  }

  /**
   * Runs `input` for every input, `session` on a level-0 chip fresh from reset every so
   * often, `afterwards` at the end.
   */
  async all(input: () => Promise<void> | void, session: (content: Uint8Array) => Promise<void> | void) {
    const { inputs } = this.#options;
    for (let i = 0; i < inputs; i++) {
      try {
        if (this.target.isProtected) this.#counts.atLevel1++;
        const { target } = this;
        const before = target.regressions;
        const pending = input();
        if (pending !== undefined) await pending;
        this.#counts.regressions += target.regressions - before;
        if (i + 1 === inputs) await this.#end();
        else if ((i + 1) % this.#sessionEvery === 0) await this.#cleanSession(session);
      } catch (cause) {
        const { chip, seed } = this.#options;
        throw new Error(`${chip}, seed ${seed}, input ${i}: ${(cause as Error).message}`, { cause });
      }
    }
  }

  async #end(): Promise<void> {
    this.revive();
    await this.#options.afterwards?.(this.target.chip);
  }

  async #cleanSession(session: (content: Uint8Array) => Promise<void> | void): Promise<void> {
    this.revive();
    if (!this.target.isProtected) {
      await session(this.random.bytes(512));
      this.#counts.cleanSessions++;
    }
    this.target = this.#next();
  }
}
