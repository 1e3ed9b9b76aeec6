// Opens the way to a chip for one command and lets go of the chip afterwards, whatever happened; and
// tells what plain programming does while it runs.

import { toHex } from '@firmseal/bytes';
import { findChip, hexAddress } from '@firmseal/chips';
import type { ChipProgrammer, FlashEvent, FlashStage, OnFlashEvent } from '@firmseal/programming';
import type { Face } from '../face.ts';
import { howMany } from '../how-many.ts';
import { openProgrammer } from '../programmer-place.ts';

/** Throws the faults of the place and of the way. */
export async function withProgrammer<T>(
  { via, chip }: { via: string; chip: string },
  use: (programmer: ChipProgrammer) => Promise<T>,
): Promise<T> {
  const programmer = await openProgrammer(via, findChip(chip));
  try {
    return await use(programmer);
  } finally {
    await programmer.close().catch(() => undefined);
  }
}

const done: Readonly<Record<FlashStage, (total: number) => string>> = {
  compare: (total) => `compared ${total / 1024} KiB of flash`,
  erase: (total) => `erased ${howMany(total, 'sector')}`,
  write: (total) => `wrote ${total} bytes`,
  verify: (total) => `verified ${total} bytes, all as written`,
};

/** What people are told; of a stage that makes progress only its end. */
export function flashLines(event: FlashEvent): string[] {
  switch (event.event) {
    case 'progress':
      return event.done === event.total ? [done[event.stage](event.total)] : [];
    case 'identified': {
      const { uniqueId, bootloaderVersion, productState, readProtected } = event.identity;
      return [
        `chip ${event.chip}${uniqueId === undefined ? '' : `, unique id ${toHex(uniqueId)}`}`,
        ...(bootloaderVersion === undefined
          ? []
          : [`ROM bootloader V${bootloaderVersion >>> 4}.${bootloaderVersion & 0xf}`]),
        ...(productState === undefined ? [] : [`product state ${productState}`]),
        ...(readProtected ? ['read-protected'] : []),
      ];
    }
    case 'unit-again':
      return [`the sector at ${hexAddress(event.address)} only looked erased: erased and written again`];
    case 'unprotected':
      return ['readout level 0, and with it the whole flash is erased'];
    case 'options-in-force':
      return [`option bytes in force: ${event.fields.join(', ')}`];
    case 'chip-closed':
      return ['the chip answers no more, as at readout level 2; nothing can prove that from outside'];
    case 'started':
      return [`started the program at ${hexAddress(event.address)}`];
  }
}

/** Percent of each stage as JSON lines; for people a line when a stage is done. */
export function flashTeller(face: Face): OnFlashEvent {
  let last = '';
  return (event) => {
    if (event.event !== 'progress') {
      face.tell(event, ...flashLines(event));
      return;
    }
    const { stage, done: doneUnits, total } = event;
    const percent = Math.floor((100 * doneUnits) / total);
    const mark = `${stage} ${percent}`;
    if (mark === last) return;
    last = mark;
    face.event({ event: 'progress', stage, percent, done: doneUnits, total });
    face.lines(...flashLines(event));
  };
}
