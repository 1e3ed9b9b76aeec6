// `npm run fuzz -- [seconds] [inputs]`: the agent's core under libFuzzer, so many seconds a target, then the doors of virtual
// chips with so many inputs (1,000,000 by default). Each part prints what it did; ends with 1 when one of them found something.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [seconds, inputs] = process.argv.slice(2);
const parts = [
  { script: '../../device/agent/fuzz/main.ts', args: seconds === undefined ? [] : [seconds] },
  { script: './doors.ts', args: inputs === undefined ? [] : [inputs] },
];

for (const { script, args } of parts) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
