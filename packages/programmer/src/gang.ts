// Many sockets at once: one install each, a bounded number at a time, results in the order of the command.

import { Fault } from '@firmseal/fault';
import { type InstallResult, runInstall } from './install.ts';
import type { InstallSettings } from './install-context.ts';

export interface GangSettings extends Omit<InstallSettings, 'socket' | 'socketNumber'> {
  /** Port paths, each once. */
  readonly sockets: readonly string[];
  /** Installs that run at the same time; default all. */
  readonly mostAtOnce?: number;
}

/** Rejects only with `socket-repeated`; every other fault is in the result of its socket. */
export async function runGang(settings: GangSettings): Promise<InstallResult[]> {
  const { sockets, mostAtOnce = sockets.length, ...shared } = settings;
  const repeated = sockets.find((socket, i) => sockets.indexOf(socket) !== i);
  if (repeated !== undefined) throw new Fault('socket-repeated', { socket: repeated });
  // Two names can lead to one chip, which would then count as two results.
  const socketOf = new Map<string, string>();
  const claimDevice = (thumbprint: string, socket: string): string | undefined => {
    const first = socketOf.get(thumbprint) ?? socket;
    socketOf.set(thumbprint, first);
    return first === socket ? undefined : first;
  };
  const results: InstallResult[] = [];
  let next = 0;
  const work = async () => {
    while (next < sockets.length) {
      const index = next++;
      results[index] = await runInstall({
        ...{ ...shared, claimDevice, socket: sockets[index]!, socketNumber: index + 1 },
      });
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(mostAtOnce, sockets.length)) }, work));
  return results;
}
