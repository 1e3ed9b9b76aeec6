// The tasks that run.mjs knows: a script of this tree, the arguments that come before the user's own, and whether the task
// needs the agent's WebAssembly modules (device/agent/build.ts keeps them by content: built once, then found) or the source
// packages of Debian that are pinned in device/agent (fetched once; the task runs without them too).

export const tasks = {
  demo: { script: 'apps/cli/src/main.ts', args: ['demo'], needsAgent: true },
  test: { script: 'tools/test-report/main.ts', args: [], needsAgent: true, needsSources: true },
  'test:usb-vm': { script: 'tools/usb-vm/main.ts', args: [] },
  bench: { script: 'bench/main.ts', args: [], needsAgent: true },
  'sim:glitch': { script: 'sim/glitch/main.ts', args: [] },
  'sim:kill': { script: 'sim/kill/main.ts', args: [], needsAgent: true },
  'sim:damage': { script: 'sim/damage/main.ts', args: [], needsAgent: true },
  'sim:power': { script: 'sim/power/main.ts', args: [], needsAgent: true },
  generate: { script: 'tools/generate/main.ts', args: [] },
  'vectors:thumb': { script: 'device/agent/vectors-thumb.ts', args: [] },
  fuzz: { script: 'sim/fuzz/main.ts', args: [] },
  'fuzz:doors': { script: 'sim/fuzz/doors.ts', args: [] },
  conformance: { script: 'packages/virtual-stm32/test/conformance/main.ts', args: [] },
  pack: { script: 'tools/pack/main.ts', args: [], needsAgent: true },
};
