// `npm run lab -- ways`: a blank chip to a verified receipt, every chip with machine code through every
// way, by the commands, USB in the USB test machine; the whole check on silicon on the machine code; a
// personalization that is cut, at every operation and moment, finished by the same command; and seconds of
// a personalization by the chip's clock. `--part NAME` runs one of `times`, `ways`, `usb`, `silicon`,
// `interruption`; `--every N` cuts at each Nth operation; `--chip ID` one chip. Exit code 1 when anything was
// not as it must be.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { portedChips } from '../../device/agent/toolchain/targets.ts';
import { oneOf, readCommandLine } from '../../tools/command-line.ts';
import { prepareGuest } from '../usb-vm/guest.ts';
import { interrupt, moments, operationsOf, subject, type WayName } from './interruption.ts';
import { simulatedSeconds, timedWays } from './times.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const chips = portedChips();
const parts = ['times', 'ways', 'usb', 'silicon', 'interruption'] as const;
const shiftSeconds = 8 * 3600;
const wayNames: readonly WayName[] = ['serial line', 'debug port'];

const usage = `npm run lab -- ways [--part ${parts.join('|')}] [--chip ID] [--every N]`;
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

/** The tests of a file, with every row of the chosen chips. */
function runSuite(file: string): boolean {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--root', root, `lab/ways/${file}`], {
    stdio: 'inherit',
    env: { ...process.env, FIRMSEAL_WAYS: chosen.chips.join() },
  });
  return status === 0;
}

/** A guest that cannot be made is a failure here; the tests of the whole tree leave USB out then. */
function runUsb(): boolean {
  try {
    prepareGuest();
  } catch (error) {
    console.error(`the USB test machine cannot be made: ${(error as Error).message}`);
    return false;
  }
  return runSuite('usb-vm-way.arm.test.ts');
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
if (isChosen('times')) {
  buildShipping();
  for (const id of chosen.chips)
    for (const way of timedWays) {
      const seconds = await simulatedSeconds(id, way);
      const aShift = Math.floor(shiftSeconds / seconds);
      console.log(
        `${id}, ${way}: ${seconds.toFixed(1)} s of the chip's clock; one socket ${aShift} chips in 8 h`,
      );
    }
}
if (isChosen('ways')) sound = runSuite('ways.arm.test.ts') && sound;
if (isChosen('usb')) sound = runUsb() && sound;
if (isChosen('silicon')) sound = runSuite('silicon-way.arm.test.ts') && sound;
if (isChosen('interruption'))
  for (const id of chosen.chips)
    for (const way of wayNames) sound = (await runInterruptions(id, way)) && sound;
process.exitCode = sound ? 0 : 1;
