// `npm run lab -- executables`: builds the single executables of every target, and runs those of Linux as a
// user would, without Node in reach: version, list of devices with the native code of USB and serial ports,
// and the demonstration to its end. The other processor's runs under QEMU. The one of Windows is built,
// looked at by `file`, and never run. Exit code 1 where one did otherwise.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { buildExecutable } from '../../tools/pack/executable.ts';
import { executableTargets, hostTarget } from '../../tools/pack/native-packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const emulators: Readonly<Record<string, readonly string[]>> = {
  'linux-arm64': ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
};
const kinds: Readonly<Record<(typeof executableTargets)[number], RegExp>> = {
  'linux-x64': /ELF 64-bit LSB executable, x86-64/,
  'linux-arm64': /ELF 64-bit LSB executable, ARM aarch64/,
  'win32-x64': /PE32\+ executable \(console\) x86-64, for MS Windows/,
};

let wrong = 0;
function check(target: string, what: string, good: boolean, said = ''): void {
  if (!good) wrong++;
  console.log(`${good ? 'ok   ' : 'WRONG'}  ${target}  ${what}${good ? '' : `\n${said}`}`);
}

buildShipping();
const home = mkdtempSync(join(tmpdir(), 'firmseal-executables-'));
try {
  for (const target of executableTargets) {
    const { path, bytes } = await buildExecutable(target, join(root, '.cache/executable'));
    const kind = spawnSync('file', ['--brief', path], { encoding: 'utf8' }).stdout;
    check(
      target,
      `${(bytes / 2 ** 20).toFixed(0)} MiB, ${kind.split(',')[0]}`,
      kinds[target].test(kind),
      kind,
    );
    const own = target === hostTarget();
    if (!own && emulators[target] === undefined) {
      console.log(`       ${target}  never run`);
      continue;
    }
    const folder = join(home, target);
    mkdirSync(folder);
    const [program, ...before] = [...(own ? [] : emulators[target]!), path];
    const run = (...words: string[]) =>
      spawnSync(program!, [...before, ...words], {
        cwd: folder,
        env: { HOME: folder, PATH: own ? '/nowhere' : (process.env['PATH'] ?? '') },
        encoding: 'utf8',
      });
    const version = run('--version');
    check(target, `--version ${version.stdout.trim()}`, version.status === 0, version.stderr);
    const devices = run('devices', '--json');
    const said = devices.stdout + devices.stderr;
    check(target, 'native code of USB loads', devices.status !== null && !/library-missing/.test(said), said);
    const port = ['--via', 'serial:/dev/firmseal-none', '--chip', 'stm32f427', '--out', 'x', '--json'];
    const serial = run('flash', 'read', ...port);
    const answer = serial.stdout + serial.stderr;
    const loads = answer.includes('/dev/firmseal-none') && !/library-missing/.test(answer);
    check(target, 'native code of serial ports loads', loads, answer);
    const demo = run('demo', '--json');
    const ended = demo.status === 0 && demo.stdout.includes('"ledgerVerified":true');
    check(target, 'demo to its end', ended, demo.stdout.slice(-2_000) + demo.stderr);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = wrong === 0 ? 0 : 1;
