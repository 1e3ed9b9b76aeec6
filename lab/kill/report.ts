// What a campaign prints: kills by phase, and the books.

import type { CampaignReport } from './campaign.ts';
import { betweenCommitAndSignature } from './kill-point.ts';

const sumOf = (kills: ReadonlyMap<string, number>, belongs: (point: string) => boolean): number =>
  [...kills].reduce((sum, [point, count]) => sum + (belongs(point) ? count : 0), 0);

export const killsBetweenCommitAndSignature = ({ kills }: CampaignReport): number =>
  sumOf(kills, (point) => betweenCommitAndSignature.includes(point));

const groups: readonly { readonly title: string; readonly prefix: string }[] = [
  { title: 'authority, durable write', prefix: 'store/' },
  { title: 'authority, key', prefix: 'key/' },
  { title: 'authority, request', prefix: 'request/' },
  { title: 'station, journal line', prefix: 'journal/' },
  { title: 'station, frame', prefix: 'frame/' },
  { title: 'station, HTTP call', prefix: 'call/' },
];

/** `journal/begun/before 1` and `journal/begun/after 2` in one line: `begun: before 1, after 2`. */
function linesOf(kills: ReadonlyMap<string, number>, prefix: string): string[] {
  const byName = new Map<string, string[]>();
  for (const [point, count] of [...kills].filter(([point]) => point.startsWith(prefix)).sort()) {
    const [, name, phase] = point.split('/') as [string, string, string];
    byName.set(name, [...(byName.get(name) ?? []), `${phase} ${count}`]);
  }
  return [...byName].map(([name, phases]) => `    ${name.padEnd(26)}${phases.join(', ')}`);
}

/** Lines for people; a machine takes the report itself. */
export function renderReport(report: CampaignReport): string {
  const { kills, planned, violations } = report;
  const total = sumOf(kills, () => true);
  const lines = groups.flatMap(({ title, prefix }) => [
    `  ${title}: ${sumOf(kills, (point) => point.startsWith(prefix))}`,
    ...linesOf(kills, prefix),
  ]);
  return [
    `kills by SIGKILL: ${total} of ${planned} planned`,
    ...lines,
    `between commit of the unit and signature of the license: ${killsBetweenCommitAndSignature(report)}` +
      ` (unit without license seen on the disk: ${report.unitsWithoutLicenseSeen})`,
    `restarts: station ${report.stationRestarts}, authority ${report.authorityRestarts}`,
    `chips: ${report.chips}, PASS ${report.chipsPassed}`,
    `units spent: ${report.units}; with a verified receipt: ${report.unitsWithReceipt}`,
    `licenses issued and logged: ${report.licenses}; receipts stored: ${report.receipts}`,
    `violations: ${violations.length}`,
    ...violations.map((text) => `  ${text}`),
  ].join('\n');
}
