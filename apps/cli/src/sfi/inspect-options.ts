// Shows an option-byte file: each register with its fields, and what the file will do to a chip.

import { hexAddress } from '@firmseal/chips';
import {
  findCauses,
  findFamily,
  type MeantField,
  type MeantRegister,
  meanOptions,
  readOptionFile,
  type SfiFamily,
} from '@firmseal/sfi';
import type { Face } from '../face.ts';
import { causeEvent, causeLines } from './show-cause.ts';

const fieldText = ({ name, value, meaning }: MeantField): string =>
  `      ${name} = 0x${value.toString(16).toUpperCase()}${meaning === undefined ? '' : ` (${meaning})`}`;

const registerLines = ({ name, value, fields }: MeantRegister): string[] => [
  `  ${name.padEnd(14)} ${hexAddress(value)}${fields.length === 0 ? '' : ':'}`,
  ...fields.map(fieldText),
];

/** Throws `option-file-invalid`. */
export function inspectOptions(face: Face, path: string, text: string, family: SfiFamily | undefined): void {
  const meanings = meanOptions(readOptionFile(text), family);
  const fields = Object.fromEntries(
    meanings.registers.flatMap((one) => one.fields.map(({ name, value }) => [name, value])),
  );
  const only = family?.id ?? (meanings.families.length === 1 ? meanings.families[0] : undefined);
  const found = only === undefined ? [] : findCauses({ file: 'option-bytes', family: only, fields });
  face.tell(
    { event: 'option-bytes', file: path, ...meanings, causes: found.map(causeEvent) },
    `${path}: option bytes, ${meanings.registers.length} rows` +
      (meanings.families.length === 0
        ? ''
        : `, named as those of ${meanings.families.map((id) => findFamily(id).name).join(', ')}`),
    ...meanings.registers.flatMap(registerLines),
    ...(meanings.effects.length === 0 ? [] : ['  What it does to a chip:']),
    ...meanings.effects.map(({ weight, says }) => `    ${weight === 'danger' ? 'DANGER' : 'note'}: ${says}`),
    ...meanings.gaps.map((gap) => `  NOTE: ${gap}`),
    ...found.flatMap(causeLines),
  );
}
