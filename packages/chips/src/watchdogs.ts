// The option bits with which hardware starts a watchdog at a reset. The independent one (IWDG) may run: the
// agent gives it its longest time and feeds it. The window watchdog (WWDG) may not: 16 ms at 16 MHz (RM0444
// 29.3, 4096 x 64 / PCLK) are shorter than the check of a signature.

import type { Chip } from './chip.ts';
import type { OptionField } from './protection.ts';

const fieldOf = (chip: Chip, names: readonly string[]): OptionField | undefined =>
  chip.options.registers.flatMap(({ fields }) => fields).find(({ name }) => names.includes(name));

/**
 * One bit: 0 hardware starts the independent watchdog, 1 software. Undefined for a chip without that choice.
 */
export const independentWatchdogField = (chip: Chip): OptionField | undefined =>
  fieldOf(chip, ['WDG_SW', 'IWDG_SW', 'IWDG1_SW']);

/** One bit: 0 hardware starts the window watchdog, 1 software. Undefined for a chip without that choice. */
export const windowWatchdogField = (chip: Chip): OptionField | undefined => fieldOf(chip, ['WWDG_SW']);
