// A program that runs with mounts of its own: a disk as small as a test wants it, gone with the program.

import { spawnSync } from 'node:child_process';

/** Put before the words of the program. */
export const ownMounts: readonly string[] = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];

/** Whether this machine allows it. */
export const canMount: boolean =
  spawnSync(ownMounts[0]!, [...ownMounts.slice(1), 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;
