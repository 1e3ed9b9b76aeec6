// How long a person waits for `firmseal --help`, against an empty program of the same Node.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BenchRow, timePaired } from './row.ts';

const cli = fileURLToPath(new URL('../apps/cli', import.meta.url));

export async function helpRow(): Promise<BenchRow> {
  const { oursMs, peerMs } = await timePaired(
    21,
    () => execFileSync(process.execPath, [cli, '--help'], { stdio: 'ignore' }),
    () => execFileSync(process.execPath, ['-e', '0'], { stdio: 'ignore' }),
  );
  return {
    name: 'command line, --help',
    value: oursMs,
    unit: 'ms',
    ratio: oursMs / peerMs,
    aim: 2,
    limit: 2.5,
    note: 'wall time; peer: node -e 0; medians of 21 pairs',
  };
}
