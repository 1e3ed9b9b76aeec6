// What the chip boots at a reset or starts at a hand-over, and what follows from that for its life: which
// master the firmware is, in which order the banks lie, what is at address 0.

import type { Chip } from '@firmseal/chips';
import type { HandOver } from '../firmware/cpu-port.ts';
import { type BootPins, type BootSource, bootSource, isFlashEmpty } from '../silicon/boot-source.ts';
import type { FlashMemory } from '../silicon/flash-memory.ts';
import type { OptionBytes } from '../silicon/option-bytes.ts';
import type { WorkingMemory } from '../silicon/working-memory.ts';
import type { ChipLife } from './life.ts';
import type { ResetCause } from './signals.ts';

/** Whether flash is empty is looked at when power comes and when option bytes are loaded, and kept. */
export function chooseBoot(
  life: ChipLife,
  cause: ResetCause,
  parts: { readonly chip: Chip; readonly options: OptionBytes; readonly flash: FlashMemory },
): BootSource {
  life.banksSwapped = false;
  const pin = (name: keyof BootPins) => life.pins.get(name) ?? false;
  if (cause === 'power-on' || cause === 'option-launch') life.flashWasEmpty = isFlashEmpty(parts);
  const boot = bootSource({
    ...parts,
    pins: { boot0: pin('boot0'), boot1: pin('boot1') },
    flashWasEmpty: life.flashWasEmpty,
  });
  life.banksSwapped = boot.banksSwapped;
  life.master = boot.from === 'flash' ? 'cpu-flash' : boot.from === 'ram' ? 'cpu-ram' : 'rom-bootloader';
  life.lowMemory = boot.from === 'rom-bootloader' ? 'rom' : boot.from;
  return boot;
}

/** An agent or application that firmware handed over to, in flash or RAM. */
export function followHandOver(
  life: ChipLife,
  { address, mapping, isAgent }: HandOver,
  ram: WorkingMemory,
): Pick<BootSource, 'from' | 'address' | 'banksSwapped'> {
  if (!isAgent) life.bootedApplication = { address, mapping };
  life.banksSwapped = mapping === 'swapped';
  const from = ram.rangeAt(address) === undefined ? 'flash' : 'ram';
  life.master = from === 'flash' ? 'cpu-flash' : 'cpu-ram';
  return { from, address, banksSwapped: life.banksSwapped };
}
