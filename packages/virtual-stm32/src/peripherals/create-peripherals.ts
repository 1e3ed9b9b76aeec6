// Makes the peripherals of a chip from the set of its family, and what the machine needs of
// them beyond their registers.

import {
  type Chip,
  independentWatchdogField,
  type OptionField,
  type OptionValues,
  optionField,
  windowWatchdogField,
} from '@firmseal/chips';
import { ChipReset, type ResetCause } from '../chip/signals.ts';
import { aliasesLowMemory } from '../silicon/low-memory.ts';
import { DebugIdentityRegisters } from './debug-identity.ts';
import { DmaStreams } from './dma-streams.ts';
import { type DrivenPins, GpioPort } from './gpio-port.ts';
import { BackupRegisterBlock, type Peripheral } from './peripheral.ts';
import { peripheralSet } from './peripheral-sets.ts';
import { RandomNumberGenerator } from './random-number-generator.ts';
import { PowerControl } from './ready-flags.ts';
import { ResetClockControl } from './reset-clock-control.ts';
import { SerialLine } from './serial-line.ts';
import { type BankSwitch, type LowMemorySwitch, SystemConfiguration } from './system-configuration.ts';
import { Usart, usartLayouts } from './usart.ts';
import { type HostWire, leadsTo } from './usart-pins.ts';
import { createUsb, type UsbPartsOfChip } from './usb-parts.ts';
import type { UsbWire } from './usb-wire.ts';
import { IndependentWatchdog, WindowWatchdog } from './watchdog.ts';

export interface PeripheralParts extends UsbPartsOfChip {
  readonly chip: Chip;
  /** The supply. */
  readonly millivolts: () => number;
  /** Option bytes in force. */
  readonly options: () => OptionValues;
  readonly send: (byte: number) => void;
  readonly foundNothing: () => void;
  readonly randomWord: () => number;
  /** Whether the agent is called by the board's button; undefined while nothing drives its pin. */
  readonly agentRequest: () => boolean | undefined;
  /** Levels that are driven from outside, by pin (`PC13`). */
  readonly drivenLevels: () => ReadonlyMap<string, boolean>;
  /** The pins that the host is wired to; undefined: whatever USART listens hears it. */
  readonly wire: () => HostWire | undefined;
  readonly hostBaud: () => number | undefined;
  /** Bytes that the host sent while the firmware ran. */
  readonly more: () => Uint8Array | undefined;
  readonly banks: BankSwitch;
  readonly lowMemory: LowMemorySwitch;
}

export interface Peripherals {
  readonly all: readonly Peripheral[];
  readonly clock: ResetClockControl;
  readonly generator: RandomNumberGenerator | undefined;
  /** The host of the USB connector; undefined for a family whose USB has no model. */
  readonly usb: UsbWire | undefined;
  /** Time that passes while the chip waits for a host. */
  pauseWatchdog(us: number): void;
  /** A regression of readout protection. */
  eraseBackupRegisters(): void;
  /** After a system reset. */
  reset(cause: ResetCause): void;
  /** Hands bytes to the USART that listens; false when no USART listens, and the bytes are lost. */
  deliver(bytes: Uint8Array): boolean;
  /** DMA moves what came by now. */
  transfer(): void;
  /** Gives what puts the DMA controllers back as they are now. */
  keepTransfers(): () => void;
  /** Throws the reset of a watchdog whose time is over. */
  biteWhenDue(): void;
}

const gpioStride = 0x400;
/** RCC_AHB1ENR of the F4 parts, which gates their DMA controllers (RM0090 6.3.10). */
const ahb1Enable = 0x30;
/** The button of ST's boards, which the agent's ports take: PC13. */
const agentPin = { port: 'C', bit: 1 << 13 } as const;

/** What is driven from outside at the pins of a port: the button, and levels that were set pin by pin. */
function drivenPins(parts: PeripheralParts, letter: string, buttonActiveHigh: boolean): DrivenPins {
  const asked = parts.agentRequest();
  let driven = letter === agentPin.port && asked !== undefined ? agentPin.bit : 0;
  let high = asked === buttonActiveHigh ? driven : 0;
  for (const [pin, level] of parts.drivenLevels()) {
    if (pin[1] !== letter) continue;
    const bit = 1 << Number(pin.slice(2));
    driven |= bit;
    high = level ? high | bit : high & ~bit;
  }
  return { driven, high };
}

