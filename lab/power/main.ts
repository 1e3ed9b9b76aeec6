// `npm run lab -- power`: power cuts in personalization, install, update, update with option bytes, on the
// agent in C as WebAssembly: before, in the middle of and after every operation of flash and option bytes, on
// every chip that has a port; and again in the recovery: of an install on H743 at every operation, elsewhere
// as everySingleCut says: all pairs of the longer scenarios would take hours. Then a sample on machine code.
// `--chip ID` runs one chip, `--build wasm` or `--build thumb` one build; `--edges` cuts twice at edges alone
// where not every double cut is made, which takes a tenth of the time. `--only TEXT` runs the scenarios of
// WebAssembly whose names contain it, and nothing else. `--agents` runs the replacement of an agent alone,
// and with `--every` cuts it at every operation instead of one in twenty inside runs. `--adoption` takes sold
// boards over, and nothing else; `--staged` installs packages that an application staged. Exit code 1 when a
// cut did not happen or anything was not as it must be.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findChip } from '@firmseal/chips';
import { adoptionFor, buildOldPrograms, soldBoards, soldChip } from '../../device/agent/test/sold-board.ts';
import { agentChipIds } from '../../device/agent/toolchain/chip-header.ts';
import { portedChips } from '../../device/agent/toolchain/targets.ts';
import { copyKit } from '../../device/sdk/test/build-example.ts';
import { oneOf, readCommandLine } from '../../tools/command-line.ts';
import { hasTool } from '../../tools/toolchain.ts';
import { AdoptionCuts } from './adoption.ts';
import { AgentUpdateCuts, edgesAndSome } from './agent-update.ts';
import { cutMoments, everyDoubleCut, everySingleCut, PowerCampaign, type PowerReport } from './campaign.ts';
import { MachineSample } from './machine-sample.ts';
import { machineRuns, scenarioRuns } from './scenarios.ts';
import { StagedCuts, stagedChips } from './staged.ts';

const isExhaustive = (chipId: string, scenario: string) => chipId === 'stm32h743' && scenario === 'install';
/** Of operations inside runs of programs, where second cuts are sampled. */
const share = 0.02;
/** On machine code: cuts of each kind at each moment, a scenario. */
const each = 2;
const machineChips = portedChips();
const kinds = ['program', 'erase', 'option-bytes'] as const;

/** `program 12/12/12`: cuts before, torn, after. */
function byKind(tried: ReadonlyMap<string, number>, order: string): string {
  const counts = kinds.map((kind) => {
    const byMoment = cutMoments.map((moment) => tried.get(`${order} ${kind} ${moment}`) ?? 0);
    return `${kind} ${byMoment.join('/')}`;
  });
  return counts.join(', ');
}

function print(name: string, { planned, fired, states, tried, violations }: PowerReport): void {
  console.log(
    `${name}: ${planned} cuts planned, ${fired} fired; ${states} states judged; violations ${violations.length}`,
  );
  console.log(`  single cuts (before/torn/after): ${byKind(tried, 'first')}`);
  console.log(`  second cuts (before/torn/after): ${byKind(tried, 'second')}`);
  for (const violation of violations.slice(0, 20)) console.log(`  violation: ${violation}`);
}

const chosen = readCommandLine(
  'npm run lab -- power [--chip ID] [--build wasm|thumb] [--edges] [--only TEXT] [--agents] [--every] [--adoption] [--staged]',
  (words) => {
    const { values } = parseArgs({
      args: [...words],
      options: {
        chip: { type: 'string' },
        build: { type: 'string' },
        edges: { type: 'boolean', default: false },
        only: { type: 'string' },
        agents: { type: 'boolean', default: false },
        every: { type: 'boolean', default: false },
        adoption: { type: 'boolean', default: false },
        staged: { type: 'boolean', default: false },
      },
    });
    return {
      edges: values.edges,
      only: values.only,
      agents: values.agents,
      every: values.every,
      adoption: values.adoption,
      staged: values.staged,
      chip: values.chip === undefined ? undefined : oneOf(values.chip, 'chip', agentChipIds),
      build: values.build === undefined ? undefined : oneOf(values.build, 'build', ['wasm', 'thumb']),
    };
  },
);
const isChosen = (id: string) => chosen.chip === undefined || id === chosen.chip;
const isJournal = (chipId: string) => {
  const units = findChip(chipId).layout.journal.flatMap(({ eraseUnits }) => eraseUnits);
  return (address: number) =>
    units.some(
      ({ addressStart, sizeBytes }) => address >= addressStart && address < addressStart + sizeBytes,
    );
};
const empty = (): PowerReport => ({ tried: new Map(), planned: 0, fired: 0, states: 0, violations: [] });

function add(sum: PowerReport, report: PowerReport): void {
  for (const [key, count] of report.tried) sum.tried.set(key, (sum.tried.get(key) ?? 0) + count);
  sum.planned += report.planned;
  sum.fired += report.fired;
  sum.states += report.states;
  sum.violations.push(...report.violations);
}

