// Runs one task of the project (`npm run demo`, `npm test`, ...) after doing whatever set-up the machine
// still lacks, so that a fresh clone needs Node 20 or newer, npm, and nothing else. Plain JavaScript: it runs
// before anything is installed. It speaks on standard error only; standard output belongs to the task. What
// each task is: tasks.mjs. Packages from npm: node-modules.mjs. From Debian: debian.mjs.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lackingPackages } from './debian.mjs';
import { taskNode } from './node-modules.mjs';
import { withProgress } from './progress.mjs';
import { taskOf, tasks } from './tasks.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const agentBuild = join(root, 'device', 'agent', 'build.ts');
const pageBuilds = ['build-element.ts', 'build-console.ts'].map((name) => join(root, 'tools', 'pack', name));
const pkcs11Build = join(root, 'tools', 'set-up', 'pkcs11js.ts');
const sourceFetch = join(root, 'device', 'agent', 'toolchain', 'fetch-sources.ts');

/** Ends this process the way the child ended: same exit code, or the same signal. */
function endAs(code, signal) {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function runTask(node, args, environment) {
  const child = spawn(node, args, { cwd: process.cwd(), env: environment, stdio: 'inherit' });
  // A terminal sends Ctrl-C to the whole group, so the child has it already; a second
  // one could mean "at once".
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`${node} did not start: ${error.message}`));
  child.on('exit', endAs);
}

function refuse(text) {
  process.stderr.write(`set-up: ${text}\n`);
  process.exit(1);
}

/** CPU seconds of the children of this process that have ended; 0 on a system without /proc. */
function childSeconds() {
  try {
    // Behind the name of the program in brackets, cutime and cstime are the 14th and 15th field, in 1/100 s.
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}

/**
 * Compiles the agents of the chips, or of all when none is named, where that was not done yet; what the
 * compiler says goes to standard error.
 */
async function buildAgents(node, chips, environment) {
  const build = () =>
    new Promise((resolve, reject) => {
      const child = spawn(node, [agentBuild, ...chips], { env: environment, stdio: ['ignore', 2, 2] });
      child.on('error', reject);
      child.on('exit', resolve);
    });
  const code = await withProgress('compiling the agent that runs in virtual chips', build);
  if (code !== 0) refuse('the agent could not be built');
}

async function main([name, ...args]) {
  const { task, packagesOf } = taskOf(name, args);
  if (task === undefined) refuse(`no task "${name ?? ''}"; there are: ${Object.keys(tasks).join(', ')}`);
  if (Number.parseInt(process.versions.node, 10) < 20)
    refuse(`Node ${process.versions.node} is too old; install Node 20 or newer`);

  const node = await taskNode(root);
  const lacking = await lackingPackages(root, packagesOf);
  if (!existsSync(join(root, task.script))) refuse(`${task.script} is not in this tree`);
  const environment = {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.cache', 'compile'),
    FIRMSEAL_LACKING: lacking.join(' '),
  };
  const secondsBefore = childSeconds();
  if (task.needsAgent === true && existsSync(agentBuild))
    await buildAgents(node, task.agentsOf?.(args) ?? [], environment);
  for (const build of task.needsPages === true ? pageBuilds.filter(existsSync) : [])
    spawnSync(node, [build], { env: environment, stdio: ['ignore', 2, 2] });
  environment.FIRMSEAL_BUILD_SECONDS = String(childSeconds() - secondsBefore);
  if (task.needsSources === true && existsSync(sourceFetch))
    spawnSync(node, [sourceFetch], { env: environment, stdio: ['ignore', 2, 2] });
  if (task.needsPkcs11 === true && existsSync(pkcs11Build))
    spawnSync(node, [pkcs11Build], { env: environment, stdio: ['ignore', 2, 2] });
  runTask(node, [join(root, task.script), ...task.args, ...args], environment);
}

main(process.argv.slice(2)).catch((error) => refuse(error.message));
