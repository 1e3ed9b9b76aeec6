// Command lines that `firmseal virtual` prints, run as they stand.

import { execFile } from 'node:child_process';
import type { VirtualProcess } from './run-virtual.ts';

/** The first line for that client, of the chip with that index. */
export const lineFor = (virtual: VirtualProcess, client: string, chip = 0): string =>
  virtual.chips[chip]!.connect.find((one) => one.client === client)!.command;

/** Runs it by sh in a folder; a client that fails is not thrown. */
export const runLine = (command: string, folder: string): Promise<{ failed: boolean; printed: string }> =>
  new Promise((resolve) =>
    execFile('sh', ['-c', command], { cwd: folder, timeout: 120_000 }, (error, out, err) =>
      resolve({ failed: error !== null, printed: out + err }),
    ),
  );
