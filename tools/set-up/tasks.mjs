// The tasks that run.mjs knows: a script of this tree and the arguments that come before the user's own.

export const tasks = {
  demo: { script: 'apps/cli/src/main.ts', args: ['demo'] },
  test: { script: 'tools/test-report/main.ts', args: [] },
  bench: { script: 'bench/main.ts', args: [] },
  generate: { script: 'tools/generate/main.ts', args: [] },
  fuzz: { script: 'device/agent/fuzz/main.ts', args: [] },
  pack: { script: 'tools/pack/main.ts', args: [] },
};
