// Runs the programs of Debian that look packages up and take them apart.

import { execFileSync } from 'node:child_process';

/** Tools of the administrator lie where other users' PATH does not look. */
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** What the program printed. Throws with its error output when it fails. */
export function run(program: string, args: readonly string[], folder = '.'): string {
  return execFileSync(program, args, {
    ...{ cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 16 << 20 },
    env: { ...process.env, PATH: path, LC_ALL: 'C' },
  });
}

/** The version of each package that is installed, in the order asked for. Throws naming one that is not. */
export function installedVersions(names: readonly string[]): string[] {
  return names.map((name) => {
    try {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
      return `${name} ${run('dpkg-query', ['--show', '--showformat', '${Version}', name])}`;
    } catch (cause) {
      throw new Error(`the Debian package ${name} is not installed: apt-get install ${name}`, { cause });
    }
  });
}
