// Options of the command line that hold numbers, addresses and lists: one fault for each that cannot be read.

import { Fault } from '@firmseal/fault';

/** Decimal or 0x-hexadecimal, within least..most. Throws `option-invalid`. */
export function readNumber(text: string, option: string, { least = 0, most = 0x7fffffff } = {}): number {
  const value = /^(0x[0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new Fault('option-invalid', { option, value: text, expected: `a number from ${least} to ${most}` });
  }
  return value;
}

/** One of the words. Throws `option-invalid`. */
export function readChoice<T extends string>(text: string, option: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw new Fault('option-invalid', { option, value: text, expected: choices.join(', ') });
  return found;
}

/** `HOST:PORT` (IPv6 in brackets). Throws `option-invalid`. */
export function readHostPort(text: string, option: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(text);
  if (match === null) throw new Fault('option-invalid', { option, value: text, expected: 'HOST:PORT' });
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port: readNumber(match[2]!, option, { most: 65535 }) };
}
