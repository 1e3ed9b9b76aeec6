// Runs OpenOCD against a virtual chip for tests: its configuration through the st-link TCP door, Tcl
// in, a marked line for each answer out. Script and answers are the same for other probes:
// `openocdScript`, `openocdAnswers`.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeTarget, StlinkCommands, serveStlink, type VirtualChip } from '@firmseal/virtual-stm32';
import type { OpenocdFamily } from './openocd-families.ts';

export interface OpenocdRun {
  readonly exitCode: number | null;
  /** Everything it printed. */
  readonly log: string;
  /** What each step gave, by its name: the result of the command, or `error: ` and its message. */
  readonly answers: Readonly<Record<string, string>>;
}

export interface OpenocdJob {
  readonly family: Pick<OpenocdFamily, 'target' | 'before'>;
  /** Name of a step, and its Tcl command; a failing one does not end the run. */
  readonly steps: readonly (readonly [string, string])[];
  /** The ST-LINK in front of the chip. */
  readonly stlink?: StlinkCommands;
  /** For the whole run; default 90,000. */
  readonly timeoutMs?: number;
}

/** A configuration file: the adapter's commands, the target, connecting under reset, the steps. */
export function openocdScript(adapter: readonly string[], { family, steps }: OpenocdJob): string {
  const { before, target } = family;
  return [
    ...[...adapter, 'gdb_port disabled', 'tcl_port disabled', 'telnet_port disabled'],
    ...[before, `source [find target/${target}]`, 'init', 'reset halt'],
    ...steps.map(
      ([name, command]) =>
        `if {[catch {${command}} result]} {echo "@@${name}@@error: $result@@"} else {echo "@@${name}@@$result@@"}`,
    ),
    ...['shutdown', ''],
  ].join('\n');
}

export function openocdAnswers(log: string): OpenocdRun['answers'] {
  const marked = log.matchAll(/@@([\w -]+)@@([^@]*)@@/g);
  return Object.fromEntries([...marked].map(([, name, text]) => [name, text!.trim()]));
}

/** Serves the chip, runs OpenOCD to its end in a folder of files that its steps name, closes the door. */
export async function runOpenocd(
  chip: VirtualChip,
  job: OpenocdJob,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<OpenocdRun> {
  const { stlink = new StlinkCommands(probeTarget(chip)), timeoutMs = 90_000 } = job;
  const server = await serveStlink(stlink);
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-openocd-'));
  const adapter = ['adapter driver st-link', `st-link backend tcp ${port}`, 'st-link vid_pid 0x0483 0x3748'];
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, 'run.cfg'), openocdScript([...adapter, 'transport select dapdirect_swd'], job));
  try {
    return await collect(folder, timeoutMs);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

function collect(folder: string, timeoutMs: number): Promise<OpenocdRun> {
  const child = spawn('openocd', ['-f', 'run.cfg'], {
    ...({ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs } as const),
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log += String(bytes)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, log, answers: openocdAnswers(log) }));
  });
}