async function runWebAssembly(): Promise<PowerReport> {
  const sum = empty();
  if (chosen.build === 'thumb') return sum;
  for (const chipId of agentChipIds.filter(isChosen))
    for (const { make, policies } of scenarioRuns)
      for (const interruption of policies) {
        const scenario = await make({ chipId, interruption });
        const name = `build wasm, ${chipId}, ${scenario.name}, policy ${interruption}`;
        if (!scenario.name.includes(chosen.only ?? '')) continue;
        const choice =
          isExhaustive(chipId, scenario.name) && !chosen.edges
            ? everyDoubleCut
            : everySingleCut(name, share, chosen.edges ? undefined : isJournal(chipId));
        const report = await new PowerCampaign(scenario).run(choice);
        print(name, report);
        add(sum, report);
      }
  return sum;
}

/** Of programs inside runs: a slot is thousands of them, one like the other. */
const agentEvery = 20;

async function runAgentUpdates(): Promise<PowerReport> {
  const sum = empty();
  if (chosen.build === 'thumb') return sum;
  for (const chipId of machineChips.filter(isChosen)) {
    const cuts = await AgentUpdateCuts.create(chipId);
    const every = chosen.every ? 1 : agentEvery;
    const { planned, fired, operations, previous, renewed, violations } = cuts.run(
      edgesAndSome(chipId, every),
    );
    console.log(
      `build wasm, ${chipId}, agent replaced: ${operations} operations, one in ${every} of those inside runs; ` +
        `${planned} cuts planned, ${fired} fired; ${previous} times the previous agent ran, ${renewed} the new one; ` +
        `violations ${violations.length}`,
    );
    for (const violation of violations.slice(0, 20)) console.log(`  violation: ${violation}`);
    add(sum, { ...empty(), planned, fired, states: planned, violations: [...violations] });
  }
  return sum;
}

async function runMachineCode(): Promise<PowerReport> {
  const sum = empty();
  if (chosen.build === 'wasm') return sum;
  if (!hasTool('arm-none-eabi-gcc')) console.log('build thumb: skipped, no arm-none-eabi-gcc');
  else
    for (const chipId of machineChips.filter(isChosen))
      for (const make of machineRuns) {
        const scenario = await make({ chipId, interruption: 'resume', build: 'thumb' });
        const name = `build thumb (shipping), ${chipId}, ${scenario.name}`;
        const report = await new MachineSample(scenario, name).run(each);
        print(name, report);
        add(sum, report);
      }
  return sum;
}

/** Each operation at each moment, and after one cut in two another one in the recovery. */
const everyStagedCut = { every: 1, again: 2 };

async function runStaged(): Promise<PowerReport> {
  const sum = empty();
  for (const chipId of stagedChips.filter(isChosen))
    for (const manner of ['resume', 'erase', 'trial'] as const) {
      const cuts = await StagedCuts.create(chipId, manner);
      const { planned, fired, operations, previous, renewed, violations } = cuts.run(everyStagedCut);
      console.log(
        `build wasm, ${chipId}, staged, ${manner}: ${operations} operations, ${planned} cuts planned, ${fired} fired; ` +
          `${previous} times the previous application ran, ${renewed} the new one; violations ${violations.length}`,
      );
      for (const violation of violations.slice(0, 20)) console.log(`  violation: ${violation}`);
      add(sum, { ...empty(), planned, fired, states: planned, violations: [...violations] });
    }
  return sum;
}

/** Of programs inside runs. */
const adoptionEvery = 5000;

function runAdoption(): PowerReport {
  const sum = empty();
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-adoption-'));
  const kit = copyKit(folder);
  for (const at of soldBoards.filter(({ chip }) => isChosen(chip.id)))
    for (const way of ['bootloader', 'application'] as const) {
      const chip = soldChip(at, buildOldPrograms(kit, at));
      const cuts = new AdoptionCuts({ chip, at, way, image: adoptionFor(at, way) });
      const { planned, fired, started, violations } = cuts.edges(adoptionEvery);
      const firsts = [...started].map(([what, count]) => `${what} ${count}`).join(', ');
      console.log(
        `build thumb (shipping), ${at.chip.id} adopted by the ${way}: ${planned} cuts, ${fired} fired; ${firsts}`,
      );
      for (const violation of violations.slice(0, 20)) console.log(`  violation: ${violation}`);
      add(sum, { ...empty(), planned, fired, states: planned, violations });
    }
  rmSync(folder, { recursive: true });
  return sum;
}

const isPart = chosen.agents || chosen.adoption || chosen.staged;
const wasm = isPart ? empty() : await runWebAssembly();
if (chosen.agents || (!isPart && chosen.only === undefined)) add(wasm, await runAgentUpdates());
if (chosen.staged) add(wasm, await runStaged());
const isWasmAlone = isPart || chosen.only !== undefined;
const thumb = chosen.adoption ? runAdoption() : isWasmAlone ? empty() : await runMachineCode();
print('build wasm, sum', wasm);
print('build thumb (shipping), sum', thumb);
const [planned, fired] = [wasm.planned + thumb.planned, wasm.fired + thumb.fired];
const violations = wasm.violations.length + thumb.violations.length;
const { user, system } = process.cpuUsage();
console.log(`faults fired ${fired} of ${planned} planned, violations ${violations}`);
console.log(`${((user + system) / 1e6).toFixed(0)} s of CPU`);
process.exitCode = fired === planned && planned > 0 && violations === 0 ? 0 : 1;
