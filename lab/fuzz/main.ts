// `npm run lab -- fuzz`: the agent's parsers under libFuzzer with what they reach, both differential fuzzers,
// then the doors of virtual chips; each for a few minutes. `npm run lab -- fuzz doors [inputs]` runs the
// doors alone; any other word is one part of the agent's (lab/agent-fuzz/main.ts says which). Each part
// prints what it did; ends with 1 when one found something, with 2 when its command line is wrong.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const agent = '../agent-fuzz/main.ts';
const doors = './doors.ts';

const [what, ...rest] = process.argv.slice(2);
const all = [
  { script: agent, args: [] as string[] },
  { script: doors, args: [] },
];
const one = what === 'doors' ? { script: doors, args: rest } : { script: agent, args: [what ?? '', ...rest] };

for (const { script, args } of what === undefined ? all : [one]) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit' });
  // The part that does not understand its words has said so.
  if (status !== 0) process.exitCode = status === 2 ? 2 : 1;
}
