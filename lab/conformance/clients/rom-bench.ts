// A virtual chip in its ROM bootloader on a bench: BOOT0 high, with or without content and protection, and
// whatever door a test opens to it. Closing the bench closes its doors.

import type { Server } from 'node:net';
import { type FieldValue, type ReadoutLevel, withOptionField } from '@firmseal/chips';
import {
  type ChipEvent,
  ChipUsbPort,
  createVirtualChip,
  type DfuseQuirk,
  type ExecutorFactory,
  openPseudoTerminal,
  romBootloader,
  serveUsbip,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';

export const flashStart = 0x08000000;

/** Bytes that are not those of an erased flash, the same for the same seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

export interface BenchOptions {
  readonly level?: ReadoutLevel;
  /** At the start of flash before the bootloader runs. A multiple of 32 bytes. */
  readonly content?: Uint8Array;
  readonly quirks?: readonly DfuseQuirk[];
  /** What plays programs that the bootloader starts. */
  readonly programs?: readonly ExecutorFactory[];
}

export interface Bench {
  readonly chip: VirtualChip;
  readonly events: ChipEvent[];
}

function setField(chip: VirtualChip, { field, value }: FieldValue): void {
  const values = withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value });
  if (chip.debug.writeOptionBytes(values) !== 'ok') throw new Error(`${field} was not programmed`);
}

/** Where option bytes decide whether BOOT0 counts (G0, U5), they are set so that it does. */
export function romBench(
  id: string,
  { level = 0, content, quirks = [], programs = [] }: BenchOptions = {},
): Bench {
  const events: ChipEvent[] = [];
  const chip = createVirtualChip({
    chip: id,
    seed: `rom ${id}`,
    executors: [romBootloader({ quirks }), ...programs],
  });
  chip.powerOn();
  chip.debug.connect();
  if (content !== undefined && chip.debug.programFlash(flashStart, content) !== 'ok')
    throw new Error('the content was not programmed');
  const { boot, readoutProtection } = chip.chip;
  const { field, level1, level2 } = readoutProtection;
  if (boot.boot0 !== undefined) setField(chip, boot.boot0.pinWhile);
  if (level > 0) setField(chip, { field, value: level === 1 ? level1 : level2 });
  chip.powerOff();
  chip.onEvent = (event) => events.push(event);
  chip.setPin('boot0', true);
  chip.powerOn();
  return { chip, events };
}

/** Path of a pseudo-terminal that is the chip's UART. */
export async function openUart({ chip }: Bench): Promise<{ path: string; close: () => Promise<void> }> {
  const door = new UartDoor(chip);
  const terminal = await openPseudoTerminal(door);
  return {
    path: terminal.path,
    close: async () => {
      await terminal.close();
      door.close();
    },
  };
}

/** TCP port of a USB/IP server with the chip in port 1-1. */
export async function openUsb({ chip }: Bench): Promise<{ port: number; close: () => Promise<void> }> {
  const usb = new ChipUsbPort(chip);
  const server: Server = await serveUsbip(
    [
      {
        busId: '1-1',
        get device() {
          return usb.device;
        },
      },
    ],
    { port: 0 },
  );
  const { port } = server.address() as { port: number };
  return {
    port,
    close: () => {
      usb.close();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
