// The virtual chip: its parts put together, and its life: power, reset, choice of firmware, bytes in and out, hand-over.
// The rules are in the parts; what is here is who is alive when. Nothing that unwinds firmware leaves this file.

import type { Chip } from '@firmseal/chips';
import { type BootPins, bootSource } from './boot-source.ts';
import { assembleParts, type ChipParts } from './chip-parts.ts';
import { SimulatedClock } from './clock.ts';
import { createCpuPort } from './cpu-port.ts';
import { DebugPort } from './debug-port.ts';
import type { BankMapping, CpuPort, ExecutorFactory, FirmwareExecutor, InputPin } from './executor.ts';
import type { FlashMemory } from './flash-memory.ts';
import type { TimingModel } from './flash-timing.ts';
import { Judge } from './judge.ts';
import { MemoryAccess } from './memory-access.ts';
import type { OptionBytes } from './option-bytes.ts';
import type { PowerCut, PowerPlan, PowerSupply } from './power-supply.ts';
import { debugPortAnswers, type Master } from './protection.ts';
import type { SeededRandom } from './random.ts';
import { ChipReset, HandedOver, PowerLost, type ResetCause } from './signals.ts';
import { type ChipSnapshot, restoreParts, type SavedParts, saveParts } from './snapshot.ts';
import type { WorkingMemory } from './working-memory.ts';

export type ChipEvent =
  | {
      readonly kind: 'started';
      readonly cause: ResetCause;
      readonly from: 'flash' | 'ram' | 'rom-bootloader';
    }
  | { readonly kind: 'no-firmware'; readonly address: number }
  | { readonly kind: 'power-lost'; readonly operations: number; readonly cut: PowerCut | undefined }
  | { readonly kind: 'application-booted'; readonly address: number; readonly mapping: BankMapping }
  | { readonly kind: 'crashed'; readonly error: unknown };

export interface BootedApplication {
  /** Of the vector table, as the CPU sees it with the mapping in force. */
  readonly address: number;
  readonly mapping: BankMapping;
}

export interface VirtualChipOptions {
  readonly chip: Chip;
  /** Fixes unique id, random generator, torn operations and timing. */
  readonly seed: string;
  readonly clock?: SimulatedClock;
  readonly timing?: TimingModel;
  /** Asked in order at each start. */
  readonly executors?: readonly ExecutorFactory[];
  /** 12 bytes instead of the seeded ones: an attacker's copy of another chip's. */
  readonly uid?: Uint8Array;
  /** Bytes out on the link. May call `receive` again: what it gives is handled after the firmware returns. */
  readonly onLink?: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly onEvent?: (event: ChipEvent) => void;
}

/** What a snapshot holds of the chip itself. */
interface SavedChip extends ChipSnapshot {
  readonly owner: VirtualChip;
  readonly parts: SavedParts;
  readonly life: {
    readonly executor: FirmwareExecutor | undefined;
    readonly master: Master;
    readonly banksSwapped: boolean;
    readonly debuggerSeen: boolean;
    readonly debuggerAttached: boolean;
    readonly halted: boolean;
    readonly start: object;
    readonly bootedApplication: BootedApplication | undefined;
    readonly pins: ReadonlyMap<InputPin | keyof BootPins, boolean>;
  };
}

/** Resets in a row without waiting for the link, after which the firmware counts as crashed. */
const resetsInARowMax = 64;

export class VirtualChip {
  readonly chip: Chip;
  readonly clock: SimulatedClock;
  /** Counts operations and cuts power at planned ones. */
  readonly power: PowerPlan;
  readonly debug: DebugPort;
  /** For judges of tests only. */
  readonly judge: Judge;
  readonly uid: Uint8Array<ArrayBuffer>;

  onLink: (bytes: Uint8Array<ArrayBuffer>) => void;
  onEvent: (event: ChipEvent) => void;

  readonly #parts: ChipParts;
  readonly #supply: PowerSupply;
  readonly #executors: readonly ExecutorFactory[];
  readonly #flash: FlashMemory;
  readonly #ram: WorkingMemory;
  readonly #options: OptionBytes;
  readonly #memory: MemoryAccess;
  readonly #random: SeededRandom;
  readonly #pins = new Map<InputPin | keyof BootPins, boolean>();

  #executor: FirmwareExecutor | undefined;
  #master: Master = 'cpu-flash';
  #banksSwapped = false;
  #debuggerSeen = false;
  #halted = false;
  #running = false;
  #pendingReset: ResetCause | undefined;
  #inbox: Uint8Array<ArrayBuffer>[] = [];
  /** A new one at each start of firmware; ports of former ones are dead. */
  #start: object = {};
  #bootedApplication: BootedApplication | undefined;

