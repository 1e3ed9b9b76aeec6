// `npm run bench`: figures as ratios to a peer or a limit, all measured in this run. A table for people,
// `--json` one object for machines; the exit code is 1 when a row is over its limit.
// `npm run bench -- virtual` measures some groups only.

import { parseArgs } from 'node:util';
import { oneOf, readCommandLine } from '../tools/command-line.ts';
import type { BenchRow } from './row.ts';

const groups: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  seal: async () => (await import('./seal-row.ts')).sealRows(),
  help: async () => [await (await import('./help-row.ts')).helpRow()],
  install: async () => (await import('./install-rows.ts')).installRows(),
  station: async () => [await (await import('./station-row.ts')).stationRow()],
  boot: async () => (await import('./boot-rows.ts')).bootRows(),
  machine: async () => (await import('./machine-rows.ts')).machineRows(),
  remote: async () => [await (await import('./remote-row.ts')).remoteRow()],
  line: async () => [await (await import('./line-row.ts')).lineRow()],
  gang: async () => [await (await import('./gang-row.ts')).gangRow()],
  flash: async () => (await import('./flash-rows.ts')).flashRows(),
  store: async () => (await import('./store-rows.ts')).storeRows(),
  license: async () => (await import('./license-rows.ts')).licenseRows(),
  history: async () => (await import('./history-rows.ts')).historyRows(),
  ledger: async () => (await import('./ledger-rows.ts')).ledgerRows(),
  virtual: async () => (await import('./virtual-rows.ts')).virtualRows(),
};

const shownNumber = (value: number | undefined, digits = 2): string =>
  value === undefined ? '' : value.toFixed(digits);

function table(rows: readonly BenchRow[]): string {
  const head = ['what', 'value', 'unit', 'ratio', 'aim', 'limit', 'verdict', 'note'];
  const cells = rows.map((row) => [
    row.name,
    shownNumber(row.value),
    row.unit,
    shownNumber(row.ratio, 3),
    shownNumber(row.aim),
    shownNumber(row.limit),
    verdict(row),
    row.note,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]!.length)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function verdict({ ratio, limit, aim }: BenchRow): string {
  if (ratio === undefined || limit === undefined) return '';
  if (ratio > limit) return 'OVER';
  return aim !== undefined && ratio > aim ? 'within' : 'met';
}

const { json, chosen } = readCommandLine('npm run bench -- [--json] [GROUP ...]', (words) => {
  const options = { json: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
  const names = Object.keys(groups);
  const named = positionals.map((word) => oneOf(word, 'group', names));
  return { json: values.json, chosen: named.length === 0 ? names : named };
});
const rows: BenchRow[] = [];
for (const name of chosen) {
  for (const row of await groups[name]!()) {
    rows.push(row);
    process.stderr.write(`${row.name} ...\n`);
  }
}
process.stdout.write(json ? `${JSON.stringify({ rows })}\n` : `${table(rows)}\n`);
process.exitCode = rows.some((row) => verdict(row) === 'OVER') ? 1 : 0;
