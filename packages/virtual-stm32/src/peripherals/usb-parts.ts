// Puts the OTG core of a family together with what it hangs on (usb-clock.ts) and its host (usb-wire.ts).

import { CrystalTimer } from './crystal-timer.ts';
import type { GpioPort } from './gpio-port.ts';
import type { Peripheral } from './peripheral.ts';
import type { PowerControl } from './ready-flags.ts';
import type { ResetClockControl } from './reset-clock-control.ts';
import { ClockRecovery, type UsbPlace } from './usb-clock.ts';
import { UsbCore } from './usb-core.ts';
import { UsbWire } from './usb-wire.ts';

export interface UsbPartsOfChip {
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  readonly madeProgress: () => void;
  /** Lets the firmware run until it waits. */
  readonly runFirmware: () => void;
  readonly crystalHz: () => number | undefined;
  /** SYNCSRC of the second OTG, as this chip has it. */
  readonly usbFrameSource: () => number;
}

export interface UsbOnChip {
  readonly all: readonly Peripheral[];
  readonly wire: UsbWire;
}

const powerControl3 = 0x0c;
/** PA11 and PA12: D- and D+. */
const dataPins = [11, 12];

/** HSE as RTCPRE divides it, while it runs (RM0090 6.3.3). */
function rtcHz(rcc: (offset: number) => number, crystalHz: number | undefined): number | undefined {
  const divider = (rcc(0x08) >>> 16) & 31;
  const runs = crystalHz !== undefined && ((rcc(0x00) >>> 16) & 1) === 1;
  return runs && divider >= 2 ? crystalHz / divider : undefined;
}

export function createUsb(
  place: UsbPlace,
  { clock, power, port }: { clock: ResetClockControl; power: PowerControl; port: GpioPort },
  chip: UsbPartsOfChip,
): UsbOnChip {
  const rcc = (offset: number) => clock.readRegister(offset);
  const isOpen = ({ register, bit }: UsbPlace['gate']) => ((rcc(register) >>> bit) & 1) === 1;
  const { recovery, supplyBit } = place;
  const trimmer =
    recovery &&
    new ClockRecovery({
      addressStart: recovery.addressStart,
      isClocked: () => isOpen(recovery.gate),
      sendsFrames: () => wire.sendsFrames,
      frameSource: chip.usbFrameSource,
    });
  const core = new UsbCore({
    ...{ addressStart: place.addressStart, isFirst: place.isFirst, fifoWords: place.fifoWords },
    ...{ nowUs: chip.nowUs, waitUntilUs: chip.waitUntilUs },
    isClocked: () => isOpen(place.gate),
    clock: () => place.clock(rcc, () => trimmer?.isTrimmed ?? false, chip.crystalHz()),
    isWired: () =>
      (supplyBit === undefined || ((power.readRegister(powerControl3) >>> supplyBit) & 1) === 1) &&
      dataPins.every((pin) => port.functionOf(pin) === place.pinFunction),
    looked: () => wire.step(),
  });
  const wire: UsbWire = new UsbWire(core, {
    ...{ nowUs: chip.nowUs, waitUntilUs: chip.waitUntilUs, madeProgress: chip.madeProgress },
    run: chip.runFirmware,
  });
  const { crystalTimer } = place;
  const all: Peripheral[] = trimmer === undefined ? [core] : [core, trimmer];
  if (crystalTimer !== undefined)
    all.push(
      new CrystalTimer({
        ...{ addressStart: crystalTimer, nowUs: chip.nowUs, waitUntilUs: chip.waitUntilUs },
        // The buses of the timers run at half of the core's clock or less, and the timers at twice theirs.
        timerHz: () => 2 * clock.frequencies.usartHz,
        dividedHz: () => rtcHz(rcc, chip.crystalHz()),
      }),
    );
  return { all, wire };
}
