// Runs OpenOCD against a virtual chip for tests: its configuration through the st-link TCP door, Tcl in, a marked line for
// each answer out.

import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VirtualChip } from '../chip.ts';
import { probeTarget } from './probe-target.ts';
import { StlinkCommands } from './stlink-commands.ts';
import { serveStlink } from './stlink-server.ts';

export interface OpenocdRun {
  readonly exitCode: number | null;
  /** Everything it printed. */
  readonly log: string;
  /** What each step gave, by its name: the result of the command, or `error: ` and its message. */
  readonly answers: Readonly<Record<string, string>>;
}

export interface OpenocdOptions {
  readonly chip: VirtualChip;
  /** A file of OpenOCD's target folder. */
  readonly target: string;
  /** Tcl before the target file, such as `set DUAL_BANK 1`. */
  readonly before?: string;
  /** Name of a step, and its Tcl command; a failing one does not end the run. */
  readonly steps: readonly (readonly [string, string])[];
}

const timeoutMs = 90_000;

/** Serves the chip, runs OpenOCD to its end, closes the door. */
export async function runOpenocd(options: OpenocdOptions): Promise<OpenocdRun> {
  const server = await serveStlink(new StlinkCommands(probeTarget(options.chip)));
  const { port } = server.address() as AddressInfo;
  const file = join(mkdtempSync(join(tmpdir(), 'firmseal-openocd-')), 'run.cfg');
  const steps = options.steps.map(
    ([name, command]) =>
      `if {[catch {${command}} result]} {echo "@@${name}@@error: $result@@"} else {echo "@@${name}@@$result@@"}`,
  );
  writeFileSync(
    file,
    [
      ...['adapter driver st-link', `st-link backend tcp ${port}`, 'st-link vid_pid 0x0483 0x3748'],
      ...['transport select dapdirect_swd', 'gdb_port disabled', 'tcl_port disabled', 'telnet_port disabled'],
      ...[options.before ?? '', `source [find target/${options.target}]`, 'init', 'reset halt'],
      ...[...steps, 'shutdown', ''],
    ].join('\n'),
  );
  try {
    return await collect(file);
  } finally {
    server.close();
  }
}

function collect(file: string): Promise<OpenocdRun> {
  const child = spawn('openocd', ['-f', file], { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log += String(bytes)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const marked = log.matchAll(/@@([\w -]+)@@([^@]*)@@/g);
      const answers = Object.fromEntries([...marked].map(([, name, text]) => [name, text!.trim()]));
      resolve({ exitCode, log, answers });
    });
  });
}
