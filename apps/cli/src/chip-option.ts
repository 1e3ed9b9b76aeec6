// The option --chip: any name of a chip that the catalogue has, as its id.

import { Option } from '@commander-js/extra-typings';
import { findChipNamed } from '@firmseal/chips';

/** Throws `chip-unknown`, which names the chips that there are. */
const chipId = (name: string): string => findChipNamed(name).id;

const about = 'kind of chip: an id that `firmseal chips` lists, or the name of a part such as STM32F427ZIT6';

export const chipOption = () => new Option('--chip <name>', about).argParser(chipId).makeOptionMandatory();

export const chipOptionOr = (id: string) => new Option('--chip <name>', about).argParser(chipId).default(id);
