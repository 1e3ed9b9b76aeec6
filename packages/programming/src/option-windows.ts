// Option bytes as the memory that ROM bootloaders show: from bytes of a window to values of registers and
// back. Where which bits are is the catalogue's (romBootloader.optionMemory).

import type { Bytes } from '@firmseal/bytes';
import type { Chip, OptionMemoryPart, OptionMemoryWindow, OptionValues } from '@firmseal/chips';

/** The bits of the register that the part shows. */
const partMask = ({ lengthBytes, shift }: OptionMemoryPart): number =>
  ((2 ** (8 * lengthBytes) - 1) << shift) >>> 0;

/** Value of the bytes at the part, little-endian, in its place in the register. */
function partValue({ offset, lengthBytes, shift }: OptionMemoryPart, window: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < lengthBytes; i++) value += window[offset + i]! * 2 ** (8 * i);
  return (value << shift) >>> 0;
}

/**
 * Values of the registers that the windows show, each in the bits that are option bits. `read` gives the
 * bytes of a window.
 */
export async function readOptionWindows(
  chip: Chip,
  windows: readonly OptionMemoryWindow[],
  read: (window: OptionMemoryWindow) => Promise<Uint8Array>,
): Promise<Map<number, number>> {
  const values = new Map<number, number>();
  for (const window of windows) {
    const bytes = await read(window);
    // A register that the window shows twice (H7: in force, to be programmed): the first is the one in force.
    const seen = new Map<number, number>();
    for (const part of window.parts) {
      const mask = partMask(part);
      const known = seen.get(part.register) ?? 0;
      if ((known & mask) !== 0) continue;
      seen.set(part.register, (known | mask) >>> 0);
      const before = values.get(part.register) ?? 0;
      values.set(part.register, (before | partValue(part, bytes)) >>> 0);
    }
  }
  for (const [register, value] of values)
    values.set(register, (value & chip.options.registers[register]!.mask) >>> 0);
  return values;
}

export interface WindowChange {
  readonly window: OptionMemoryWindow;
  readonly address: number;
  readonly bytes: Bytes;
}

/**
 * What to write into a window so that the registers have the values: one run of bytes from the first part
 * that changes to the last, whole words; bits that are no option bits stay as they were read. Undefined
 * when the window shows none of the registers, or nothing changes.
 */
export function changeOfWindow(
  chip: Chip,
  { window, bytes, values }: { window: OptionMemoryWindow; bytes: Uint8Array; values: OptionValues },
): WindowChange | undefined {
  const after = bytes.slice();
  let [first, last] = [window.length, 0];
  for (const part of window.parts) {
    const wanted = values.get(part.register);
    if (wanted === undefined || !part.writable) continue;
    const optionBits = (chip.options.registers[part.register]!.mask & partMask(part)) >>> 0;
    const before = partValue(part, bytes);
    const value = ((before & ~optionBits) | (wanted & optionBits)) >>> 0;
    if (value === before) continue;
    const lengthBytes = (window.complemented ? 2 : 1) * part.lengthBytes;
    for (let i = 0; i < part.lengthBytes; i++) {
      const byte = (value >>> (part.shift + 8 * i)) & 0xff;
      after[part.offset + i] = byte;
      if (window.complemented) after[part.offset + part.lengthBytes + i] = ~byte;
    }
    first = Math.min(first, part.offset);
    last = Math.max(last, part.offset + lengthBytes);
  }
  if (first >= last) return undefined;
  const start = first - (first % 4);
  const end = Math.min(window.length, Math.ceil(last / 4) * 4);
  return { window, address: window.addressStart + start, bytes: after.slice(start, end) };
}

/** The windows in the order in which they are written: the one with the readout level last. */
export function windowsInOrder(chip: Chip): readonly OptionMemoryWindow[] {
  const windows = chip.romBootloader.optionMemory?.windows ?? [];
  const readout = chip.options.registers.find(({ fields }) =>
    fields.some(({ name }) => name === chip.readoutProtection.field),
  );
  const holdsReadout = (one: OptionMemoryWindow) =>
    one.parts.some(({ register }) => register === readout?.id);
  return [...windows.filter((one) => !holdsReadout(one)), ...windows.filter(holdsReadout)];
}
