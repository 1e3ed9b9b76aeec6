// A process that ends in the middle of its work, in the test's own process: from one change of the file
// system on, every further one fails, so that nothing of what the code does afterwards reaches the disk.

import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

type Calls = Record<string, (...given: unknown[]) => unknown>;

const changes = [
  ...['openSync', 'writeSync', 'fsyncSync', 'linkSync', 'unlinkSync', 'renameSync', 'mkdirSync', 'rmSync'],
  'chmodSync',
];
const promisedChanges = ['writeFile', 'open', 'rm'];

/** Opening to read changes nothing. */
const isChange = (name: string, given: readonly unknown[]): boolean =>
  !name.startsWith('open') || (given[1] !== undefined && given[1] !== 'r');

/** Runs `work` in a process that ends at its `at`-th change. Resolves to whether it came that far. */
export async function dyingAt(at: number, work: () => Promise<unknown>): Promise<boolean> {
  let made = 0;
  const restore: (() => void)[] = [];
  const replace = (owner: Calls, names: readonly string[], promised: boolean): void => {
    for (const name of names) {
      const real = owner[name]!;
      restore.push(() => {
        owner[name] = real;
      });
      owner[name] = (...given) => {
        if (!isChange(name, given) || ++made < at) return real.apply(owner, given);
        const gone = Object.assign(new Error('the process is gone'), { code: 'EIO', syscall: name });
        if (promised) return Promise.reject(gone);
        throw gone;
      };
    }
    syncBuiltinESMExports();
  };
  replace(fs as unknown as Calls, changes, false);
  replace(promises as unknown as Calls, promisedChanges, true);
  try {
    await work();
  } finally {
    for (const one of restore) one();
    syncBuiltinESMExports();
  }
  return made >= at;
}
