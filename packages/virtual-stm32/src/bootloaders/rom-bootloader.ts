// The ROM bootloader as the firmware that a chip starts when it boots into system memory: the UART and
// the USB side over one RomMemory. The first interface on which a host shows itself is the one in use
// until the next reset (AN2606 section 4.1): after the synchronisation byte USB goes away, after an
// enumeration UART bytes are lost.

import type { UsbFunction } from '../doors/usb-function.ts';
import type { CpuPort, ExecutorFactory, FirmwareExecutor } from '../firmware/executor.ts';
import { BaudDetection } from './baud-detection.ts';
import { DfuseBootloader } from './dfuse-bootloader.ts';
import { dfuseDescriptors, layoutStart } from './dfuse-descriptors.ts';
import type { DfuseQuirk } from './dfuse-quirks.ts';
import { type RomFacts, romFactsOf } from './rom-facts.ts';
import { RomMemory } from './rom-memory.ts';
import { type SpecialCommands, specialCodes } from './special-commands.ts';
import { UartBootloader } from './uart-bootloader.ts';

export interface RomBootloaderOptions {
  /** Faults of silicon that the USB side shows. */
  readonly quirks?: readonly DfuseQuirk[];
  /**
   * What the UART's special commands (0x50, 0x51) do. No part of the catalogue has them, so without this they
   * are refused as on those parts; with it Get lists them.
   */
  readonly special?: SpecialCommands;
}

class RomExecutor implements FirmwareExecutor {
  readonly #quirks: ReadonlySet<DfuseQuirk>;
  readonly #special: SpecialCommands | undefined;
  readonly #baud = new BaudDetection();
  #cpu: CpuPort | undefined;
  #selected: 'uart' | 'usb' | undefined;
  #uart: UartBootloader | undefined;
  #usb: UsbFunction | undefined;

  constructor({ quirks = [], special }: RomBootloaderOptions) {
    this.#quirks = new Set(quirks);
    this.#special = special;
  }

  get usb(): UsbFunction | undefined {
    return this.#selected === 'uart' ? undefined : this.#usb;
  }

  start(cpu: CpuPort): void {
    const { uart } = cpu.chip.romBootloader;
    this.#cpu = cpu;
    const facts = romFactsOf(cpu.chip)!;
    const target = new RomMemory(cpu, facts);
    if (uart !== undefined)
      this.#uart = new UartBootloader(target, {
        version: uart.protocolVersion,
        commands: this.#special === undefined ? uart.commands : [...uart.commands, ...specialCodes],
        ...(this.#special === undefined ? {} : { special: this.#special }),
        send: (bytes) => {
          if (this.#baud.reaches(cpu.hostBaud)) cpu.send(bytes);
        },
        onSelected: () => {
          this.#selected = 'uart';
        },
      });
    this.#usb = this.#createUsb(cpu, target, facts);
  }

  #createUsb(cpu: CpuPort, target: RomMemory, facts: RomFacts): UsbFunction | undefined {
    const { dfu } = cpu.chip.romBootloader;
    if (dfu === undefined) return undefined;
    const quirks = this.#quirks;
    const engine = new DfuseBootloader(target, {
      transferSizeBytes: dfu.transferSizeBytes,
      addressStarts: dfu.alternates.map(layoutStart),
      quirks,
    });
    return {
      ...dfuseDescriptors({ chip: cpu.chip, dfu, facts, uid: cpu.uid, quirks }),
      configured: () => {
        this.#selected = 'usb';
        engine.selectAlternate(0);
      },
      selectAlternate: (_, alternate) => engine.selectAlternate(alternate),
      control: (setup, data, answer) => engine.control(setup, data, answer),
    };
  }

  receive(bytes: Uint8Array): void {
    if (this.#selected === 'usb') return;
    const arrived = this.#baud.heard(bytes, this.#cpu!.hostBaud);
    if (arrived.length > 0) this.#uart?.receive(arrived);
  }
}

/** Plays ST's bootloader whenever the chip boots into system memory. */
export function romBootloader(options: RomBootloaderOptions = {}): ExecutorFactory {
  return {
    recognizes: (cpu) => cpu.boot.from === 'rom-bootloader' && romFactsOf(cpu.chip) !== undefined,
    create: () => new RomExecutor(options),
  };
}
