// What is unlike the public files in an .sfi file that can be read all the same: counters that disagree,
// bytes after the last area, areas that overlap. Told, never refused.

import { areaTypes, type SfiArea } from './area.ts';

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;

/** Areas of firmware and modules that share an address, in the order of their addresses. */
export function overlaps(areas: readonly SfiArea[]): { first: SfiArea; second: SfiArea }[] {
  const placed = areas
    .filter(({ type, sizeBytes }) => (type === 'F' || type === 'M') && sizeBytes > 0)
    .sort((one, other) => one.destinationAddress - other.destinationAddress);
  const found: { first: SfiArea; second: SfiArea }[] = [];
  let reaching = placed[0];
  for (const area of placed.slice(1)) {
    const end = reaching!.destinationAddress + reaching!.sizeBytes;
    if (area.destinationAddress < end) found.push({ first: reaching!, second: area });
    if (area.destinationAddress + area.sizeBytes > end) reaching = area;
  }
  return found;
}

function noteArea(area: SfiArea, position: number, areas: readonly SfiArea[], areaCount: number): string[] {
  const at = `area ${position} at byte ${area.offset}`;
  const notes: string[] = [];
  if (!(area.type in areaTypes))
    notes.push(`${at} has the type ${area.type}, which no public document names`);
  if (area.index !== position) notes.push(`${at} calls itself area ${area.index}`);
  if (area.totalAreas !== areaCount)
    notes.push(`${at} counts ${area.totalAreas} areas, the image header ${areaCount}`);
  if (area.imageVersion !== areas[0]!.imageVersion)
    notes.push(`${at} has image version ${area.imageVersion}, the first area ${areas[0]!.imageVersion}`);
  if (area.type === 'C' && position !== areas.length)
    notes.push(`${at} holds option bytes and is not the last one`);
  if (area.destinationAddress + area.sizeBytes > 0x1_0000_0000)
    notes.push(`${at} reaches beyond the last address`);
  return notes;
}

const mostNotes = 60;

/** One sentence each, with the byte where it stands; of very many the first. */
export function noteOddities(
  areas: readonly SfiArea[],
  { file, end, areaCount }: { file: Uint8Array; end: number; areaCount: number },
): string[] {
  const notes = areas.flatMap((area, index) => noteArea(area, index + 1, areas, areaCount));
  for (const { first, second } of overlaps(areas))
    notes.push(
      `area ${second.index} at ${hex(second.destinationAddress)} overlaps area ${first.index} at ` +
        `${hex(first.destinationAddress)}; ST's packager refuses such an image`,
    );
  if (end < file.length) notes.push(`${file.length - end} bytes follow the last area, from byte ${end} on`);
  if (!areas.some(({ type }) => type === 'C'))
    notes.push('no area holds option bytes: the state of the chip after the install is not in this file');
  if (notes.length <= mostNotes) return notes;
  return [...notes.slice(0, mostNotes), `and ${notes.length - mostNotes} notes more`];
}
