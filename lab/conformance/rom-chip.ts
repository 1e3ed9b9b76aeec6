// A chip with content in flash and a readout level, started into its ROM
// bootloader: the ground of every cell.

import { type ReadoutLevel, withOptionField } from '@firmseal/chips';
import { createVirtualChip, romBootloader, type VirtualChip } from '@firmseal/virtual-stm32';

const content = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 ^ i);

function setField(chip: VirtualChip, name: string, value: number): void {
  const values = withOptionField(chip.chip, chip.judge.optionsStored, { name, value });
  if (chip.debug.writeOptionBytes(values) !== 'ok') throw new Error(`${name} was not programmed`);
}

/** BOOT0 is high, and option bytes let it count. */
export function romChip(id: string, level: ReadoutLevel): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: `access ${id}`, executors: [romBootloader()] });
  const { flash, boot, readoutProtection } = chip.chip;
  chip.powerOn();
  chip.debug.connect();
  if (chip.debug.programFlash(flash.addressStart, content) !== 'ok') throw new Error('no content');
  if (boot.boot0 !== undefined) setField(chip, boot.boot0.pinWhile.field, boot.boot0.pinWhile.value);
  const { field, level1, level2 } = readoutProtection;
  if (level > 0) setField(chip, field, level === 1 ? level1 : level2);
  chip.powerOff();
  chip.setPin('boot0', true);
  chip.powerOn();
  return chip;
}

export function keepsContent(chip: VirtualChip): boolean {
  const now = chip.judge.flash(chip.chip.flash.addressStart, content.length);
  return now.every((byte, i) => byte === content[i]);
}
