// Values as people read them. All times are shown in the zone of the browser; the title holds UTC.

import { toHex } from '@firmseal/bytes';

const timeFormat = new Intl.DateTimeFormat('en-GB', {
  ...({ year: 'numeric', month: '2-digit', day: '2-digit' } as const),
  ...({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const),
});

/** `2026-12-01 14:05:09`. */
export function timeText(atMs: number): string {
  const parts = Object.fromEntries(timeFormat.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const { year, month, day, hour, minute, second } = parts;
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

export const utcText = (atMs: number): string => new Date(atMs).toISOString();

/** The first digits, as people compare them. */
export const shortHex = (bytes: Uint8Array): string => toHex(bytes).slice(0, 12);

/** `3 s`, `12 min`, `5 h`. */
export function spanText(spanMs: number): string {
  const seconds = Math.max(0, Math.round(spanMs / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

const numberFormat = new Intl.NumberFormat('en');
export const countText = (value: number): string => numberFormat.format(value);

export const percentText = (part: number, whole: number): string =>
  whole === 0 ? 'none yet' : `${((100 * part) / whole).toFixed(1)} %`;

/** `a` or `an` is left to the caller. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;
