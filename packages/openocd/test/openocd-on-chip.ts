// An OpenOCD, the program itself, that holds a virtual chip through ST's stlink-server protocol and
// listens on its Tcl port: what `openocd:HOST:PORT` names. Ends with the test.

import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo, Server } from 'node:net';
import { probeTarget, StlinkCommands, serveStlink, type VirtualChip } from '@firmseal/virtual-stm32';

/** Target file of each chip, and what to set before it. */
export const openocdTargets: Readonly<Record<string, { readonly file: string; readonly before?: string }>> = {
  stm32f405: { file: 'stm32f4x.cfg' },
  stm32f411: { file: 'stm32f4x.cfg' },
  stm32f427: { file: 'stm32f4x.cfg' },
  stm32f427xg: { file: 'stm32f4x.cfg' },
  stm32f446: { file: 'stm32f4x.cfg' },
  stm32h743: { file: 'stm32h7x.cfg', before: 'set DUAL_BANK 1' },
  stm32g0b1: { file: 'stm32g0x.cfg' },
  stm32l476: { file: 'stm32l4x.cfg' },
  stm32u575: { file: 'stm32u5x.cfg' },
};

export interface OpenocdOnChip {
  /** Of its Tcl server, on the loopback interface. */
  readonly port: number;
  /** What it printed so far. */
  readonly log: () => string;
  close(): Promise<void>;
}

const startTimeoutMs = 60_000;

/** Resolves with the port when it listens; rejects with its log when it ends first. */
function tclPort(child: ChildProcess, log: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`OpenOCD does not listen:\n${log()}`)), startTimeoutMs);
    const look = (): void => {
      const found = /Listening on port (\d+) for tcl connections/.exec(log());
      if (found === null) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    };
    child.stderr?.on('data', look);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`OpenOCD ended with ${code}:\n${log()}`));
    });
  });
}

export async function openocdOnChip(
  chip: VirtualChip,
  stlink: StlinkCommands = new StlinkCommands(probeTarget(chip)),
): Promise<OpenocdOnChip> {
  const server: Server = await serveStlink(stlink);
  const { port: stlinkPort } = server.address() as AddressInfo;
  const { file, before = '' } = openocdTargets[chip.chip.id]!;
  const commands = [
    ...['adapter driver st-link', `st-link backend tcp ${stlinkPort}`, 'st-link vid_pid 0x0483 0x3748'],
    ...['transport select dapdirect_swd', 'gdb_port disabled', 'telnet_port disabled', 'tcl_port 0', before],
    ...[`source [find target/${file}]`, 'init'],
  ];
  const args = commands.filter((one) => one !== '').flatMap((one) => ['-c', one]);
  const child = spawn('openocd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (bytes) => {
    text += String(bytes);
  });
  const log = () => text;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => server.close(() => resolve()));
  });
  const close = (): Promise<void> => {
    child.kill();
    return ended;
  };
  try {
    return { port: await tclPort(child, log), log, close };
  } catch (error) {
    await close();
    throw error;
  }
}
