// `npm run lab -- glitch`: skips instructions of the agent's machine code and flips bits of its verdicts,
// where it must refuse something, and prints the outcomes. Without options all of it:
//   --singles N     every N-th of the instructions skipped alone; --pairs N, --flips N, --library N: of pairs
//                   of instructions, of flipped bits, of the sample inside the cryptography. 0: none. All are
//                   1 by default
//   --seed TEXT     of the sample inside the cryptography
//   --shift K       the sample inside the cryptography begins with its K-th instruction: with --library 2,
//                   runs with 0 and 1 together are whole
//   --parts TEXT    instead: only that sample, in the functions whose names contain the text
//   --only TEXT,... the scenarios whose names contain one of the texts, and no cryptography
//   --part K/N      the K-th of N parts of the scenarios, for as many processes; the cryptography is in the
//                   last
//   --chip ID       another chip than the STM32G0B1
//   --anchor        instead of the agent: the anchor, at boots and in its loader
//   --middle        also a middle execution of each instruction that is executed three times or more
//   --reach         instead: runs the scenarios without a glitch, and prints which decisions each reaches
//   --mutants       instead: takes out one defence after the other, and attacks until a bypass is found
//   --mutants TEXT  the mutants whose names contain the text; with --everywhere, in all other scenarios after
//                   those that are named with them, by single instructions
// Exit code 1 when a bypass was found, when a decision was not attacked, or when a mutant showed no bypass.

import { parseArgs } from 'node:util';
import { portedChips, targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { prepareAnchor } from './anchor-scenarios.ts';
import { Campaign } from './campaign.ts';
import { attackLibrary, parts } from './crypto-sample.ts';
import type { Glitch } from './glitch.ts';
import { mutantBuild } from './mutant-build.ts';
import { mutants } from './mutants.ts';
import { printMutant, printParts, printReach, printScenario, printSites } from './report.ts';
import { prepare } from './scenarios.ts';
import { usualChip } from './target.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    singles: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '1' },
    flips: { type: 'string', default: '1' },
    library: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '' },
    shift: { type: 'string', default: '0' },
    parts: { type: 'string' },
    part: { type: 'string', default: '1/1' },
    chip: { type: 'string', default: usualChip },
    anchor: { type: 'boolean', default: false },
    middle: { type: 'boolean', default: false },
    reach: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    everywhere: { type: 'boolean', default: false },
  },
});
const strides = { 0: Number(values.flips), 1: Number(values.singles), 2: Number(values.pairs) } as const;
const libraryStride = Number(values.library);
const shift = Number(values.shift);
for (const stride of [...Object.values(strides), libraryStride, shift])
  if (!Number.isInteger(stride) || stride < 0) throw new Error('a stride is a whole number');
const isWhole = Object.values(strides).every((stride) => stride === 1) && libraryStride === 1;
const names = values.only.split(',');
const [part, partCount] = values.part.split('/').map(Number) as [number, number];
if (!(Number.isInteger(part) && Number.isInteger(partCount) && part >= 1 && part <= partCount))
  throw new Error('--part is K/N');
const isChosen = (name: string) => names.some((text) => name.includes(text));

const chosenBuild = () => {
  if (!portedChips().includes(values.chip))
    throw new Error(`no machine code for ${values.chip}; there is for ${portedChips().join(', ')}`);
  return buildAgent(targetOf(values.chip));
};

const prepareChosen = () => (values.anchor ? prepareAnchor(values.chip) : prepare(() => {}, chosenBuild()));

/** Each n-th of its kind. */
function sample(): (glitch: Glitch) => boolean {
  const asked = { 0: 0, 1: 0, 2: 0 };
  return ({ length }) => strides[length] > 0 && asked[length]++ % strides[length] === 0;
}

async function attackAll(): Promise<boolean> {
  const prepared = await prepareChosen();
  const { target, scenarios, good } = prepared;
  const campaign = new Campaign(target);
  console.log(
    `build: ${target.code.build.target.chip.id}, -mcpu=${target.code.build.target.cpu}, on the virtual chip`,
  );
  if (campaign.outcomeOf(good) !== 'booted') throw new Error('the good image does not boot');
  const skippedAt = new Set<number>();
  let bypasses = 0;
  const mine = scenarios.filter(
    ({ name }, i) => values.parts === undefined && isChosen(name) && i % partCount === part - 1,
  );
  for (const scenario of mine) {
    const report = campaign.attack(scenario, {
      take: sample(),
      withMiddle: values.middle,
      whole: scenario.name === 'manifest signature altered',
    });
    for (const address of report.skippedAt) skippedAt.add(address);
    bypasses += report.bypasses.length;
    printScenario(report);
  }
  if (values.only === '' && !values.anchor && libraryStride > 0 && part === partCount)
    for (const one of parts.filter((one) => one.function.includes(values.parts ?? ''))) {
      const report = attackLibrary(campaign, prepared, one, {
        every: libraryStride,
        shift,
        seed: values.seed,
      });
      bypasses += printParts(report);
    }
  console.log(`bypasses ${bypasses}`);
  if (values.only !== '' || values.parts !== undefined || values.anchor || !isWhole || partCount > 1)
    return bypasses === 0;
  return printSites(target.code, skippedAt) === 0 && bypasses === 0;
}

async function reachAll(): Promise<boolean> {
  const { target, scenarios } = await prepareChosen();
  const campaign = new Campaign(target);
  const reached = new Map<number, string[]>();
  for (const scenario of scenarios.filter(({ name }) => isChosen(name)))
    for (const address of campaign.reach(scenario)) {
      const there = reached.get(address);
      if (there === undefined) reached.set(address, [scenario.name]);
      else there.push(scenario.name);
    }
  return printReach(target.code, reached) === 0 || values.only !== '';
}

async function attackMutants(): Promise<boolean> {
  let unseen = 0;
  const [text = ''] = positionals;
  for (const mutant of mutants.filter(({ name }) => name.includes(text))) {
    const build = mutantBuild(mutant);
    const { target, scenarios } = await (mutant.isAnchor
      ? prepareAnchor(mutant.chip, build)
      : prepare(() => {}, build));
    const campaign = new Campaign(target);
    const shows = ([lengths, wanted]: readonly [readonly number[], string]): boolean => {
      const scenario = scenarios.find(({ name }) => name === wanted);
      if (scenario === undefined) throw new Error(`no scenario "${wanted}"`);
      const report = campaign.attack(scenario, {
        take: ({ length }) => lengths.includes(length),
        unconfirmed: true,
        untilBypass: true,
      });
      printMutant(mutant.name, report);
      return report.bypasses.length > 0;
    };
    // Most bypasses need one skipped instruction alone.
    const named = mutant.scenarios;
    const others = scenarios.map(({ name }) => name).filter((name) => !named.includes(name));
    const tries = [
      { lengths: [1], names: named },
      { lengths: [2, 0], names: named },
      { lengths: [1], names: values.everywhere ? others : [] },
    ].flatMap(({ lengths, names }) => names.map((wanted) => [lengths, wanted] as const));
    if (!tries.some(shows)) unseen++;
  }
  console.log(`mutants without a bypass: ${unseen}`);
  return unseen === 0;
}

const run = values.mutants ? attackMutants : values.reach ? reachAll : attackAll;
const isWell = await run();
const { user, system } = process.cpuUsage();
console.log(`${((user + system) / 1e6).toFixed(0)} s of CPU`);
process.exitCode = isWell ? 0 : 1;
