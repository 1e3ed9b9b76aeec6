// Why a package may ask for an option: each field that the catalogue opens to packages, and the reason why no
// value of it can ruin a chip. A field without a reason here is refused by a test, and so is a reason
// that does not hold for the chip.

import type { Chip } from './chip.ts';
import { policyBits } from './option-values.ts';
import type { OptionField } from './protection.ts';

/**
 * `fed`: a watchdog that the agent gives its longest time and feeds. `low-power`: takes effect in low-power
 * modes, which the agent never enters. `other-ram`: content or error correction of a RAM that the agent does
 * not use. `pin`: a pin's pull while nobody drives it, none that leads to the agent. `reset-pin`: how long
 * the reset pin is held. `level`: readout protection, which rises only, and to level 2 by the owner's own
 * word. `anchored`: write protection of erase units that nobody writes after personalization.
 */
export type OptionReason = 'fed' | 'low-power' | 'other-ram' | 'pin' | 'reset-pin' | 'level' | 'anchored';

const reasons: readonly (readonly [RegExp, OptionReason])[] = [
  [/^(WDG|IWDG1?)_SW$/, 'fed'],
  [/^nRST_(STOP|STDBY|SHDW|STOP_D1|STBY_D1)$/i, 'low-power'],
  [/^(IWDG_(STOP|STDBY)|FZ_IWDG_(STOP|SDBY))$/, 'low-power'],
  [/^SRAM(|1_3|2)_RST$/, 'other-ram'],
  [/^(SRAM2_PE|(BKPRAM|SRAM[23])_ECC)$/, 'other-ram'],
  [/^(PA15_PUPEN|USBPD_DIS)$/, 'pin'],
  [/^IRHEN$/, 'reset-pin'],
  [/^(RDP|PRODUCT_STATE)$/, 'level'],
  [/^(nWRP(0_7|0_11|12_23)|WRPSn[12]|WRPSG[12])$/, 'anchored'],
];

/** Every field of which a package may ask for some bit. */
export const packageFields = (chip: Chip): readonly OptionField[] =>
  chip.options.registers.flatMap(({ id, fields }) => {
    const { neutral, clearOnly, setOnly, readout } = policyBits(chip, id);
    const open = neutral | clearOnly | setOnly | readout;
    return fields.filter(({ msb, lsb }) => ((open >>> lsb) & (2 ** (msb - lsb + 1) - 1)) !== 0);
  });

/** Why no value of the field ruins a chip; undefined where nobody has said so. */
export const reasonOf = ({ name }: OptionField): OptionReason | undefined =>
  reasons.find(([pattern]) => pattern.test(name))?.[1];
