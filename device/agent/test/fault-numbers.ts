// Numbers of faults to their codes, from the tables of the specification: what an agent's answer means.

import { readdirSync, readFileSync } from 'node:fs';

const codes = new Map<number, string>();
const folder = new URL('../../../spec/errors/', import.meta.url);
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')))
  for (const { number, code } of JSON.parse(readFileSync(new URL(file, folder), 'utf8')).errors)
    codes.set(number, code);

/** The code, or the number as text when the specification has none. */
export default function faultCodeOfNumber(number: number): string {
  return codes.get(number) ?? `number ${number}`;
}
