// Makes the peripherals of a chip from the set of its family, and what the machine needs of
// them beyond their registers.

import type { Chip } from '@firmseal/chips';
import { ChipReset, type ResetCause } from '../chip/signals.ts';
import { aliasesLowMemory } from '../silicon/low-memory.ts';
import { DebugIdentityRegisters } from './debug-identity.ts';
import { GpioPort } from './gpio-port.ts';
import { BackupRegisterBlock, type Peripheral } from './peripheral.ts';
import { peripheralSet } from './peripheral-sets.ts';
import { RandomNumberGenerator } from './random-number-generator.ts';
import { ReadyFlags } from './ready-flags.ts';
import { ResetClockControl } from './reset-clock-control.ts';
import { SerialLine } from './serial-line.ts';
import { type BankSwitch, type LowMemorySwitch, SystemConfiguration } from './system-configuration.ts';
import { Usart, usartLayouts } from './usart.ts';
import { IndependentWatchdog } from './watchdog.ts';

export interface PeripheralParts {
  readonly chip: Chip;
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  readonly send: (byte: number) => void;
  readonly foundNothing: () => void;
  readonly madeProgress: () => void;
  readonly randomWord: () => number;
  /** Whether the agent is called by the board's button; undefined while nothing drives its pin. */
  readonly agentRequest: () => boolean | undefined;
  readonly banks: BankSwitch;
  readonly lowMemory: LowMemorySwitch;
}

export interface Peripherals {
  readonly all: readonly Peripheral[];
  readonly clock: ResetClockControl;
  readonly watchdog: IndependentWatchdog;
  /** A regression of readout protection. */
  eraseBackupRegisters(): void;
  /** After a system reset. */
  reset(cause: ResetCause): void;
  /** Hands bytes to the USART that listens; false when none does, and they are lost. */
  deliver(bytes: Uint8Array): boolean;
  /** Throws the reset of the watchdog when its time is over. */
  biteWhenDue(): void;
}

const gpioStride = 0x400;
/** The button of ST's boards, which the agent's ports take: PC13. */
const agentPin = { port: 'C', bit: 1 << 13 } as const;

/**
 * The USARTs of the catalogue's link doors share the chip's link; RangeError for a family without a model.
 */
export function createPeripherals(parts: PeripheralParts): Peripherals {
  const { chip, nowUs } = parts;
  const set = peripheralSet(chip.flashController.kind);
  const linked = new Set(chip.linkDoors.map((door) => door.peripheral));
  const clock = new ResetClockControl(set.rcc);
  const usarts = set.usarts
    .filter(({ name }) => linked.has(name))
    .map(({ name, addressStart }) => {
      const line = new SerialLine(parts);
      const layout = usartLayouts[set.usartLayout];
      return {
        line,
        usart: new Usart({ name, addressStart, layout, line, clockHz: () => clock.frequencies.usartHz }),
      };
    });
  const watchdog = new IndependentWatchdog(set.iwdg, nowUs);
  const ports = [...set.gpioLetters].map(
    (letter, i) =>
      new GpioPort(letter, set.gpioStart + i * gpioStride, () => {
        const asked = parts.agentRequest();
        const driven = letter === agentPin.port && asked !== undefined ? agentPin.bit : 0;
        return { driven, high: asked === set.agentPinActiveHigh ? driven : 0 };
      }),
  );
  const backup = new BackupRegisterBlock(set.backupRegisters);
  const switchesBanks = set.bankMode && chip.flash.banks.length > 1;
  const all: Peripheral[] = [
    ...usarts.map(({ usart }) => usart),
    ...ports,
    clock,
    watchdog,
    new ReadyFlags(set.pwr),
    new SystemConfiguration(set.syscfg, {
      banks: switchesBanks ? parts.banks : undefined,
      lowMemory: aliasesLowMemory(chip) ? parts.lowMemory : undefined,
    }),
    backup,
    new DebugIdentityRegisters(chip.debug.dbgmcuAddress, chip.debug.idCode),
  ];
  if (set.rng !== undefined) all.push(new RandomNumberGenerator(set.rng, parts.randomWord));
  return {
    ...{ all, clock, watchdog },
    eraseBackupRegisters: () => backup.eraseBackupRegisters(),
    reset(cause) {
      clock.noteReset(cause);
      for (const { line } of usarts) line.clear();
    },
    deliver(bytes) {
      const listening = usarts.find(({ usart }) => usart.listening);
      listening?.line.deliver(bytes);
      return listening !== undefined;
    },
    biteWhenDue() {
      const { deadlineUs } = watchdog;
      if (deadlineUs !== undefined && nowUs() >= deadlineUs) throw new ChipReset('watchdog');
    },
  };
}
