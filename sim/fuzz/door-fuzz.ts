// Fuzzing of the ROM bootloaders through their doors. After each input: no crash of the chip, and at readout level 1
// neither a byte of the flash outside nor a change inside, unless readout unprotect erased it first. Every so often,
// after a reset, a clean session programs and verifies. A failure names seed and input, which bring it back.

import { findChip, type ReadoutLevel, withOptionField } from '@firmseal/chips';
import {
  ChipUsbPort,
  createVirtualChip,
  type ExecutorFactory,
  romBootloader,
  SeededRandom,
  UsbControl,
  UsbDetached,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { DfuHost, enumerate, exchange, programByUart } from './bootloader-session.ts';
import { controlInput, uartInput } from './door-inputs.ts';

export interface FuzzOptions {
  readonly chip: string;
  readonly seed: string;
  readonly inputs: number;
  /** Inputs between two clean sessions. */
  readonly sessionEvery?: number;
  /** The bootloader under test; the package's own when absent. */
  readonly bootloader?: ExecutorFactory;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly cleanSessions: number;
  /** Inputs given to a chip whose flash was protected. */
  readonly atLevel1: number;
  /** Protected flash that readout unprotect erased. */
  readonly regressions: number;
  /** Chips that an input kept from their bootloader for good (readout level 2, boot address), each replaced. */
  readonly locked: number;
  /** Resets, starts of programs and losses of power that inputs brought about. */
  readonly departures: number;
}

const flashStart = 0x08000000;
const downloadRequest = 1;
const getStatusRequest = 3;
const secretBytes = 64;

class Target {
  readonly chip: VirtualChip;
  /** What stood in flash when it became protected. */
  #guarded: Uint8Array | undefined;

  constructor({ chip, seed, bootloader }: FuzzOptions, number: number, level: ReadoutLevel) {
    const secret = new SeededRandom(`${seed}/secret/${number}`).bytes(secretBytes);
    this.chip = createVirtualChip({
      chip,
      seed: `${seed}/${number}`,
      executors: [bootloader ?? romBootloader()],
    });
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
    this.chip.setPin('boot0', true);
    this.chip.powerOn();
    this.check([]);
  }

  get isProtected(): boolean {
    return this.chip.judge.readoutLevel > 0;
  }

  /** Throws when protected content got out or changed. */
  check(answer: Uint8Array | readonly number[]): void {
    const now = this.chip.judge.flash(flashStart, secretBytes);
    const guarded = this.#guarded;
    this.#guarded = this.isProtected ? (guarded ?? now) : undefined;
    if (!this.isProtected || guarded === undefined) return;
    if (!now.every((byte, i) => byte === guarded[i])) throw new Error('protected flash was changed');
    const hex = Buffer.from(answer).toString('hex');
    for (let at = 0; at + 8 <= secretBytes; at += 8)
      if (hex.includes(Buffer.from(guarded.subarray(at, at + 8)).toString('hex')))
        throw new Error('protected flash was read');
  }
}

/** What both doors share: chips that come and go, counts, and the name of an input that fails. */
class Run {
  readonly random: SeededRandom;
  readonly #options: FuzzOptions;
  readonly #sessionEvery: number;
  readonly #counts = { cleanSessions: 0, atLevel1: 0, regressions: 0, locked: 0, departures: 0 };
  #chips = 0;
  target: Target;

  constructor(options: FuzzOptions) {
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

  /** Resets the chip; one that an input keeps from its bootloader for good gives way to the next. */
  revive(): void {
    this.target.chip.reset();
    if (this.target.chip.usb !== undefined) return;
    this.#counts.locked++;
    this.target = this.#next();
  }

  departed(): void {
    this.#counts.departures++;
    this.revive();
  }

  /** Runs `input` for every input, `session` on a level-0 chip fresh from reset every so often. */
  async all(input: () => Promise<void> | void, session: (content: Uint8Array) => Promise<void> | void) {
    for (let i = 0; i < this.#options.inputs; i++) {
      try {
        const before = this.target.isProtected;
        if (before) this.#counts.atLevel1++;
        const pending = input();
        if (pending !== undefined) await pending;
        if (before && !this.target.isProtected) this.#counts.regressions++;
        if ((i + 1) % this.#sessionEvery === 0) await this.#cleanSession(session);
      } catch (cause) {
        const { chip, seed } = this.#options;
        throw new Error(`${chip}, seed ${seed}, input ${i}: ${(cause as Error).message}`, { cause });
      }
    }
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

/** The UART door: bursts of bytes. A chip that left its bootloader is reset. */
export async function fuzzUart(options: FuzzOptions): Promise<FuzzReport> {
  const run = new Run(options);
  let synchronized: VirtualChip | undefined;
  await run.all(
    () => {
      if (!run.target.chip.running) run.departed();
      else if (synchronized !== run.target.chip || run.random.below(20) === 0) run.revive();
      const { target } = run;
      const { chip } = target;
      target.check(exchange(chip, Uint8Array.of(0x7f)));
      synchronized = chip;
      target.check(exchange(chip, uartInput(run.random)));
    },
    (content) => programByUart(run.target.chip, content),
  );
  return run.report();
}

/**
 * The USB door: control transfers on endpoint 0, now and then with what a host would do around them. A device that left the bus is enumerated
 * again.
 */
export async function fuzzDfu(options: FuzzOptions): Promise<FuzzReport> {
  const run = new Run(options);
  let port: ChipUsbPort | undefined;
  let current: { chip: VirtualChip; device: object; control: UsbControl } | undefined;
  const attach = async (): Promise<UsbControl> => {
    if (run.target.chip.usb === undefined) run.departed();
    const { chip } = run.target;
    if (current?.chip !== chip) {
      port?.close();
      port = new ChipUsbPort(chip);
    }
    const device = port!.device!;
    if (current?.device !== device) {
      current = { chip, device, control: new UsbControl(device) };
      await enumerate(current.control, device);
    }
    return current.control;
  };
  await run.all(
    async () => {
      const control = await attach();
      const host = new DfuHost(control);
      const { setup, data } = controlInput(run.random);
      const [recovers, polls] = [run.random.below(3) === 0, run.random.below(4) > 0];
      try {
        if (recovers) await host.toIdle();
        run.target.check((await control.handle(setup, data)) ?? []);
        if (polls && setup.request === downloadRequest) await host.request(getStatusRequest, 0, 6);
        run.target.check([]);
      } catch (error) {
        if (!(error instanceof UsbDetached)) throw error;
      }
    },
    async (content) => new DfuHost(await attach()).program(content),
  );
  port?.close();
  return run.report();
}
