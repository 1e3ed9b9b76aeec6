// The guest as files: a kernel and a file system, kept in the cache of this tree.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileSystemFor } from './file-system.ts';
import { fetchKernel, type Kernel, keptKernel } from './kernel.ts';

export interface Guest {
  readonly kernelImage: string;
  readonly fileSystem: string;
  /** Package and version of the kernel. */
  readonly kernelName: string;
}

const cache = join(import.meta.dirname, '../../.cache/usb-vm');

const guestOf = (kernel: Kernel): Guest => ({
  kernelImage: join(kernel.folder, 'vmlinuz'),
  fileSystem: fileSystemFor(kernel, cache),
  kernelName: kernel.name,
});

/**
 * The guest with the newest kernel that apt offers; fetches and makes what is not kept.
 * Throws saying what is missing.
 */
export function prepareGuest(): Guest {
  if (process.arch !== 'x64')
    throw new Error('the guest is made of programs for x86-64, and this machine is not x86-64');
  return guestOf(fetchKernel(cache));
}

/** The guest if this machine can run it without fetching anything, else what it lacks. */
export function guestHere(): Guest | { readonly lacks: string } {
  if (spawnSync('qemu-system-x86_64', ['--version'], { stdio: 'ignore' }).status !== 0)
    return { lacks: 'qemu-system-x86' };
  const kernel = keptKernel(cache);
  if (kernel === undefined) return { lacks: 'a kernel for the guest (npm run lab -- usb-vm fetches it)' };
  try {
    return guestOf(kernel);
  } catch (error) {
    return { lacks: (error as Error).message };
  }
}
