// Every vector for packages, licenses and delegations against the agent's machine code with BearSSL, on the
// virtual chip: `npm run lab -- vectors-thumb`. Takes a quarter of an hour and more; the exit code is 1 when
// a case ends otherwise than it should.

import { parseArgs } from 'node:util';
import { delegationVectors, licenseVectors, packageVectors } from '../../device/agent/test/vector-cases.ts';
import { machineChip } from '../../device/agent/test/vector-chips.ts';
import { readCommandLine } from '../../tools/command-line.ts';

const { list } = readCommandLine(
  'npm run lab -- vectors-thumb [--list]',
  (words) => parseArgs({ args: [...words], options: { list: { type: 'boolean', default: false } } }).values,
);
const started = performance.now();
let wrong = 0;
for (const { name, cases, outcome } of [packageVectors, licenseVectors, delegationVectors]) {
  let right = 0;
  for (const one of cases) {
    let instructions = () => 0;
    const { found, due } = await outcome(one, async (wanted) => {
      const line = await machineChip(wanted);
      const { processor } = line.chip.machine;
      const before = processor.retired;
      instructions = () => processor.retired - before;
      return line;
    });
    if (list) process.stdout.write(`${name}, ${one.name}: ${found}, ${instructions()} instructions\n`);
    if (found === due) right++;
    else {
      wrong++;
      process.stdout.write(`${name}, ${one.name}: ends as ${found}, should be ${due}\n`);
    }
  }
  process.stdout.write(`${name}: ${right} of ${cases.length} as they should be\n`);
}
const minutes = (performance.now() - started) / 60_000;
process.stdout.write(`${wrong} wrong; ${minutes.toFixed(1)} minutes\n`);
process.exitCode = wrong === 0 ? 0 : 1;
