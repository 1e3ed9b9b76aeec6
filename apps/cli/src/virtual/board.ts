// A virtual chip on its board: the chip, what plays its firmware, the level of its boot pin, and who is told
// what happens. Doors to the outside are doors.ts.

import { nodeCrypto } from '@firmseal/crypto-node';
import {
  type ChipEvent,
  createVirtualChip,
  type DfuseQuirk,
  type ExecutorFactory,
  type HostWire,
  type KeptState,
  machineCode,
  romBootloader,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';

/**
 * Instructions from one wait for the link to the next: about a second of this machine,
 * which serves other chips too.
 */
const budgetInstructions = 50_000_000;

export interface BoardOptions {
  readonly chip: string;
  /** From 1. */
  readonly number: number;
  readonly seed: string;
  readonly kept?: KeptState | undefined;
  readonly boot0High?: boolean;
  /** The pins that the host's wires end at; undefined: any UART hears it. */
  readonly wire?: HostWire | undefined;
  /** Faults of silicon that the DfuSe bootloader shows. */
  readonly quirks?: readonly DfuseQuirk[];
}

export interface BoardWatcher {
  /** After the chip's own state changed. */
  readonly event: (board: Board, event: ChipEvent) => void;
  /** Flash, option bytes or OTP are about to change. */
  readonly operation: (board: Board) => void;
}

export class Board {
  readonly number: number;
  readonly chip: VirtualChip;
  #runs = 'nothing';
  #boot0High: boolean;

  constructor(options: BoardOptions, watcher: BoardWatcher) {
    this.number = options.number;
    this.#boot0High = options.boot0High ?? false;
    this.chip = createVirtualChip({
      ...{ chip: options.chip, seed: options.seed, onCrash: 'stop' },
      executors: [
        this.#played('agent', wasmAgent(nodeCrypto)),
        this.#played('ROM bootloader', romBootloader({ quirks: options.quirks ?? [] })),
        this.#played('machine code', machineCode({ budgetInstructions })),
      ],
      ...(options.kept === undefined ? {} : { kept: options.kept }),
      onEvent: (event) => {
        this.#note(event);
        watcher.event(this, event);
      },
    });
    this.chip.setPin('boot0', this.#boot0High);
    this.chip.wire = options.wire;
    this.chip.power.onOperation = () => watcher.operation(this);
  }

  /** What plays the chip's firmware now, in words. */
  get runs(): string {
    return this.chip.running ? this.#runs : 'nothing';
  }

  get boot0High(): boolean {
    return this.#boot0High;
  }

  /** Counts at the next reset. */
  setBoot0(high: boolean): void {
    this.#boot0High = high;
    this.chip.setPin('boot0', high);
  }

  #played(name: string, factory: ExecutorFactory): ExecutorFactory {
    return {
      recognizes: (cpu) => factory.recognizes(cpu),
      create: () => {
        this.#runs = name;
        return factory.create();
      },
    };
  }

  #note(event: ChipEvent): void {
    if (event.kind === 'crashed' || event.kind === 'no-firmware') this.#runs = 'nothing';
  }
}
