// Notices about clocks, in words.

import type { Notice } from './findings.ts';

const clockToleranceMs = 120_000;

/** Of the authority's clock against the auditor's; undefined where they agree well enough. */
export function clockNotice(differenceMs: number): Notice | undefined {
  if (Math.abs(differenceMs) <= clockToleranceMs) return undefined;
  const way = differenceMs > 0 ? 'ahead of' : 'behind';
  return { code: 'clock', detail: `the authority's clock is ${spanText(differenceMs)} ${way} this one` };
}

/** Of an entry whose time is before that of an earlier one. */
export const clockStepNotice = ({ sequence, backMs }: { sequence: number; backMs: number }): Notice => ({
  code: 'clock',
  detail: `entry ${sequence}: the time goes back by ${spanText(backMs)}`,
});

/** The largest unit that fits: `400 days`, `3 minutes`. */
function spanText(spanMs: number): string {
  const minutes = Math.round(Math.abs(spanMs) / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
