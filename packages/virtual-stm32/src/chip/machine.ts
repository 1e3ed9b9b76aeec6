// The chip as machine code and a debugger see it: bus, peripherals, processor, debug port. All of
// it is made when first needed: a chip whose firmware is an executor may never need it. Its life
// (power, reset) is virtual-chip.ts.

import { SwDebugPort } from '../debug/debug-port-registers.ts';
import { createAccessPorts } from '../debug/machine-debug.ts';
import { createPeripherals, type Peripherals } from '../peripherals/create-peripherals.ts';
import { createFlashController } from '../peripherals/flash-controller.ts';
import { PeripheralMap } from '../peripherals/peripheral-map.ts';
import type { UsbWire } from '../peripherals/usb-wire.ts';
import { BreakpointUnit } from '../processor/breakpoint-unit.ts';
import { coreIdentities, identityRegisters } from '../processor/component-identity.ts';
import { CoreBus } from '../processor/core-bus.ts';
import { CoreDebug } from '../processor/core-debug.ts';
import { Processor, type Stop } from '../processor/processor.ts';
import { romTables } from '../processor/rom-table.ts';
import { type FlashStores, SystemBus } from '../processor/system-bus.ts';
import { SystemControlSpace } from '../processor/system-control.ts';
import { SystemTimer } from '../processor/system-timer.ts';
import type { BootSource } from '../silicon/boot-source.ts';
import type { MachineParts } from './machine-parts.ts';
import type { ResetCause } from './signals.ts';

/** Exception number of NMI (DDI 0419, B1.5.2). */
const nonMaskable = 2;

/** Instructions that run in one go when a debugger lets the core run: a host can look in between. */
const debuggedRun = 5_000_000;

