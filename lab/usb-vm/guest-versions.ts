// Which programs the guest runs, for records of what they did.

import type { Guest } from './guest.ts';
import { guestPackages } from './guest-parts.ts';
import { installedVersions } from './programs.ts';

/** Debian's package names and versions: the kernel, then the programs. */
export function guestVersions({ kernelName }: Guest): Record<string, string> {
  const lines = [kernelName, ...installedVersions(guestPackages)];
  return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]));
}
