// `npm run lab -- ways`: a blank chip to a verified receipt, every chip with machine code through every
// way, by the commands; then a personalization that is cut, at every operation and moment, finished by the
// same command. Last, seconds of a personalization by the chip's clock. `--part NAME` runs one of
// `interruption`, `ways`, `times`; `--every N` cuts at each Nth operation; `--chip ID` one chip. Exit code
// 1 when anything was not as it must be.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { oneOf, readCommandLine } from '../../tools/command-line.ts';
import { interrupt, moments, operationsOf, subject, type WayName } from './interruption.ts';
import { simulatedSeconds } from './times.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const chips = ['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575'] as const;
const parts = ['interruption', 'ways', 'times'] as const;
const shiftSeconds = 8 * 3600;
const wayNames: readonly WayName[] = ['serial line', 'debug port'];

const usage = 'npm run lab -- ways [--part interruption|ways|times] [--chip ID] [--every N]';
const chosen = readCommandLine(usage, (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: { part: { type: 'string' }, chip: { type: 'string' }, every: { type: 'string', default: '1' } },
  });
  const every = Number(values.every);
  if (!Number.isInteger(every) || every < 1) throw new RangeError('--every takes a number from 1');
  return {
    every,
    part: values.part === undefined ? undefined : oneOf(values.part, 'part', parts),
    chips: values.chip === undefined ? chips : [oneOf(values.chip, 'chip', chips)],
  };
});
const isChosen = (part: (typeof parts)[number]) => chosen.part === undefined || chosen.part === part;

/** The tests of the ways, with every row. */
function runWays(): boolean {
  const name = chosen.chips.length === 1 ? ['-t', chosen.chips[0]!] : [];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--root', root, 'lab/ways/ways', ...name], {
    stdio: 'inherit',
    env: { ...process.env, FIRMSEAL_WAYS: 'all' },
  });
  return status === 0;
}

async function runInterruptions(id: string, way: WayName): Promise<boolean> {
  const one = await subject(id, way);
  const operations = await operationsOf(one);
  const ends = new Map<string, number>();
  let cuts = 0;
  for (const { number, kind } of operations) {
    if (number % chosen.every !== 0 && kind !== 'option-bytes') continue;
    for (const moment of moments) {
      const { end } = await interrupt(one, { operation: number, moment });
      cuts++;
      ends.set(end, (ends.get(end) ?? 0) + 1);
      if (end !== 'finished') console.log(`  ${id}, ${way}: operation ${number} (${kind}) ${moment}: ${end}`);
    }
  }
  const counts = [...ends].map(([end, count]) => `${end} ${count}`).join(', ');
  console.log(`${id}, ${way}: ${operations.length} operations, ${cuts} cuts: ${counts}`);
  return [...ends.keys()].every((end) => end === 'finished');
}

let sound = true;
if (isChosen('interruption'))
  for (const id of chosen.chips)
    for (const way of wayNames) sound = (await runInterruptions(id, way)) && sound;
if (isChosen('ways')) sound = runWays() && sound;
if (isChosen('times')) {
  buildShipping();
  for (const id of chosen.chips)
    for (const way of wayNames) {
      const seconds = await simulatedSeconds(id, way);
      const aShift = Math.floor(shiftSeconds / seconds);
      console.log(
        `${id}, ${way}: ${seconds.toFixed(1)} s of the chip's clock; one socket ${aShift} chips in 8 h`,
      );
    }
}
process.exitCode = sound ? 0 : 1;
