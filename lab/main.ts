// `npm run lab -- NAME [options]`: one campaign, whole. Without a name it lists them: a campaign takes
// minutes to hours, so none starts unasked. `npm run lab -- NAME --help` tells the options of one.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { campaigns } from '../tools/set-up/campaigns.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const [name, ...options] = process.argv.slice(2);

function list(): string {
  const width = Math.max(...Object.keys(campaigns).map((one) => one.length));
  const rows = Object.entries(campaigns).map(([one, { says }]) => `  ${one.padEnd(width)}  ${says}`);
  return ['npm run lab -- NAME [options]', '', ...rows, ''].join('\n');
}

if (name === undefined || name === '--help' || name === '-h') {
  process.stdout.write(list());
} else if (!Object.hasOwn(campaigns, name)) {
  process.stderr.write(`"${name}" is no campaign.\n${list()}`);
  process.exitCode = 2;
} else {
  const { script } = campaigns[name as keyof typeof campaigns];
  const child = spawn(process.execPath, [join(root, script), ...options], { stdio: 'inherit' });
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
}
