// The chips that firmseal knows. Adding one = a file in data/ (or what differs from another: like.ts) and its
// line here; what the file must hold is
// checked when it is first asked for (read-chip.ts, check-chip.ts).

import { Fault } from '@firmseal/fault';
import stm32f405 from '../data/stm32f405.json' with { type: 'json' };
import stm32f411 from '../data/stm32f411.json' with { type: 'json' };
import stm32f427 from '../data/stm32f427.json' with { type: 'json' };
import stm32f427xg from '../data/stm32f427xg.json' with { type: 'json' };
import stm32f446 from '../data/stm32f446.json' with { type: 'json' };
import stm32g0b1 from '../data/stm32g0b1.json' with { type: 'json' };
import stm32h563 from '../data/stm32h563.json' with { type: 'json' };
import stm32h743 from '../data/stm32h743.json' with { type: 'json' };
import stm32l476 from '../data/stm32l476.json' with { type: 'json' };
import stm32u575 from '../data/stm32u575.json' with { type: 'json' };
import type { Chip } from './chip.ts';
import { wholeFile } from './like.ts';
import { readChip } from './read-chip.ts';

const files: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  stm32f427,
  stm32h743,
  stm32f405,
  stm32g0b1,
  stm32l476,
  stm32u575,
  stm32h563,
  stm32f446,
  stm32f411,
  stm32f427xg,
};
const loaded = new Map<string, Chip>();

/** Ids of all chips of the catalogue. */
export function chipIds(): readonly string[] {
  return Object.keys(files);
}

/** The chip of that id (`stm32f427`). Throws `chip-unknown`. */
export function findChip(id: string): Chip {
  const known = loaded.get(id);
  if (known !== undefined) return known;
  if (!Object.hasOwn(files, id)) throw new Fault('chip-unknown', { chip: id, known: chipIds().join(', ') });
  const chip = readChip(wholeFile(files[id]!, files), id);
  loaded.set(id, chip);
  return chip;
}

/**
 * What may follow a part's name on its package: package, temperature range, options (`T6`, `T6TR`, `-Tx`).
 */
const suffix = '(?:-?[A-Z][0-9X][A-Z0-9]*)?';

/** `STM32F427xI` as a pattern: the small x stands for any package. */
const patternOf = (name: string): RegExp => new RegExp(`^${name.replaceAll('x', '[A-Z]')}${suffix}$`);

/** Parts of the chip and of its variants. */
const allNames = ({ names, variants = [] }: Chip): readonly string[] => [
  ...names,
  ...variants.flatMap((one) => [one.name, ...one.names]),
];

/**
 * The chip that a person means: an id in any case, or the name of a part with or without its package and
 * temperature range (`STM32F427ZIT6`). A part of another flash size is another chip. Throws `chip-unknown`.
 */
export function findChipNamed(name: string): Chip {
  const upper = name.trim().toUpperCase();
  const id = chipIds().find(
    (one) =>
      one.toUpperCase() === upper || allNames(findChip(one)).some((known) => patternOf(known).test(upper)),
  );
  return findChip(id ?? name);
}
