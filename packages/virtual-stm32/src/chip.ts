// The virtual chip: its parts put together, and its life: power, reset, choice of firmware, bytes in and out, hand-over.
// The rules are in the parts; what is here is who is alive when. Nothing that unwinds firmware leaves this file.

import type { Chip } from '@firmseal/chips';
import { type BootPins, type BootSource, bootSource, isFlashEmpty } from './boot-source.ts';
import type { BootedApplication, ChipEvent, VirtualChipOptions } from './chip-options.ts';
import { assembleParts, type ChipParts } from './chip-parts.ts';
import { SimulatedClock } from './clock.ts';
import { createCpuPort } from './cpu-port.ts';
import { DebugPort } from './debug-port.ts';
import type { CpuPort, ExecutorFactory, FirmwareExecutor, InputPin } from './executor.ts';
import type { FlashMemory } from './flash-memory.ts';
import { Judge } from './judge.ts';
import { type KeptState, keepParts, takeParts } from './kept-state.ts';
import type { LowMemory } from './low-memory.ts';
import { Machine } from './machine.ts';
import { MemoryAccess } from './memory-access.ts';
import type { OptionBytes } from './option-bytes.ts';
import type { PowerPlan, PowerSupply } from './power-supply.ts';
import { debugPortAnswers, type Master } from './protection.ts';
import type { SeededRandom } from './random.ts';
import { ChipReset, HandedOver, PowerLost, type ResetCause } from './signals.ts';
import { type ChipSnapshot, restoreParts, type SavedParts, saveParts } from './snapshot.ts';
import type { UsbFunction } from './usb-function.ts';
import type { WorkingMemory } from './working-memory.ts';

