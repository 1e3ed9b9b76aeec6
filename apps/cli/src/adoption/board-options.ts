// What the command line, or a row of a list, says of a sold board.

import { Option } from '@commander-js/extra-typings';
import {
  type Chip,
  defaultOptionValues,
  type OptionValues,
  type Range,
  type ReadoutLevel,
  withOptionField,
} from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { SoldBoard } from '@firmseal/personalization';
import { readImageFile } from '../image-file.ts';
import { toNumber } from '../options.ts';

const rangeForm = /^(0x[0-9a-fA-F]+|\d+)\.\.(0x[0-9a-fA-F]+|\d+)$/;

/**
 * `FIRST..LAST`, or what a firmware file fills. Throws `adoption-range-invalid`, and the faults of images.
 */
function readRange(text: string): Range {
  const [, first, last] = rangeForm.exec(text) ?? [];
  if (first !== undefined && last !== undefined) {
    const [from, to] = [first, last].map((one) => toNumber(one, { most: 0xffff_ffff }));
    if (from === undefined || to === undefined || to < from)
      throw new Fault('adoption-range-invalid', { text });
    return { addressStart: from, length: to - from + 1 };
  }
  try {
    const { segments } = readImageFile(text, {});
    const start = Math.min(...segments.map(({ address }) => address));
    const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
    return { addressStart: start, length: end - start };
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'file-unreadable') throw cause;
    throw new Fault('adoption-range-invalid', { text }, { cause });
  }
}

/**
 * Option bytes of a blank part with these fields. Throws `adoption-option-invalid`, `option-field-unknown`.
 */
function readOptionValues(chip: Chip, texts: readonly string[]): OptionValues {
  return texts.reduce<OptionValues>((values, text) => {
    const [, name, digits] = /^(\w+)=(\w+)$/.exec(text) ?? [];
    const value = digits === undefined ? undefined : toNumber(digits, { most: 0xffff_ffff });
    if (name === undefined || value === undefined) throw new Fault('adoption-option-invalid', { text });
    return withOptionField(chip, values, { name, value });
  }, defaultOptionValues(chip));
}

export interface BoardTexts {
  readonly level: ReadoutLevel;
  readonly bootloader: string;
  readonly place: string;
  /** Of the application that goes on to run until the new agent starts. */
  readonly application?: string | undefined;
  readonly options: readonly string[];
}

export function soldBoard(
  chip: Chip,
  { level, bootloader, place, application, options }: BoardTexts,
): SoldBoard {
  const kept = [
    { name: 'the bootloader', range: readRange(bootloader) },
    ...(application === undefined ? [] : [{ name: 'the application', range: readRange(application) }]),
  ];
  return { chip, level, options: readOptionValues(chip, options), kept, place: readRange(place) };
}

/** Options of both commands; each gets objects of its own. */
export const bootloaderOption = () =>
  new Option(
    '--bootloader <range>',
    'what stays until the new agent starts: FIRST..LAST, or its firmware file',
  );

export const placeOption = () =>
  new Option(
    '--place <range>',
    'where the adoption image is written: FIRST..LAST, the place of applications or a free one',
  );

export const applicationOption = () =>
  new Option(
    '--application <range>',
    'the application, where it takes the image itself and goes on: FIRST..LAST, or its firmware file',
  );