/** The USARTs share the chip's link; RangeError for a family without a model. */
export function createPeripherals(parts: PeripheralParts): Peripherals {
  const { chip, nowUs } = parts;
  const { kind } = chip.flashController;
  const set = peripheralSet(chip);
  const clock = new ResetClockControl(set.rcc, parts.crystalHz);
  const ports = [...set.gpioLetters].map(
    (letter, i) =>
      new GpioPort(letter, set.gpioStart + i * gpioStride, () =>
        drivenPins(parts, letter, set.agentPinActiveHigh),
      ),
  );
  /** Whether the host is wired to that USART, in this direction. */
  const isWired = (usart: string, direction: 'tx' | 'rx'): boolean => {
    const wire = parts.wire();
    if (wire === undefined) return true;
    const pin = direction === 'tx' ? wire.fromChip : wire.toChip;
    const port = ports[set.gpioLetters.indexOf(pin[1]!)];
    return leadsTo(kind, { usart, direction, pin }, port?.functionOf(Number(pin.slice(2))));
  };
  const usarts = set.usarts.map(({ name, addressStart, onApb2 }) => {
    const line = new SerialLine({
      ...parts,
      more: () => (isWired(name, 'rx') ? parts.more() : undefined),
      send: (byte) => {
        if (isWired(name, 'tx')) parts.send(byte);
      },
    });
    const layout = usartLayouts[set.usartLayout];
    const clockHz = () => (onApb2 ? clock.frequencies.usartHz : clock.frequencies.apb1Hz);
    const usart = new Usart({ name, addressStart, layout, line, clockHz, hostBaud: parts.hostBaud });
    return { name, line, usart };
  });
  const controllers = (set.dma ?? []).map(
    ({ clockBit, ...place }) =>
      new DmaStreams(place, {
        usarts: new Map(usarts.map(({ name, usart }) => [name, usart])),
        isClocked: () => ((clock.readRegister(ahb1Enable) >>> clockBit) & 1) === 1,
        foundNothing: parts.foundNothing,
        waitUntilUs: parts.waitUntilUs,
      }),
  );
  const startsByItself = (field: OptionField | undefined) => () =>
    field !== undefined && optionField(chip, parts.options(), field.name) === 0;
  const watchdog = new IndependentWatchdog(set.iwdg, {
    nowUs,
    startsByItself: startsByItself(independentWatchdogField(chip)),
  });
  const windowWatchdog = new WindowWatchdog(set.wwdg, {
    nowUs,
    clockHz: () => clock.frequencies.apb1Hz,
    startsByItself: startsByItself(windowWatchdogField(chip)),
  });
  const backup = new BackupRegisterBlock(set.backupRegisters);
  const power = new PowerControl(set.pwr, chip.supply.monitor, parts.millivolts);
  const usb = set.usb && createUsb(set.usb, { clock, power, port: ports[0]! }, parts);
  const switchesBanks = set.bankMode && chip.flash.banks.length > 1;
  const all: Peripheral[] = [
    ...usarts.map(({ usart }) => usart),
    ...controllers,
    ...ports,
    clock,
    ...[watchdog, windowWatchdog],
    power,
    ...(usb?.all ?? []),
    new SystemConfiguration(set.syscfg, {
      banks: switchesBanks ? parts.banks : undefined,
      lowMemory: aliasesLowMemory(chip) ? parts.lowMemory : undefined,
    }),
    backup,
    new DebugIdentityRegisters(chip.debug.dbgmcuAddress, chip.debug.idCode),
  ];
  const generator =
    set.rng === undefined
      ? undefined
      : new RandomNumberGenerator(set.rng, parts.randomWord, kind === 'u5' || kind === 'h5');
  if (generator !== undefined) all.push(generator);
  return {
    ...{ all, clock, generator, usb: usb?.wire },
    pauseWatchdog: (us) => watchdog.pause(us),
    eraseBackupRegisters: () => backup.eraseBackupRegisters(),
    reset(cause) {
      clock.noteReset(cause);
      for (const { line } of usarts) line.clear();
      usb?.wire.forget();
    },
    deliver(bytes) {
      const listening = usarts.find(({ name, usart }) => usart.listening && isWired(name, 'rx'));
      listening?.line.deliver(bytes);
      return listening !== undefined;
    },
    transfer() {
      for (const one of controllers) one.transfer();
    },
    keepTransfers() {
      const putBack = controllers.map((one) => one.keep());
      return () => {
        for (const one of putBack) one();
      };
    },
    biteWhenDue() {
      const { deadlineUs } = watchdog;
      if (deadlineUs !== undefined && nowUs() >= deadlineUs) throw new ChipReset('watchdog');
      if (windowWatchdog.bites()) throw new ChipReset('watchdog');
    },
  };
}
