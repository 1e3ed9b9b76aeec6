// Starts ST's or SEGGER's program and gives its lines as they come. Its arguments are passed as they are,
// never through a shell. A program that prints nothing for long is ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@firmseal/fault';
import { systemReason } from '@firmseal/files';
import type { StTool } from '@firmseal/sfi';
import type { RunningTools } from './running-tools.ts';

export const stToolName = 'STM32_Programmer_CLI';
export const seggerToolName = 'SFI_FC_x64';
const silenceSeconds = 120;
const mostLineCharacters = 4_000;

/** Where its installer puts it, by the system. */
function installedAt(): string[] {
  const inProduct = ['STMicroelectronics', 'STM32Cube', 'STM32CubeProgrammer'];
  if (process.platform === 'win32')
    return [join('C:\\Program Files', ...inProduct, 'bin', `${stToolName}.exe`)];
  if (process.platform === 'darwin')
    return [join('/Applications', ...inProduct, 'STM32CubeProgrammer.app/Contents/MacOs/bin', stToolName)];
  return [
    join(homedir(), ...inProduct, 'bin', stToolName),
    join('/opt/st/stm32cubeprogrammer/bin', stToolName),
  ];
}

/** The program that was named; else the one of the PATH, or where ST's installer puts it. */
export function stToolPath(named: string | undefined, path: string | undefined): string {
  if (named !== undefined) return named;
  const separator = process.platform === 'win32' ? ';' : ':';
  const file = process.platform === 'win32' ? `${stToolName}.exe` : stToolName;
  const onPath = (path ?? '')
    .split(separator)
    .filter(Boolean)
    .map((folder) => join(folder, file));
  return [...onPath, ...installedAt()].find((one) => existsSync(one)) ?? stToolName;
}

/** Ends a program with everything that it started: on Linux ST's tool is a script around the program. */
function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    child.kill('SIGKILL'); // it ended meanwhile
  }
}

/** Lines of a stream, cut at line feeds and at the returns of progress bars. */
function takeLines(onLine: (line: string) => void) {
  let rest = '';
  const give = (text: string) => onLine(text.slice(0, mostLineCharacters));
  return {
    take(piece: string) {
      const parts = (rest + piece).split(/\r\n|\n|\r/);
      rest = parts.pop()!.slice(-mostLineCharacters);
      for (const part of parts) give(part);
    },
    end() {
      if (rest !== '') give(rest);
      rest = '';
    },
  };
}

export interface ToolProcesses {
  /** Ends what runs now. */
  kill(): void;
}

export interface ToolOptions {
  readonly program: string;
  /** For people. */
  readonly name: string;
  /** How long it may be silent. */
  readonly limitSeconds?: number;
  /** Where its starts are noted, for the run after one that was killed. */
  readonly starts?: RunningTools;
}

/** The program as the driver wants it. */
export function toolAt({
  program,
  name,
  limitSeconds = silenceSeconds,
  starts,
}: ToolOptions): StTool & ToolProcesses {
  const running = new Set<ChildProcess>();
  return {
    name,
    kill: () => {
      for (const child of running) endGroup(child);
    },
    run: (words, onLine) =>
      new Promise((resolve, reject) => {
        // A group of its own: Ctrl-C must not end an install half way.
        const detached = process.platform !== 'win32';
        const child = spawn(program, words, {
          stdio: ['ignore', 'pipe', 'pipe'],
          detached,
          windowsHide: true,
        });
        running.add(child);
        const noted = child.pid === undefined ? undefined : starts?.note(child.pid);
        let silent = false;
        const arm = () =>
          setTimeout(() => {
            silent = true;
            endGroup(child);
          }, limitSeconds * 1000);
        let timer = arm();
        for (const stream of [child.stdout, child.stderr]) {
          const lines = takeLines(onLine);
          stream.setEncoding('utf8');
          stream.on('data', (piece: string) => {
            clearTimeout(timer);
            timer = arm();
            lines.take(piece);
          });
          stream.on('end', () => lines.end());
        }
        child.on('error', (error) => {
          clearTimeout(timer);
          running.delete(child);
          reject(new Fault('st-tool-missing', { tool: name, reason: systemReason(error) }, { cause: error }));
        });
        child.on('close', async (status) => {
          clearTimeout(timer);
          running.delete(child);
          try {
            (await noted)?.();
          } catch (error) {
            return reject(error);
          }
          if (silent) reject(new Fault('st-tool-silent', { tool: name, seconds: limitSeconds }));
          else resolve({ status });
        });
      }),
  };
}
