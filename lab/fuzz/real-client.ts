// A real client at the door of a chip that was fuzzed: stm32flash, dfu-util or OpenOCD, unmodified, programs
// and verifies it, lifting its protections first where they stand. Throws with what the client printed.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWriteProtected } from '@firmseal/chips';
import {
  ChipUsbPort,
  openPseudoTerminal,
  probeTarget,
  StlinkCommands,
  serveStlink,
  serveUsbip,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { buildDfuShim, dfuShimEnvironment } from '../dfu-shim/build.ts';

const start = '0x08000000';
const image = Uint8Array.from({ length: 3000 }, (_, i) => (Math.imul(i, 2654435761) >>> 24) ^ 0x5a);
const timeoutMs = 120_000;

interface Ended {
  readonly status: number | null;
  readonly printed: string;
}

function run(program: string, args: readonly string[], folder: string, environment = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...({ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs } as const),
      env: { ...process.env, ...environment },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += String(text)));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, printed }));
  });
}

function demand(holds: boolean, { printed }: Ended): void {
  if (!holds) throw new Error(`the client: ${printed.slice(-600)}`);
}

const holdsImage = (chip: VirtualChip): boolean =>
  Buffer.from(chip.judge.flash(0x08000000, image.length)).equals(image);

const hasWriteProtection = ({ chip, judge }: VirtualChip): boolean =>
  chip.flash.eraseUnits.some((unit) => isWriteProtected(chip, judge.optionsLoaded, unit));

const isOpen = (chip: VirtualChip): boolean => chip.judge.readoutLevel === 0;

async function byStm32flash(chip: VirtualChip, folder: string): Promise<void> {
  const door = new UartDoor(chip);
  const terminal = await openPseudoTerminal(door);
  const flash = (...words: string[]) => run('stm32flash', ['-m', '8n1', ...words, terminal.path], folder);
  try {
    if (chip.judge.readoutLevel === 1) {
      const lifted = await flash('-k');
      demand(lifted.status === 0, lifted);
    }
    await flash('-u'); // an input may have write-protected what is written now
    const written = await flash('-w', 'image.bin', '-v');
    demand(written.status === 0 && written.printed.includes('verified'), written);
  } finally {
    await terminal.close();
    door.close();
  }
}

async function byDfuUtil(chip: VirtualChip, folder: string): Promise<void> {
  const usb = new ChipUsbPort(chip);
  const server = await serveUsbip(
    [
      {
        busId: '1-1',
        get device() {
          return usb.device;
        },
      },
    ],
    { port: 0 },
  );
  const environment = dfuShimEnvironment(buildDfuShim(folder), (server.address() as AddressInfo).port);
  const dfu = (...words: string[]) => run('dfu-util', ['-a', '0', ...words], folder, environment);
  try {
    if (chip.judge.readoutLevel === 1) await dfu('-s', `${start}:unprotect:force`, '-D', 'image.bin');
    const written = await dfu('-s', start, '-D', 'image.bin');
    demand(written.printed.includes('File downloaded successfully'), written);
    const read = await dfu('-s', `${start}:${image.length}`, '-U', 'back.bin');
    demand(read.status === 0 && readFileSync(join(folder, 'back.bin')).equals(image), read);
  } finally {
    usb.close();
    server.close();
  }
}

/** OpenOCD's file, what stands before it, its flash driver, and what loads option bytes. */
const targets: Readonly<
  Record<string, readonly [file: string, before: string, driver: string, load: string]>
> = {
  stm32f427: ['stm32f4x', '', 'stm32f2x', ''],
  stm32f405: ['stm32f4x', '', 'stm32f2x', ''],
  stm32h743: ['stm32h7x', 'set DUAL_BANK 1', 'stm32h7x', ''],
  stm32g0b1: ['stm32g0x', '', 'stm32l4x', 'stm32l4x option_load 0'],
  stm32l476: ['stm32l4x', '', 'stm32l4x', 'stm32l4x option_load 0'],
  stm32u575: ['stm32u5x', '', 'stm32l4x', 'stm32l4x option_load 0'],
};

async function byOpenocd(chip: VirtualChip, folder: string): Promise<void> {
  const server = await serveStlink(new StlinkCommands(probeTarget(chip)));
  const { port } = server.address() as AddressInfo;
  const [file, before, driver, load] = targets[chip.chip.id]!;
  const session = (...commands: string[]): Promise<Ended> => {
    const script = [
      ...['adapter driver st-link', `st-link backend tcp ${port}`, 'st-link vid_pid 0x0483 0x3748'],
      ...['transport select dapdirect_swd', 'gdb_port disabled', 'tcl_port disabled', 'telnet_port disabled'],
      ...[before, `source [find target/${file}.cfg]`, 'init', 'reset halt', ...commands, 'shutdown'],
    ];
    writeFileSync(join(folder, 'run.cfg'), script.join('\n'));
    return run('openocd', ['-f', 'run.cfg'], folder);
  };
  try {
    if (!isOpen(chip)) {
      const lifted = await session(`${driver} unlock 0`, load);
      chip.powerOff(); // as OpenOCD asks for: option bytes of F4 and H7 are loaded then
      chip.powerOn();
      demand(isOpen(chip), lifted);
    }
    if (hasWriteProtection(chip)) {
      const banks = chip.chip.id === 'stm32h743' ? [0, 1] : [0];
      const lifted = await session(...banks.map((bank) => `flash protect ${bank} 0 last off`), load);
      chip.powerOff();
      chip.powerOn();
      demand(!hasWriteProtection(chip), lifted);
    }
    const ended = await session(
      `${driver} mass_erase 0`,
      `flash write_image image.bin ${start}`,
      `echo [verify_image image.bin ${start}]`,
    );
    demand(ended.status === 0 && ended.printed.includes('verified 3000 bytes'), ended);
  } finally {
    server.close();
  }
}

const clients = { uart: byStm32flash, dfu: byDfuUtil, debug: byOpenocd } as const;

/** The client for the door programs the chip; the chip must hold the image then. */
export function programByClient(door: keyof typeof clients): (chip: VirtualChip) => Promise<void> {
  return async (chip) => {
    const folder = mkdtempSync(join(tmpdir(), 'firmseal-fuzz-'));
    writeFileSync(join(folder, 'image.bin'), image);
    try {
      await clients[door](chip, folder);
      if (!holdsImage(chip)) throw new Error('the client is content, and the chip holds other bytes');
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}
