// The per-device data of a job as a text file: a line a chip, in it one value for each per-device area of the
// package in ascending address, hexadecimal, separated by commas or blanks. Empty lines and lines
// that begin with # do not count.

import { type Bytes, fromHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readText } from './files.ts';

/** No license has room for more. */
const mostDigits = 2 * 4096;

const isValue = (text: string): boolean =>
  text.length <= mostDigits && text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text);

/**
 * One set a line, in the order of the file. The values may be secret, so the fault names lines alone.
 * Throws `device-data-malformed`, and what reading a file throws.
 */
export function readDeviceData(path: string): Bytes[][] {
  const sets: Bytes[][] = [];
  for (const [index, text] of readText(path).split(/\r?\n/).entries()) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    const values = line.split(/[\s,;]+/);
    if (!values.every(isValue)) throw new Fault('device-data-malformed', { file: path, line: index + 1 });
    sets.push(values.map((value) => fromHex(value)));
  }
  return sets;
}
