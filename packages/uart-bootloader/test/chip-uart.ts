// The UART of a virtual chip as a serial line in this process: bytes in and out, later and in order, no
// time of its own.

import { withOptionField } from '@firmseal/chips';
import type { SerialLine } from '@firmseal/link';
import {
  createVirtualChip,
  type ExecutorFactory,
  type RomBootloaderOptions,
  romBootloader,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';

/** A blank chip with BOOT0 high, where option bytes decide about that too. */
export function startInBootloader(
  id: string,
  options: { seed?: string; rom?: RomBootloaderOptions; programs?: readonly ExecutorFactory[] } = {},
): VirtualChip {
  const chip = createVirtualChip({
    chip: id,
    seed: options.seed ?? `bootloader ${id}`,
    executors: [romBootloader(options.rom ?? {}), ...(options.programs ?? [])],
  });
  const pinWhile = chip.chip.boot.boot0?.pinWhile;
  if (pinWhile !== undefined) {
    chip.powerOn();
    chip.debug.connect();
    const { field: name, value } = pinWhile;
    chip.debug.writeOptionBytes(withOptionField(chip.chip, chip.judge.optionsStored, { name, value }));
    chip.powerOff();
  }
  chip.setPin('boot0', true);
  chip.powerOn();
  return chip;
}

/**
 * Takes over the chip's UART. With `lineBaud` bytes take their time on the wire, by the chip's clock.
 * `setLine` tells the chip the rate of its host, which its bootloader measures.
 */
export function openChipUart(chip: VirtualChip, options: { lineBaud?: number } = {}): SerialLine {
  const door = new UartDoor(chip, options);
  let baud: number | undefined;
  let listener: { data(bytes: Uint8Array): void; closed(cause?: unknown): void } | undefined;
  const early: Uint8Array[] = [];
  let closed = false;
  door.onSend = (bytes) => {
    const copy = bytes.slice();
    queueMicrotask(() => {
      if (closed) return;
      if (listener === undefined) early.push(copy);
      else listener.data(copy);
    });
  };
  return {
    async write(bytes) {
      if (!closed) door.receive(bytes.slice(), baud);
    },
    listen(given) {
      listener = given;
      for (const bytes of early.splice(0)) given.data(bytes);
    },
    async close() {
      if (closed) return;
      closed = true;
      door.close();
      listener?.closed();
    },
    async setLine(settings) {
      baud = settings.baud;
    },
  };
}
