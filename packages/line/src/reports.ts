// Results as files that other programs read: a CSV row a chip, and a JUnit document of a run. Text from
// outside (labels, places) is made harmless for a spreadsheet and for XML.

import { faultLabel } from '@firmseal/fault';
import { plainText } from '@firmseal/programmer';
import type { Cycle } from './outcome.ts';

/** Columns are added at the end, never renamed. */
const columns: readonly (readonly [name: string, value: (cycle: Cycle) => string])[] = [
  ['time', ({ time }) => time],
  ['socket', ({ name }) => name],
  ['place', ({ place }) => place],
  ['package', (cycle) => cycle.package],
  ['cycle', ({ cycle }) => String(cycle)],
  ['outcome', ({ outcome }) => outcome],
  ['exit_code', ({ exitCode }) => String(exitCode)],
  ['error', ({ fault }) => (fault === null ? '' : faultLabel(fault.code))],
  ['error_code', ({ fault }) => fault?.code ?? ''],
  ['device', ({ thumbprint }) => thumbprint ?? ''],
  ['label', ({ label }) => label ?? ''],
  ['license', ({ licenseId }) => licenseId ?? ''],
  ['total_ms', ({ times }) => String(Math.round(times.totalMs))],
  ['erase_ms', ({ times }) => String(Math.round(times.eraseMs))],
  ['program_ms', ({ times }) => String(Math.round(times.programMs))],
  ['verify_ms', ({ times }) => String(Math.round(times.verifyMs))],
  ['install', ({ installId }) => installId],
];

/** A spreadsheet would run what begins like a formula. */
function cell(text: string): string {
  const shown = plainText(text);
  const safe = /^[=+\-@]/.test(shown) ? `'${shown}` : shown;
  return /[",]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** First line of a CSV file, with its end (RFC 4180). */
export const csvHead = `${columns.map(([name]) => name).join(',')}\r\n`;

export const csvRow = (cycle: Cycle): string =>
  `${columns.map(([, value]) => cell(value(cycle))).join(',')}\r\n`;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text: string): string => plainText(text).replace(/[&<>"]/g, (one) => escapes[one]!);

function testCase(cycle: Cycle): string {
  const { name, outcome, fault, times, exitCode } = cycle;
  const unit = cycle.label ?? cycle.thumbprint ?? `chip ${cycle.cycle}`;
  const head = `  <testcase classname="${xml(`${cycle.package}.${name}`)}" name="${xml(unit)}" time="${(times.totalMs / 1000).toFixed(3)}"`;
  if (exitCode === 0) return `${head}/>`;
  if (outcome === 'refused') return `${head}><skipped message="${xml(fault!.sentence)}"/></testcase>`;
  const type = fault === null ? outcome.toUpperCase() : faultLabel(fault.code);
  const message = fault === null ? `the receipt says ${type}` : fault.sentence;
  const body = fault === null ? '' : xml(fault.remedy);
  return `${head}><failure type="${type}" message="${xml(message)}">${body}</failure></testcase>`;
}

/** A whole document. */
export function junitReport(line: string, cycles: readonly Cycle[]): string {
  const skipped = cycles.filter(({ outcome }) => outcome === 'refused').length;
  const failures = cycles.filter(({ exitCode, outcome }) => exitCode !== 0 && outcome !== 'refused').length;
  const time = cycles.reduce((sum, { times }) => sum + times.totalMs, 0) / 1000;
  const head =
    `<testsuite name="${xml(line)}" tests="${cycles.length}" failures="${failures}" ` +
    `skipped="${skipped}" errors="0" time="${time.toFixed(3)}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${[head, ...cycles.map(testCase), '</testsuite>'].join('\n')}\n`;
}
