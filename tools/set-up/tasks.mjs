// The tasks that run.mjs knows: a script of this tree, the arguments that come before the user's own, and
// whether the task needs the agent's WebAssembly modules (device/agent/build.ts keeps them by content:
// built once, then found; of some chips only, where `agentsOf` names them) or the source packages of Debian
// that are pinned in device/agent (fetched once; the task runs without them too), or what browsers get:
// the element of update pages and the console (tools/pack/build-element.ts, build-console.ts, each built
// again in a third of a second). The campaigns of the laboratory are one task, `lab`: what it needs
// depends on the campaign (campaigns.mjs).

import { campaigns } from './campaigns.mjs';

/** The demo runs on one chip: that of its option, or the example's. */
function demoChips(args) {
  const at = args.findIndex((arg) => arg === '--chip' || arg.startsWith('--chip='));
  if (at < 0) return ['stm32f427'];
  return [args[at] === '--chip' ? (args[at + 1] ?? '') : args[at].slice('--chip='.length)];
}

export const tasks = {
  demo: {
    ...{ script: 'apps/cli/src/main.ts', args: ['demo'] },
    ...{ needsAgent: true, agentsOf: demoChips, needsPages: true },
  },
  test: {
    ...{ script: 'tools/test-report/main.ts', args: [] },
    ...{ needsAgent: true, needsSources: true, needsPages: true, needsPkcs11: true },
  },
  lab: { script: 'lab/main.ts', args: [] },
  bench: { script: 'bench/main.ts', args: [], needsAgent: true },
  generate: { script: 'tools/generate/main.ts', args: [] },
  pack: { script: 'tools/pack/main.ts', args: [], needsAgent: true, needsSources: true },
  release: { script: 'tools/release/main.ts', args: [], needsAgent: true, needsSources: true },
};

/**
 * The task `name` as started with `args`, and the name under which debian-packages.json lists what it uses.
 */
export function taskOf(name, args) {
  const task = tasks[name];
  if (name !== 'lab') return { task, packagesOf: name };
  const campaign = campaigns[args[0]];
  const { needsAgent = false, needsSources = false, packagesOf = `lab ${args[0]}` } = campaign ?? {};
  return { task: { ...task, needsAgent, needsSources }, packagesOf };
}
