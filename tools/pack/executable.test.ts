// The single executable of this platform as a user meets it: copied alone to an empty place, run without
// Node, npm or any other program, and with what a user's shell may hold. Other platforms'
// executables: lab/executables.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hasAsset } from '../../apps/cli/src/assets.ts';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { hasTool } from '../toolchain.ts';
import { buildExecutable } from './executable.ts';
import { hostTarget } from './native-packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const target = hostTarget();
const scratch = mkdtempSync(join(tmpdir(), 'firmseal-executable-'));
const home = join(scratch, 'home');
const program = join(scratch, 'firmseal');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

beforeAll(async () => {
  if (target === undefined) return;
  if (hasTool('arm-none-eabi-gcc', 'never')) buildShipping({ only: ['stm32f427'] });
  const { path, bytes } = await buildExecutable(target, join(root, '.cache/executable'));
  console.log(`firmseal for ${target} as one file: ${(bytes / 2 ** 20).toFixed(0)} MiB`);
  mkdirSync(home);
  copyFileSync(path, program);
});
beforeEach((context) =>
  context.skip(target === undefined, `no executable is made for ${process.platform}-${process.arch}`),
);

function run(words: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const env = { PATH: '/nowhere', HOME: home, ...more };
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: scratch, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('needs no Node: it says what it is and knows its commands', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'apps/cli/package.json'), 'utf8'));
  expect(run(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  expect(run(['--help']).stdout).toMatch(/^\s+install\b/m);
});

test('does not take what NODE_OPTIONS says to another program', () => {
  const planted = join(scratch, 'planted.cjs');
  writeFileSync(planted, "process.stdout.write('planted');");
  const { status, stdout } = run(['--version'], { NODE_OPTIONS: `--require ${planted}` });
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.not.stringContaining('planted') });
});

test('brings the agents along', ({ skip }) => {
  skip(!hasAsset('device/agent/build/agent-stm32f427.hex'), 'the agents in machine code are not built');
  const out = join(scratch, 'agent.hex');
  expect(run(['agent', 'export', '--chip', 'stm32f427', '--out', out])).toMatchObject({ status: 0 });
  // Byte for byte what the command writes from the sources, which has the data block of the anchor, too.
  const here = join(scratch, 'here.hex');
  const words = ['agent', 'export', '--chip', 'stm32f427', '--out', here];
  expect(spawnSync(process.execPath, [join(root, 'apps/cli/src/main.ts'), ...words]).status).toBe(0);
  expect(readFileSync(out)).toEqual(readFileSync(here));
});

test('brings the native code of serial ports and USB along, also where no home can be written', () => {
  const words = ['flash', 'read', '--chip', 'stm32f427', '--via', 'serial:/dev/firmseal-none', '--out', 'x'];
  const missing = /library-missing/;
  const refused = run([...words, '--json']);
  expect(refused.stdout + refused.stderr).not.toMatch(missing);
  expect(refused.stdout + refused.stderr).toContain('/dev/firmseal-none');
  const homeless = run(['devices', '--json'], { HOME: join(program, 'no-folder'), TMPDIR: scratch });
  expect(homeless.stdout + homeless.stderr).not.toMatch(missing);
});
