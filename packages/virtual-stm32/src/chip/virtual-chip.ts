// The virtual chip: its parts put together, and its life: power, reset, choice of firmware, bytes in and out,
// hand-over. The rules are in the parts; this file says which of them live at which time. Nothing that
// unwinds firmware leaves this file and firmware-run.ts.

import type { Chip } from '@firmseal/chips';
import { DebugPort } from '../debug/debug-port.ts';
import type { UsbFunction } from '../doors/usb-function.ts';
import { createCpuPort, type HandOver } from '../firmware/cpu-port.ts';
import type { CpuPort, ExecutorFactory, InputPin } from '../firmware/executor.ts';
import { FirmwareRun } from '../firmware/firmware-run.ts';
import type { HostWire } from '../peripherals/usart-pins.ts';
import type { UsbWire } from '../peripherals/usb-wire.ts';
import type { BootPins, BootSource } from '../silicon/boot-source.ts';
import { SimulatedClock } from '../silicon/clock.ts';
import type { FlashMemory } from '../silicon/flash-memory.ts';
import { type KeptState, keepParts, takeParts } from '../silicon/kept-state.ts';
import { MemoryAccess } from '../silicon/memory-access.ts';
import type { OptionBytes } from '../silicon/option-bytes.ts';
import type { PowerPlan, PowerSupply } from '../silicon/power-supply.ts';
import { debugPortAnswers } from '../silicon/protection.ts';
import type { SeededRandom } from '../silicon/random.ts';
import type { WorkingMemory } from '../silicon/working-memory.ts';
import { chooseBoot, followHandOver } from './choose-boot.ts';
import { Judge } from './judge.ts';
import { ChipLife } from './life.ts';
import type { Machine } from './machine.ts';
import type { BootedApplication, ChipEvent, VirtualChipOptions } from './options.ts';
import { assembleParts, type ChipParts } from './parts.ts';
import { type SavedChip, saveChip } from './saved-chip.ts';
import { ChipReset, PowerLost, type ResetCause } from './signals.ts';
import { restoreParts } from './snapshot.ts';
import { createMachine } from './wired-machine.ts';

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
  /**
   * Bits a second at which the host at the link sends and listens; undefined: every byte
   * arrives. The ROM detects it.
   */
  hostBaud: number | undefined;
  /**
   * The pins that the host's wires end at; undefined: whatever USART listens hears
   * it. The ROM listens anyway.
   */
  wire: HostWire | undefined;
  /** Of the board's oscillator; undefined when the board has no oscillator, or it does not start. */
  crystalHz: number | undefined = 8_000_000;
  /**
   * H743: by which value of SYNCSRC its clock recovery means the frames of OTG2. Manuals disagree: 0 or 3.
   */
  usbFrameSource: 0 | 3 = 3;

  readonly #parts: ChipParts;
  readonly #stopsAtCrash: boolean;
  readonly #supply: PowerSupply;
  readonly #executors: readonly ExecutorFactory[];
  readonly #flash: FlashMemory;
  readonly #ram: WorkingMemory;
  readonly #options: OptionBytes;
  readonly #memory: MemoryAccess;
  readonly #random: SeededRandom;
  readonly #life = new ChipLife();
  readonly #run = new FirmwareRun({
    powered: () => this.#supply.bears,
    halted: () => this.#life.halted,
    deliver: (bytes) => this.#life.executor?.receive(bytes),
    start: (cause) => this.#start(cause),
    startApplication: () => this.#startApplication(),
    losePower: () => this.#losePower(),
    crashed: (error) => this.#crashed(error),
  });

  readonly #makeMachine: () => Machine;
  #machine: Machine | undefined;
  #boot: BootSource | undefined;
  #handedOver: HandOver | undefined;
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
      debuggerSeen: () => this.#life.debuggerSeen,
      banksSwapped: () => this.#life.banksSwapped,
      lowMemory: () => this.#life.lowMemory,
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
    power.interrupt = () => this.#run.throwPendingReset();
    this.power = power;
    this.#supply = power;
    this.uid = parts.memory.uid;
    this.#flash = parts.memory.flash;
    this.#ram = parts.memory.ram;
    this.#options = parts.memory.options;
    this.#random = parts.randomGenerator;
    this.#memory = new MemoryAccess(parts.memory, () => this.#life.master);
    const debugMemory = new MemoryAccess(parts.memory, () => 'debug');
    this.#makeMachine = () =>
      createMachine({
        ...{ chip: this.chip, clock: this.clock, parts, life: this.#life },
        access: { cpu: this.#memory, debug: debugMemory },
        actions: {
          send: (bytes) => this.onLink(bytes),
          more: () => this.#run.takeQueued(),
          wire: () => this.wire,
          hostBaud: () => this.hostBaud,
          ...{ crystalHz: () => this.crystalHz, usbFrameSource: () => this.usbFrameSource },
          gate: () => this.#run.gate(),
          enter: (run) => {
            if (!this.#run.active) this.#run.enter(run);
          },
          attempt: (action) => this.#attempt(action),
          debuggerConnected: () => this.#debuggerConnected(),
          letFirmwareGo: () => this.#letFirmwareGo(),
        },
      });
    this.debug = new DebugPort({
      memory: debugMemory,
      powered: () => power.on,
      answers: () => debugPortAnswers(this.#options.access),
      onConnect: () => this.#debuggerConnected(),
      halt: (halted) => {
        this.#life.halted = halted;
      },
      reset: () => this.#reset('debug'),
      giveLevelKey: (key) => this.#options.giveLevelKey(key),
      authentication: {
        discover: () => this.#options.discoverAuthentication(),
        storePassword: (password) => this.#options.storePassword(password),
        authenticate: (password) => this.#options.authenticate(password),
      },
      readWord: (address) => this.machine.readDebugWord(address),
      powerLost: () => {
        if (!this.#run.active) this.#losePower();
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
    return this.#life.executor !== undefined;
  }

  /** What the firmware handed over to since the last reset. */
  get bootedApplication(): BootedApplication | undefined {
    return this.#life.bootedApplication;
  }

  /** Boot pins count at the next reset; others when the firmware looks. Low until set. */
  setPin(name: InputPin | keyof BootPins, high: boolean): void {
    this.#life.pins.set(name, high);
  }

  /** Drives a pin (`PA0`) from outside; undefined leaves it open, so that its pull decides. */
  drivePin(pin: string, high: boolean | undefined): void {
    if (!/^P[A-K]([0-9]|1[0-5])$/.test(pin)) throw new RangeError(`${pin} is no pin`);
    if (high === undefined) this.#life.levels.delete(pin);
    else this.#life.levels.set(pin, high);
  }

  /** Nothing happens while the supply (`power.rail`) is below the brown-out level. */
  powerOn(): void {
    if (this.power.on || this.power.rail.isBrownOut) return;
    this.#supply.switchOn();
    this.#run.enter(() => this.#start('power-on'));
  }

  /**
   * From outside, at any time; inside an operation (PowerSupply.onOperation) it
   * happens before that operation.
   */
  powerOff(): void {
    if (!this.power.on) return;
    this.#supply.switchOff();
    if (!this.#run.active) this.#losePower();
  }

  /** The reset pin. RAM keeps its content. */
  reset(): void {
    this.#reset('pin');
  }

  /** Bytes in on the link. Lost when nobody is there to take them. */
  receive(bytes: Uint8Array): void {
    if (!this.power.on || this.#life.halted) return;
    if (this.#run.active || this.#life.executor !== undefined) this.#run.queue(bytes);
    if (!this.#run.active) this.#run.enter(() => {});
  }

  /** What the firmware shows on the USB connector; undefined while nothing is there. */
  get usb(): UsbFunction | undefined {
    return this.power.on && !this.#life.halted ? this.#life.executor?.usb : undefined;
  }

  /** Lets the firmware handle what came by USB; false when nobody is there. Not from within firmware. */
  withUsb(action: (usb: UsbFunction) => void): boolean {
    const { usb } = this;
    if (usb === undefined || this.#run.active) return false;
    this.#run.enter(() => action(usb));
    return true;
  }

  /** Does something to the wire of the USB connector, as a host or a hand at the cable does. */
  touchUsb(action: (wire: UsbWire) => void): void {
    const executor = this.#life.executor;
    if (!this.power.on || this.#life.halted || this.#run.active) return;
    this.#run.enter(() => executor?.touchUsb?.(action));
  }

  #reset(cause: ResetCause): void {
    if (!this.power.on) return;
    this.#run.reset(cause);
  }

  #debuggerConnected(): void {
    if (!debugPortAnswers(this.#options.access)) return;
    this.#life.debuggerSeen = true;
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
      else if (!this.#run.active) this.#losePower();
      return undefined;
    }
  }

  /** Firmware that a debugger held back at reset starts; true when there is firmware that plays by itself. */
  #letFirmwareGo(): boolean {
    const cpu = this.#heldBack;
    this.#heldBack = undefined;
    if (cpu !== undefined && !this.#run.active) this.#run.enter(() => this.#startFirmware(cpu));
    return this.#life.executor !== undefined;
  }

  #waitUntilUs(timeUs: number): void {
    const missing = timeUs - (this.#machine?.processor.nowUs ?? this.clock.nowUs);
    if (missing > 0) this.clock.advance(missing);
  }

  #start(cause: ResetCause): void {
    this.#stopFirmware();
    this.#life.bootedApplication = undefined;
    this.#run.dropReset();
    this.#life.halted = false;
    this.#flash.underWay.tear();
    this.#options.load();
    if (cause !== 'power-on') this.#ram.eraseAtReset((name) => this.#options.field(name));
    this.#flash.setParallelism(this.chip.write.parallelism);
    const boot = chooseBoot(this.#life, cause, {
      ...{ chip: this.chip, options: this.#options, flash: this.#flash },
    });
    this.#boot = boot;
    this.#machine?.reset(cause, boot);
    this.onEvent({ kind: 'started', cause, from: boot.from });
    const port = this.#createPort(cause, boot);
    if (this.#machine?.haltsAtReset) this.#heldBack = port;
    else this.#startFirmware(port);
  }

  #startApplication(): void {
    const { address, mapping, isAgent } = this.#handedOver!;
    this.#stopFirmware();
    const boot = followHandOver(this.#life, this.#handedOver!, this.#ram);
    this.#machine?.forgetRules();
    if (!isAgent) this.onEvent({ kind: 'application-booted', address, mapping });
    this.#startFirmware(this.#createPort('software', boot));
  }

  #createPort(resetCause: ResetCause, boot: CpuPort['boot']): CpuPort {
    const present = this.#life.present;
    return createCpuPort({
      ...{ chip: this.chip, clock: this.clock, memory: this.#memory, flash: this.#flash, ram: this.#ram },
      ...{ random: this.#random, uid: this.uid, resetCause, boot },
      levelKeySet: () => this.#options.levelKeys.isAnyLocked,
      gate: () => {
        if (present !== this.#life.present) throw new Error('the firmware that holds this port was stopped');
        this.#run.gate();
      },
      pin: (name) => this.#life.pins.get(name) ?? false,
      send: (bytes) => this.onLink(bytes),
      hostBaud: () => this.hostBaud,
      machine: () => this.machine,
      handOver: (to) => {
        this.#handedOver = to;
      },
    });
  }

  #startFirmware(cpu: CpuPort): void {
    const factory = this.#executors.find((one) => one.recognizes(cpu));
    if (factory === undefined) {
      this.onEvent({ kind: 'no-firmware', address: cpu.boot.address });
      return;
    }
    this.#life.executor = factory.create();
    this.#life.executor.start(cpu);
  }

  #stopFirmware(): void {
    const executor = this.#life.executor;
    this.#life.executor = undefined;
    this.#heldBack = undefined;
    this.#run.dropQueue();
    this.#life.present = {};
    executor?.stop?.();
  }

  #losePower(): void {
    this.#supply.switchOff();
    this.#flash.underWay.tear();
    this.#stopFirmware();
    this.debug.disconnect();
    this.#machine?.losePower();
    this.#options.levelKeys.losePower();
    this.#ram.loseContent();
    this.#life.losePower();
    this.#run.dropReset();
    const cut = this.power.fired.at(-1);
    const { operations } = this.power;
    const hit = cut !== undefined && cut.operation === operations ? cut : undefined;
    this.onEvent({ kind: 'power-lost', operations, cut: hit });
  }

  #save(): SavedChip {
    if (this.#run.active) throw new Error('firmware runs: a snapshot is taken between two calls');
    if (this.#machine !== undefined && this.power.on)
      throw new Error('a chip with a processor gives a snapshot while its power is off');
    return saveChip(this, this.#parts, this.#life);
  }

  #restore({ owner, parts, life, debuggerAttached }: SavedChip, seed: string | undefined): void {
    if (owner !== this) throw new RangeError('the snapshot is of another chip');
    if (this.#run.active) throw new Error('firmware runs: a snapshot comes back between two calls');
    if (this.#machine !== undefined && parts.supply.on)
      throw new Error('the chip got a processor since the snapshot, which was taken with power on');
    this.#life.restore(life);
    this.#run.dropReset();
    this.#heldBack = undefined;
    this.#run.dropQueue();
    this.debug.attach(debuggerAttached);
    life.executor?.revive?.();
    restoreParts(this.#parts, parts, seed);
    this.#machine?.losePower(); // nothing of the processor is left; the next power-on starts it again
  }

  /** A fault of the firmware (or of its executor) is not hidden: it goes on to whoever fed the bytes. */
  #crashed(error: unknown): void {
    this.#stopFirmware();
    this.onEvent({ kind: 'crashed', error });
    if (!this.#stopsAtCrash) throw error;
  }
}