export class Machine {
  readonly processor: Processor;
  /** What a probe's wires end in. */
  readonly debugPort: SwDebugPort;
  readonly #parts: MachineParts;
  readonly #coreBus: CoreBus;
  readonly #map: PeripheralMap;
  readonly #peripherals: Peripherals;
  readonly #coreDebug: CoreDebug;
  readonly #flashController: FlashStores;
  readonly #debugBus: SystemBus;
  #entry = 0;
  #active = false;
  #ownsFirmware = false;
  #budget = 0;
  #outgoing: number[] = [];
  #waitsSinceUs: number | undefined;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    const { chip, clock } = parts;
    const flashController = createFlashController(parts);
    this.#flashController = flashController;
    const coreHz = () => this.#peripherals.clock.frequencies.coreHz;
    const nowUs = () => this.processor.nowUs;
    const identities = coreIdentities(chip.core);
    const breakpoints = new BreakpointUnit({
      identity: identityRegisters(identities.breakpoints),
      ...(chip.core === 'cortex-m7' || chip.core === 'cortex-m33'
        ? { comparators: 8, version: 2 }
        : { comparators: chip.core === 'cortex-m0plus' ? 4 : 6, version: 1 }),
    });
    const raiseNmi = () => {
      if (this.processor.core.IPSR === nonMaskable) return; // it is being handled
      this.processor.core.pendingNMI = true;
      this.processor.core.interruptsUpdated = true;
    };
    const busOf = (memory: MachineParts['cpuMemory']) =>
      new SystemBus({ chip, memory, flashController, peripherals: this.#map, raiseNmi });
    const lookedEarly = (dueUs: number) => this.processor.noteTimerLook(dueUs);
    const timer = new SystemTimer({ nowUs, coreHz, lookedEarly });
    this.#peripherals = createPeripherals({
      ...{
        chip,
        nowUs,
        options: () => parts.options.loaded,
        send: (byte) => void this.#outgoing.push(byte),
        ...{ randomWord: parts.randomWord, millivolts: parts.millivolts },
        agentRequest: parts.agentRequest,
        ...{ drivenLevels: parts.drivenLevels, wire: parts.wire, hostBaud: parts.hostBaud, more: parts.more },
        ...{ crystalHz: parts.crystalHz, usbFrameSource: parts.usbFrameSource },
      },
      runFirmware: () => this.#runForUsb(),
      waitUntilUs: (timeUs) => this.processor.waitUntilUs(timeUs),
      foundNothing: () => this.processor.notePoll(),
      madeProgress: () => this.processor.noteProgress(),
      lowMemory: {
        chosen: parts.lowMemory.chosen,
        choose: (memory) => {
          parts.lowMemory.choose(memory);
          this.forgetRules();
        },
      },
      banks: {
        swapped: parts.banksSwapped,
        swap: (swapped) => {
          parts.swapBanks(swapped);
          this.forgetRules();
        },
      },
    });
    // The processor needs the bus, the bus its registers, and some of the registers the processor.
    let cpuBus: SystemBus | undefined;
    const lateBus = (): SystemBus => {
      cpuBus ??= busOf(parts.cpuMemory);
      return cpuBus;
    };
    this.#coreBus = new CoreBus(parts.cpuMemory, lateBus);
    this.processor = new Processor({
      ...{ bus: this.#coreBus, coreHz, nowUs: () => clock.nowUs, gate: () => this.#gate() },
      advanceUs: (us) => clock.advance(us),
      breakpoints: () => breakpoints.addresses,
      isArmv7m: chip.core !== 'cortex-m0plus',
    });
    this.#coreDebug = new CoreDebug(this.processor, {
      resume: () => this.#resume(),
      halted: () => parts.halted(true),
    });
    const debug = this.#coreDebug;
    this.processor.connect({
      nextTickUs: () => timer.nextTickUs,
      tick: () => {
        timer.noteTick();
        this.processor.core.pendingSystick = true;
        this.processor.core.interruptsUpdated = true;
      },
      debugging: () => debug.enabled,
      catchesHardFault: () => debug.catchesHardFault,
      onHalt: (reason) => debug.noteHalt(reason),
    });
    const control = new SystemControlSpace({
      ...{ cpuId: chip.debug.cpuId, identity: identityRegisters(identities.control) },
      ...{ processor: this.processor, timer, debug },
      vectorAlignmentBytes: chip.vectorTable.alignmentBytes,
    });
    const core = [control, breakpoints, ...romTables(chip)];
    this.#map = new PeripheralMap([...this.#peripherals.all, flashController, ...core]);
    this.#debugBus = busOf(parts.debugMemory);
    this.debugPort = new SwDebugPort(
      chip.debug.dpIdCode,
      createAccessPorts({
        ...{ chip, bus: this.#debugBus, attempt: parts.attempt },
        letRun: (instructions) => this.#letRun(instructions),
      }),
      { answers: parts.debugAnswers, poweredUp: parts.debuggerConnected },
    );
  }

  /**
   * The flash controller as it stands between two instructions, to put it back: for a judge that takes a
   * running chip back to a moment. Undefined while an operation of flash runs, which cannot be taken back.
   */
  keepFlashController(): (() => void) | undefined {
    return this.#parts.flash.underWay.idle ? this.#flashController.keep() : undefined;
  }

  /** As keepFlashController, for DMA. */
  keepTransfers(): () => void {
    return this.#peripherals.keepTransfers();
  }

  /** Makes the random generator, if there is one, report a seed error. */
  failGenerator(): void {
    this.#peripherals.generator?.fail();
  }

  /** A debugger asked for the core to be halted at the reset that is being done. */
  get haltsAtReset(): boolean {
    return this.#coreDebug.catchesReset;
  }

  /** System reset or power-on: everything as after a reset, the core before its first instruction. */
  reset(cause: ResetCause, boot: BootSource): void {
    this.#map.reset();
    this.#peripherals.reset(cause);
    this.forgetRules();
    this.end();
    this.#outgoing = [];
    this.#waitsSinceUs = undefined;
    this.processor.reset(boot.address);
    this.#entry = this.processor.core.PC;
    this.#coreDebug.noteReset();
    if (this.haltsAtReset) this.processor.halt('vector-catch');
  }

  losePower(): void {
    this.#map.losePower();
    this.end();
    this.debugPort.reset();
  }

  /** As a regression of readout protection leaves them. */
  eraseBackupRegisters(): void {
    this.#peripherals.eraseBackupRegisters();
  }

  /** Protection, mapping or master changed. */
  forgetRules(): void {
    this.#coreBus.forget();
  }

  /**
   * Runs from a vector table until the firmware waits for the link, or the instructions given are used up.
   */
  begin(vectorTable: number, budget: number): Stop {
    const { core } = this.processor;
    const fresh = core.cycles === 0 && core.VTOR === vectorTable;
    if (!fresh) this.processor.reset(vectorTable);
    this.forgetRules();
    this.#active = true;
    this.#ownsFirmware = true;
    this.#budget = budget;
    return this.run(budget);
  }

  /** The clock of the core as the registers make it. */
  get coreHz(): number {
    return this.#peripherals.clock.frequencies.coreHz;
  }

  /** The host at the USB connector; undefined for a chip whose USB has no model. */
  get usb(): UsbWire | undefined {
    return this.#peripherals.usb;
  }

  /** Something came by USB: firmware goes on, with the instructions that it was given at its start. */
  #runForUsb(): void {
    this.processor.wake();
    if (this.#ownsFirmware) this.run(this.#budget);
  }

  /** No more machine code until the next begin. */
  end(): void {
    this.#active = false;
    this.#ownsFirmware = false;
  }

  /** Goes on; with a debugger attached for a short while only. */
  run(budget: number): Stop {
    const now = this.#parts.clock.nowUs;
    if (this.#waitsSinceUs !== undefined) this.#peripherals.pauseWatchdog(now - this.#waitsSinceUs);
    try {
      return this.processor.run(this.#coreDebug.enabled ? Math.min(budget, debuggedRun) : budget);
    } finally {
      this.#waitsSinceUs = this.#parts.clock.nowUs;
      this.#flush();
    }
  }

  /** What a debugger reads as one word; undefined is a bus fault. */
  readDebugWord(address: number): number | undefined {
    return this.#debugBus.read(address, 4);
  }

  /** Hands what the firmware sent to the host. */
  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const bytes = Uint8Array.from(this.#outgoing);
    this.#outgoing = [];
    this.#parts.send(bytes);
  }

  /** Bytes from the host, for the USART that listens. */
  deliver(bytes: Uint8Array): void {
    if (this.#peripherals.deliver(bytes)) this.processor.wake();
  }

  #gate(): void {
    this.#flush();
    this.#peripherals.transfer();
    this.#parts.gate();
    this.#peripherals.biteWhenDue();
  }

  #resume(): void {
    const untouched = !this.#ownsFirmware && this.processor.core.PC === this.#entry;
    this.processor.resume();
    this.#parts.halted(false);
    if (untouched && this.#parts.letFirmwareGo()) return;
    this.#active = true;
    this.#letRun(debuggedRun);
  }

  /** A running core goes on while a debugger looks. */
  #letRun(instructions: number): void {
    if (this.#active && !this.processor.halted && !this.processor.lockedUp)
      this.#parts.enter(() => this.run(instructions));
  }

  /** The debugger has gone: what runs, runs on by itself until it waits. */
  runFree(budget: number): void {
    this.#coreDebug.losePower();
    this.#letRun(budget);
  }
}