/** What a snapshot holds of the chip itself. */
interface SavedChip extends ChipSnapshot {
  readonly owner: VirtualChip;
  readonly parts: SavedParts;
  readonly life: {
    readonly executor: FirmwareExecutor | undefined;
    readonly master: Master;
    readonly banksSwapped: boolean;
    readonly lowMemory: LowMemory;
    readonly debuggerSeen: boolean;
    readonly debuggerAttached: boolean;
    readonly halted: boolean;
    readonly present: object;
    readonly bootedApplication: BootedApplication | undefined;
    readonly flashWasEmpty: boolean;
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
  /** Bits a second at which the host at the link sends and listens; undefined: every byte arrives. The ROM detects it. */
  hostBaud: number | undefined;

  readonly #parts: ChipParts;
  readonly #stopsAtCrash: boolean;
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
  #lowMemory: LowMemory = 'flash';
  #flashWasEmpty = false;
  #debuggerSeen = false;
  #halted = false;
  #running = false;
  #pendingReset: ResetCause | undefined;
  #inbox: Uint8Array<ArrayBuffer>[] = [];
  /** A new one at each start of firmware; ports of former ones are dead. */
  #present: object = {};
  #bootedApplication: BootedApplication | undefined;
  readonly #makeMachine: () => Machine;
  #machine: Machine | undefined;
  #boot: BootSource | undefined;
  #heldBack: CpuPort | undefined;

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
      lowMemory: () => this.#lowMemory,
      time: {
        nowUs: () => this.#machine?.processor.nowUs ?? this.clock.nowUs,
        waitUntilUs: (timeUs) => this.#waitUntilUs(timeUs),
      },
      regressed: () => this.#machine?.eraseBackupRegisters(),
    });
    if (options.kept !== undefined) takeParts(parts, this.clock, options.kept);
    this.#parts = parts;
    this.#stopsAtCrash = options.onCrash === 'stop';
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
    const debugMemory = new MemoryAccess(parts.memory, () => 'debug');
    this.#makeMachine = () =>
      new Machine({
        ...{ chip: this.chip, clock: this.clock, flash: this.#flash, options: this.#options },
        ...{ cpuMemory: this.#memory, debugMemory, banksSwapped: () => this.#banksSwapped },
        swapBanks: (swapped) => {
          this.#banksSwapped = swapped;
        },
        emptyCheck: {
          found: () => this.#flashWasEmpty,
          set: (empty) => {
            this.#flashWasEmpty = empty;
          },
        },
        lowMemory: {
          chosen: () => this.#lowMemory,
          choose: (memory) => {
            this.#lowMemory = memory;
          },
        },
        randomWord: () => this.#random.word(),
        send: (bytes) => this.onLink(bytes),
        agentRequest: () => this.#pins.get('agent-request'),
        gate: () => this.#gate(),
        enter: (run) => {
          if (!this.#running) this.#enter(run);
        },
        attempt: (action) => this.#attempt(action),
        debugAnswers: () => power.on && debugPortAnswers(this.#options.access),
        debuggerConnected: () => this.#debuggerConnected(),
        halted: (halted) => {
          this.#halted = halted;
        },
        letFirmwareGo: () => this.#letFirmwareGo(),
      });
    this.debug = new DebugPort({
      memory: debugMemory,
      powered: () => power.on,
      answers: () => debugPortAnswers(this.#options.access),
      onConnect: () => this.#debuggerConnected(),
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

  /** The chip as machine code and a debugger's probe see it. */
  get machine(): Machine {
    if (this.#machine === undefined) {
      this.#machine = this.#makeMachine();
      if (this.power.on && this.#boot !== undefined) this.#machine.reset('power-on', this.#boot);
    }
    return this.#machine;
  }

  /** Copies of what the chip keeps without power. */
  keep(): KeptState {
    return keepParts(this.#parts, this.clock);
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
    this.#enter(() => this.#start('power-on'));
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

  /** What the firmware shows on the USB connector; undefined while nothing is there. */
  get usb(): UsbFunction | undefined {
    return this.power.on && !this.#halted ? this.#executor?.usb : undefined;
  }

  /** Lets the firmware handle what came by USB; false when nobody is there. Not from within firmware. */
  withUsb(action: (usb: UsbFunction) => void): boolean {
    const { usb } = this;
    if (usb === undefined || this.#running) return false;
    this.#enter(() => action(usb));
    return true;
  }

  #reset(cause: ResetCause): void {
    if (!this.power.on) return;
    if (this.#running) this.#pendingReset = cause;
    else this.#enter(() => this.#start(cause));
  }

  #debuggerConnected(): void {
    if (!debugPortAnswers(this.#options.access)) return;
    this.#debuggerSeen = true;
    this.#machine?.forgetRules();
  }

  /** Something that a probe does: power may go on the way, and it may ask for a reset. */
  #attempt<T>(action: () => T): T | undefined {
    if (!this.power.on || !debugPortAnswers(this.#options.access)) return undefined;
    try {
      return action();
    } catch (signal) {
      if (signal instanceof ChipReset) this.#reset(signal.resetCause);
      else if (!(signal instanceof PowerLost)) throw signal;
      else if (!this.#running) this.#losePower();
      return undefined;
    }
  }

  /** Firmware that a debugger held back at reset starts; true when there is firmware that plays by itself. */
  #letFirmwareGo(): boolean {
    const cpu = this.#heldBack;
    this.#heldBack = undefined;
    if (cpu !== undefined && !this.#running) this.#enter(() => this.#startFirmware(cpu));
    return this.#executor !== undefined;
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
            step = () => this.#start(resetCause);
          } else this.#crash(signal);
        }
      }
    } finally {
      this.#running = false;
    }
  }

  #waitUntilUs(timeUs: number): void {
    const missing = timeUs - (this.#machine?.processor.nowUs ?? this.clock.nowUs);
    if (missing > 0) this.clock.advance(missing);
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

  #start(cause: ResetCause): void {
    this.#stopFirmware();
    this.#bootedApplication = undefined;
    this.#pendingReset = undefined;
    this.#halted = false;
    this.#flash.underWay.tear();
    this.#options.load();
    if (cause !== 'power-on') this.#ram.eraseAtReset((name) => this.#options.field(name));
    this.#flash.setParallelism(this.chip.write.parallelism);
    this.#banksSwapped = false;
    const pin = (name: keyof BootPins) => this.#pins.get(name) ?? false;
    if (cause === 'power-on' || cause === 'option-launch')
      this.#flashWasEmpty = isFlashEmpty({ chip: this.chip, flash: this.#flash });
    const boot = bootSource({
      ...{ chip: this.chip, options: this.#options, flash: this.#flash },
      pins: { boot0: pin('boot0'), boot1: pin('boot1') },
      flashWasEmpty: this.#flashWasEmpty,
    });
    this.#banksSwapped = boot.banksSwapped;
    this.#master = boot.from === 'flash' ? 'cpu-flash' : boot.from === 'ram' ? 'cpu-ram' : 'rom-bootloader';
    this.#lowMemory = boot.from === 'rom-bootloader' ? 'rom' : boot.from;
    this.#boot = boot;
    this.#machine?.reset(cause, boot);
    this.onEvent({ kind: 'started', cause, from: boot.from });
    const port = this.#createPort(cause, boot);
    if (this.#machine?.haltsAtReset) this.#heldBack = port;
    else this.#startFirmware(port);
  }

  #startApplication(): void {
    const { address, mapping } = this.#bootedApplication!;
    this.#stopFirmware();
    this.#banksSwapped = mapping === 'swapped';
    const from = this.#ram.rangeAt(address) === undefined ? 'flash' : 'ram';
    this.#master = from === 'flash' ? 'cpu-flash' : 'cpu-ram';
    this.#machine?.forgetRules();
    this.onEvent({ kind: 'application-booted', address, mapping });
    const boot = { from, address, banksSwapped: this.#banksSwapped } as const;
    this.#startFirmware(this.#createPort('software', boot));
  }

  #createPort(resetCause: ResetCause, boot: CpuPort['boot']): CpuPort {
    const present = this.#present;
    return createCpuPort({
      ...{ chip: this.chip, clock: this.clock, memory: this.#memory, flash: this.#flash, ram: this.#ram },
      ...{ random: this.#random, uid: this.uid, resetCause, boot },
      gate: () => {
        if (present !== this.#present) throw new Error('the firmware that holds this port was stopped');
        this.#gate();
      },
      pin: (name) => this.#pins.get(name) ?? false,
      send: (bytes) => this.onLink(bytes),
      hostBaud: () => this.hostBaud,
      machine: () => this.machine,
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
    this.#heldBack = undefined;
    this.#inbox = [];
    this.#present = {};
    executor?.stop?.();
  }

  #losePower(): void {
    this.#supply.switchOff();
    this.#flash.underWay.tear();
    this.#stopFirmware();
    this.debug.disconnect();
    this.#machine?.losePower();
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
    if (this.#machine !== undefined && this.power.on)
      throw new Error('a chip with a processor gives a snapshot while its power is off');
    const parts = saveParts(this.#parts);
    return {
      ...{ owner: this, operations: this.power.operations, parts },
      ...{ flash: parts.flash, optionsStored: parts.options.stored },
      life: {
        ...{ executor: this.#executor, master: this.#master, banksSwapped: this.#banksSwapped },
        lowMemory: this.#lowMemory,
        ...{ debuggerSeen: this.#debuggerSeen, debuggerAttached: this.debug.attached, halted: this.#halted },
        ...{ present: this.#present, bootedApplication: this.#bootedApplication, pins: new Map(this.#pins) },
        flashWasEmpty: this.#flashWasEmpty,
      },
    };
  }

  #restore({ owner, parts, life }: SavedChip, seed: string | undefined): void {
    if (owner !== this) throw new RangeError('the snapshot is of another chip');
    if (this.#running) throw new Error('firmware runs: a snapshot comes back between two calls');
    if (this.#machine !== undefined && parts.supply.on)
      throw new Error('the chip got a processor since the snapshot, which was taken with power on');
    this.#executor = life.executor;
    this.#master = life.master;
    this.#banksSwapped = life.banksSwapped;
    this.#lowMemory = life.lowMemory;
    this.#debuggerSeen = life.debuggerSeen;
    this.#halted = life.halted;
    this.#present = life.present;
    this.#bootedApplication = life.bootedApplication;
    this.#flashWasEmpty = life.flashWasEmpty;
    this.#pendingReset = undefined;
    this.#heldBack = undefined;
    this.#inbox = [];
    this.#pins.clear();
    for (const [name, high] of life.pins) this.#pins.set(name, high);
    this.debug.attach(life.debuggerAttached);
    life.executor?.revive?.();
    restoreParts(this.#parts, parts, seed);
    this.#machine?.losePower(); // nothing of the processor is left; the next power-on starts it anew
  }

  /** A fault of the firmware (or of its executor) is not hidden: it goes on to whoever fed the bytes. */
  #crash(signal: unknown): void {
    this.#stopFirmware();
    const error =
      signal instanceof ChipReset
        ? new Error(`the firmware reset itself ${resetsInARowMax} times in a row`)
        : signal;
    this.onEvent({ kind: 'crashed', error });
    if (!this.#stopsAtCrash) throw error;
  }
}
