// Checks of an image and its option bytes that need no chip: layout, ranges,
// sectors, what the option bytes do.

import type { Bytes } from '@firmseal/bytes';
import { type Chip, chipIds, eraseUnitAt, findChip, hexAddress } from '@firmseal/chips';
import {
  meanOptions,
  type OptionMeanings,
  overlaps,
  readOptionFile,
  readSfi,
  type SfiFamily,
  type SfiImage,
} from '@firmseal/sfi';
import { type Finding, good, note, notLooked, problem } from '../doctor/finding.ts';

/** The catalogue's chip for a part, where it has one: its flash is known then. */
function catalogueChip(part: string): Chip | undefined {
  const name = part.toLowerCase();
  const id = chipIds().find((one) => name.startsWith(one));
  return id === undefined ? undefined : findChip(id);
}

function checkLayout(image: SfiImage): Finding {
  const { version, layout, areaCount } = image;
  if (layout === 'known') return good('image', `protocol version 1, ${areaCount} areas`);
  const says = layout === 'closed' ? 'no area can be checked' : 'areas are a guess, and not checked';
  return notLooked('image', `protocol version ${version}, whose layout is not public: ${says}`);
}

function checkOverlaps(image: SfiImage): Finding[] {
  return overlaps(image.areas).map(({ first, second }) =>
    problem(
      'areas',
      `area ${second.index} at ${hexAddress(second.destinationAddress)} overlaps area ${first.index}`,
      "Correct the memory map and build again; ST's packager refuses such an image.",
    ),
  );
}

/** The secure alias of TrustZone parts is the same flash. */
const flashOffset = (address: number, chip: Chip): number | undefined => {
  for (const start of [chip.flash.addressStart, 0x0c00_0000]) {
    const offset = address - start;
    if (offset >= 0 && offset < chip.flash.sizeBytes) return offset;
  }
  return undefined;
};

function checkRanges(image: SfiImage, chip: Chip | undefined): Finding[] {
  const placed = image.areas.filter(({ type }) => type === 'F' || type === 'M');
  if (placed.length === 0) return [];
  if (chip === undefined)
    return [
      notLooked('flash', "the part is not in firmseal's catalogue, so the size of its flash is not known"),
    ];
  const findings: Finding[] = [];
  for (const { index, destinationAddress, sizeBytes } of placed) {
    const offset = flashOffset(destinationAddress, chip);
    const where = `area ${index}, ${hexAddress(destinationAddress)} to ${hexAddress(destinationAddress + sizeBytes)},`;
    if (offset === undefined || offset + sizeBytes > chip.flash.sizeBytes)
      findings.push(
        problem(
          'flash',
          `${where} lies outside the flash of ${chip.id}`,
          'Correct the memory map and build again.',
        ),
      );
    else if (
      eraseUnitAt(chip, chip.flash.addressStart + offset)?.addressStart !==
      chip.flash.addressStart + offset
    )
      findings.push(
        note(
          'sectors',
          `${where} does not begin with a sector`,
          'Begin areas on sectors, so that none shares one.',
        ),
      );
  }
  return findings.length > 0
    ? findings
    : [good('flash', `${placed.length} areas lie in the flash of ${chip.id}`)];
}

function checkRam(image: SfiImage): Finding[] {
  const pauses = image.areas.filter(({ type }) => type === 'P').length;
  const resumes = image.areas.filter(({ type }) => type === 'R').length;
  if (pauses !== resumes)
    return [
      problem(
        'ram',
        `${pauses} pauses and ${resumes} resumes`,
        'Build the image again with the size of RAM (-rs).',
      ),
    ];
  return pauses === 0
    ? []
    : [good('ram', `the image is taken in ${pauses + 1} parts; each must fit the RAM given to the packager`)];
}

export function checkImage(file: Bytes, part: string): Finding[] {
  const image = readSfi(file);
  const odd = image.notes.map((says) =>
    note('image', says, 'Look whether this is what your packager meant.'),
  );
  if (image.layout !== 'known') return [checkLayout(image), ...odd];
  return [
    checkLayout(image),
    ...odd.filter(({ says }) => !says.includes('overlaps')),
    ...checkOverlaps(image),
    ...checkRanges(image, catalogueChip(part)),
    ...checkRam(image),
  ];
}

export function checkOptionFile(
  text: string,
  family: SfiFamily,
): { findings: Finding[]; meanings: OptionMeanings } {
  const meanings = meanOptions(readOptionFile(text), family);
  const findings = [
    ...meanings.effects.map(({ weight, says }) =>
      weight === 'danger'
        ? note('option-bytes', says, 'Make sure that you want it before an image is built with it.')
        : good('option-bytes', says),
    ),
    ...meanings.gaps.map((gap) => notLooked('option-bytes', gap)),
  ];
  const fields = meanings.registers.flatMap((register) => register.fields);
  if (fields.some(({ name, value }) => name === 'PRODUCT_STATE' && value === 0x17))
    findings.push(
      problem(
        'option-bytes',
        'PRODUCT_STATE stays at 0x17 after the install',
        'Set bits 15 to 8 of OPTSR_PRG to 0x2E or higher (AN4992).',
      ),
    );
  return { findings, meanings };
}