  constructor(options: VirtualChipOptions) {
    this.chip = options.chip;
    this.clock = options.clock ?? new SimulatedClock();
    this.onLink = options.onLink ?? (() => {});
    this.onEvent = options.onEvent ?? (() => {});
    this.#executors = options.executors ?? [];
    const parts = assembleParts({
      ...{ chip: this.chip, seed: options.seed, clock: this.clock, timing: options.timing ?? 'typical' },
      uid: options.uid,
      debuggerSeen: () => this.#debuggerSeen,
      banksSwapped: () => this.#banksSwapped,
    });
    this.#parts = parts;
    const power = parts.power;
    power.interrupt = () => this.#throwPendingReset();
    this.power = power;
    this.#supply = power;
    this.uid = parts.memory.uid;
    this.#flash = parts.memory.flash;
    this.#ram = parts.memory.ram;
    this.#options = parts.memory.options;
    this.#random = parts.randomGenerator;
    this.#memory = new MemoryAccess(parts.memory, () => this.#master);
    this.debug = new DebugPort({
      memory: new MemoryAccess(parts.memory, () => 'debug'),
      powered: () => power.on,
      answers: () => debugPortAnswers(this.#options.level),
      onConnect: () => {
        this.#debuggerSeen = true;
      },
      halt: (halted) => {
        this.#halted = halted;
      },
      reset: () => this.#reset('debug'),
      powerLost: () => {
        if (!this.#running) this.#losePower();
      },
    });
    this.judge = new Judge(parts.memory, {
      save: () => this.#save(),
      restore: (snapshot, seed) => this.#restore(snapshot as SavedChip, seed),
    });
  }

  get powered(): boolean {
    return this.power.on;
  }

  /** Whether firmware that an executor plays is there and waits or runs. */
  get running(): boolean {
    return this.#executor !== undefined;
  }

  /** What the firmware handed over to since the last reset. */
  get bootedApplication(): BootedApplication | undefined {
    return this.#bootedApplication;
  }

  /** Boot pins count at the next reset; others when the firmware looks. Low until set. */
  setPin(name: InputPin | keyof BootPins, high: boolean): void {
    this.#pins.set(name, high);
  }

  powerOn(): void {
    if (this.power.on) return;
    this.#supply.switchOn();
    this.#enter(() => this.#boot('power-on'));
  }

  /** From outside, at any time; inside an operation (PowerSupply.onOperation) it happens before that operation. */
  powerOff(): void {
    if (!this.power.on) return;
    this.#supply.switchOff();
    if (!this.#running) this.#losePower();
  }

  /** The reset pin. RAM keeps its content. */
  reset(): void {
    this.#reset('pin');
  }

  /** Bytes in on the link. Lost when nobody is there to take them. */
  receive(bytes: Uint8Array): void {
    if (!this.power.on || this.#halted) return;
    if (this.#running || this.#executor !== undefined) this.#inbox.push(new Uint8Array(bytes));
    if (!this.#running) this.#enter(() => {});
  }

  #reset(cause: ResetCause): void {
    if (!this.power.on) return;
    if (this.#running) this.#pendingReset = cause;
    else this.#enter(() => this.#boot(cause));
  }

  #throwPendingReset(): void {
    const cause = this.#pendingReset;
    if (cause === undefined || !this.#running) return;
    this.#pendingReset = undefined;
    throw new ChipReset(cause);
  }

  /** Runs firmware until it waits for the link, through resets and loss of power. */
  #enter(first: () => void): void {
    let step: (() => void) | undefined = first;
    let resets = 0;
    this.#running = true;
    try {
      while (step !== undefined) {
        const current: () => void = step;
        step = undefined;
        try {
          current();
          this.#drainInbox();
          this.#gate();
        } catch (signal) {
          if (signal instanceof PowerLost) this.#losePower();
          else if (signal instanceof HandedOver) step = () => this.#startApplication();
          else if (signal instanceof ChipReset && ++resets <= resetsInARowMax) {
            const { resetCause } = signal;
            step = () => this.#boot(resetCause);
          } else this.#crash(signal);
        }
      }
    } finally {
      this.#running = false;
    }
  }

  #gate(): void {
    if (!this.power.on) throw new PowerLost();
    this.#throwPendingReset();
  }

  #drainInbox(): void {
    while (this.#inbox.length > 0 && !this.#halted) {
      const bytes = this.#inbox.shift()!;
      this.#executor?.receive(bytes);
      this.#gate();
    }
    this.#inbox = [];
  }

  #boot(cause: ResetCause): void {
    this.#stopFirmware();
    this.#bootedApplication = undefined;
    this.#pendingReset = undefined;
    this.#halted = false;
    this.#options.load();
    this.#flash.setParallelism(this.chip.write.parallelism);
    this.#banksSwapped = false;
    const pin = (name: keyof BootPins) => this.#pins.get(name) ?? false;
    const boot = bootSource({
      ...{ chip: this.chip, options: this.#options, flash: this.#flash },
      pins: { boot0: pin('boot0'), boot1: pin('boot1') },
    });
    this.#banksSwapped = boot.banksSwapped;
    this.#master = boot.from === 'flash' ? 'cpu-flash' : boot.from === 'ram' ? 'cpu-ram' : 'rom-bootloader';
    this.onEvent({ kind: 'started', cause, from: boot.from });
    this.#startFirmware(this.#createPort(cause, boot));
  }

  #startApplication(): void {
    const { address, mapping } = this.#bootedApplication!;
    this.#stopFirmware();
    this.#banksSwapped = mapping === 'swapped';
    this.onEvent({ kind: 'application-booted', address, mapping });
    const boot = { from: 'flash', address, banksSwapped: this.#banksSwapped } as const;
    this.#startFirmware(this.#createPort('software', boot));
  }

  #createPort(resetCause: ResetCause, boot: CpuPort['boot']): CpuPort {
    const start = this.#start;
    return createCpuPort({
      ...{ chip: this.chip, clock: this.clock, memory: this.#memory, flash: this.#flash, ram: this.#ram },
      ...{ random: this.#random, uid: this.uid, resetCause, boot },
      gate: () => {
        if (start !== this.#start) throw new Error('the firmware that holds this port was stopped');
        this.#gate();
      },
      pin: (name) => this.#pins.get(name) ?? false,
      send: (bytes) => this.onLink(bytes),
      handOver: (address, mapping) => {
        this.#bootedApplication = { address, mapping };
      },
    });
  }

  #startFirmware(cpu: CpuPort): void {
    const factory = this.#executors.find((one) => one.recognizes(cpu));
    if (factory === undefined) {
      this.onEvent({ kind: 'no-firmware', address: cpu.boot.address });
      return;
    }
    this.#executor = factory.create();
    this.#executor.start(cpu);
  }

  #stopFirmware(): void {
    const executor = this.#executor;
    this.#executor = undefined;
    this.#inbox = [];
    this.#start = {};
    executor?.stop?.();
  }

  #losePower(): void {
    this.#supply.switchOff();
    this.#stopFirmware();
    this.debug.disconnect();
    this.#ram.loseContent();
    this.#bootedApplication = undefined;
    this.#debuggerSeen = false;
    this.#halted = false;
    this.#pendingReset = undefined;
    const cut = this.power.fired.at(-1);
    const { operations } = this.power;
    const hit = cut !== undefined && cut.operation === operations ? cut : undefined;
    this.onEvent({ kind: 'power-lost', operations, cut: hit });
  }

  #save(): SavedChip {
    if (this.#running) throw new Error('firmware runs: a snapshot is taken between two calls');
    return {
      owner: this,
      operations: this.power.operations,
      parts: saveParts(this.#parts),
      life: {
        ...{ executor: this.#executor, master: this.#master, banksSwapped: this.#banksSwapped },
        ...{ debuggerSeen: this.#debuggerSeen, debuggerAttached: this.debug.attached, halted: this.#halted },
        ...{ start: this.#start, bootedApplication: this.#bootedApplication, pins: new Map(this.#pins) },
      },
    };
  }

  #restore({ owner, parts, life }: SavedChip, seed: string | undefined): void {
    if (owner !== this) throw new RangeError('the snapshot is of another chip');
    if (this.#running) throw new Error('firmware runs: a snapshot comes back between two calls');
    this.#executor = life.executor;
    this.#master = life.master;
    this.#banksSwapped = life.banksSwapped;
    this.#debuggerSeen = life.debuggerSeen;
    this.#halted = life.halted;
    this.#start = life.start;
    this.#bootedApplication = life.bootedApplication;
    this.#pendingReset = undefined;
    this.#inbox = [];
    this.#pins.clear();
    for (const [name, high] of life.pins) this.#pins.set(name, high);
    this.debug.attach(life.debuggerAttached);
    life.executor?.revive?.();
    restoreParts(this.#parts, parts, seed);
  }

  /** A fault of the firmware (or of its executor) is not hidden: it goes on to whoever fed the bytes. */
  #crash(error: unknown): never {
    this.#stopFirmware();
    this.onEvent({ kind: 'crashed', error });
    throw error instanceof ChipReset
      ? new Error(`the firmware reset itself ${resetsInARowMax} times in a row`)
      : error;
  }
}
