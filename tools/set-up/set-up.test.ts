// Set-up as its user meets it, in a small project of its own: when npm is run and when not, what reaches the
// standard output, and that exit codes and signals are the task's own. The npm here
// is a stand-in that records.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { missingOf } from './debian.mjs';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'firmseal-set-up-'));
  cpSync(fileURLToPath(new URL('.', import.meta.url)), join(project, 'tools/set-up'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  writeFileSync(join(project, 'package-lock.json'), '{"packages":{}}');
  mkdirSync(join(project, 'bin'));
  writeFileSync(
    join(project, 'bin/npm'),
    '#!/bin/sh\necho "npm says $*"\necho "$1" >> npm-runs\nmkdir -p node_modules\nexit $NPM_EXIT\n',
  );
  chmodSync(join(project, 'bin/npm'), 0o755);
  writeTask('apps/cli/src/main.ts', 'console.log(JSON.stringify(process.argv.slice(2)));');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function writeTask(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

const environment = (more: Record<string, string> = {}) => {
  const { npm_execpath: _, ...rest } = process.env;
  return { ...rest, ...more, PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}` };
};
const entry = () => join(project, 'tools/set-up/run.mjs');

function run(args: string[], more: Record<string, string> = {}) {
  const options = { cwd: project, encoding: 'utf8', env: environment(more) } as const;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [entry(), ...args], options);
  return { status, signal, stdout, stderr };
}

const npmRuns = () => {
  const path = join(project, 'npm-runs');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
};

test('npm ci runs once, again when the lockfile changed, and never speaks on standard output', () => {
  const first = run(['demo', '--json']);
  expect(first.stdout).toBe('["demo","--json"]\n');
  expect(first.stderr).toContain('npm says ci');
  expect(run(['demo']).stderr).toBe('');
  expect(npmRuns()).toEqual(['ci']);

  writeFileSync(join(project, 'package-lock.json'), '{"packages":{},"changed":true}');
  expect(run(['demo']).status).toBe(0);
  expect(npmRuns()).toEqual(['ci', 'ci']);
});

test('a failed npm ci fails the task and is tried again', () => {
  const failed = run(['demo'], { NPM_EXIT: '7' });
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain('npm ci ended with 7');
  expect(failed.stdout).toBe('');
  expect(run(['demo']).status).toBe(0);
  expect(npmRuns()).toEqual(['ci', 'ci']);
});

test('two tasks at once share one npm ci', async () => {
  const ends = [1, 2].map(
    () =>
      new Promise((resolve) => {
        spawn(process.execPath, [entry(), 'demo'], { cwd: project, env: environment() }).on('exit', resolve);
      }),
  );
  expect(await Promise.all(ends)).toEqual([0, 0]);
  expect(npmRuns()).toEqual(['ci']);
});

test('an unknown task, and a task whose script is not there, are refused in one line', () => {
  expect(run(['fly']).stderr).toMatch(/^set-up: no task "fly"; there are: .*demo.*\n$/);
  expect(run(['fly']).status).toBe(1);
  const absent = run(['bench']);
  expect(absent.stderr).toContain('set-up: bench/main.ts is not in this tree\n');
  expect(absent.status).toBe(1);
});

test('the demo compiles the agent of its chip, other tasks those of all chips', () => {
  writeTask('device/agent/build.ts', "console.log('agents:', process.argv.slice(2).join());");
  writeTask('bench/main.ts', '');
  expect(run(['demo']).stderr).toContain('agents: stm32f427\n');
  expect(run(['demo', '--json', '--chip', 'stm32h743']).stderr).toContain('agents: stm32h743\n');
  expect(run(['bench']).stderr).toContain('agents: \n');
});

test('a compiler that fails ends the task before it began', () => {
  writeTask('device/agent/build.ts', 'process.exit(3);');
  const { status, stdout, stderr } = run(['demo']);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('set-up: the agent could not be built\n');
});

test('the exit code is the task\u2019s', () => {
  writeTask('apps/cli/src/main.ts', 'process.exit(43);');
  expect(run(['demo']).status).toBe(43);
});

test('a signal reaches the task, and set-up ends as the task does', async () => {
  writeTask(
    'apps/cli/src/main.ts',
    "process.on('SIGTERM', () => { console.log('told to end'); process.exit(9); });\nsetInterval(() => {}, 1000);\nconsole.log('ready');",
  );
  const child = spawn(process.execPath, [entry(), 'demo'], { cwd: project, env: environment() });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (stdout === 'ready\n') child.kill('SIGTERM');
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(9);
  expect(stdout).toBe('ready\ntold to end\n');
});

test('a task that dies of a signal makes set-up die of it', () => {
  writeTask('apps/cli/src/main.ts', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);");
  expect(run(['demo']).signal).toBe('SIGTERM');
});

test('what a suite lacks is told to the task; with FIRMSEAL_APT=never nothing is installed', () => {
  const lacked = 'firmseal-no-such-package';
  const data = {
    packages: { [lacked]: { probe: ['firmseal-no-such-program'] } },
    tasks: { demo: [{ suite: 'x', files: '**/*.x.test.ts', packages: [lacked] }] },
  };
  writeFileSync(join(project, 'tools/set-up/debian-packages.json'), JSON.stringify(data));
  writeTask('apps/cli/src/main.ts', 'console.log(process.env.FIRMSEAL_LACKING);');
  const { stdout, stderr, status } = run(['demo'], { FIRMSEAL_APT: 'never' });
  expect(stdout).toBe(`${lacked}\n`);
  expect(stderr).toContain(`set-up: missing, by Debian's names: ${lacked}\n`);
  expect(status).toBe(0);
});

test('a package counts as there when its probe runs', () => {
  const probes = {
    'firmseal-absent': { probe: ['firmseal-no-such-program'] },
    'firmseal-present': { probe: [process.execPath, '--version'] },
  };
  expect(missingOf(['firmseal-absent', 'firmseal-present'], probes)).toEqual(['firmseal-absent']);
});
