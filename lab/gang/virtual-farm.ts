// Many virtual chips in one process with every door open that needs no other process: link, JSON debug port,
// UART by TCP, USB/IP, ST-LINK. What they cost in memory once every erase unit of every chip was written.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findChip } from '@firmseal/chips';

const cli = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const words = ['virtual', '--json', '--uart', 'tcp', '--usb', '--debug', 'stlink'];

interface ChipLine {
  readonly probe: string;
  readonly uart: number;
  readonly stlinkPort: number;
}

export interface Farm {
  readonly chips: number;
  readonly rssBytes: number;
  /** From start to the last door open. */
  readonly readyMs: number;
}

const residentBytes = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** One word in every erase unit: its cells are held from then on. */
async function writeEverywhere(chip: string, { probe }: ChipLine): Promise<void> {
  const socket = await open(Number(probe.split(':').at(-1)));
  const { flash, write } = findChip(chip);
  const bytes = '5a'.repeat(write.unitBytes);
  const requests = [
    { op: 'connect' },
    ...flash.eraseUnits.map(({ addressStart }) => ({ op: 'program', address: addressStart, bytes })),
  ];
  let answered = 0;
  const lines = createInterface({ input: socket });
  const done = new Promise<void>((resolve, reject) =>
    lines.on('line', (line) => {
      if (line !== '{}') reject(new Error(line));
      if (++answered === requests.length) resolve();
    }),
  );
  socket.write(requests.map((one) => `${JSON.stringify(one)}\n`).join(''));
  await done;
  socket.destroy();
}

/** Serves them, writes to all, holds a client on each UART and ST-LINK, and looks. */
export async function measureFarm(chip: string, count: number): Promise<Farm> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [cli, ...words, '--chip', chip, '--count', String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const clients: Socket[] = [];
  try {
    const lines: ChipLine[] = [];
    const ready = new Promise<void>((resolve, reject) => {
      child.once('close', () => reject(new Error('the chips ended')));
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as ChipLine & { event: string };
        if (line.event === 'chip') lines.push(line);
        if (line.event === 'ready') resolve();
      });
    });
    await ready;
    const readyMs = performance.now() - startMs;
    for (const line of lines) {
      await writeEverywhere(chip, line);
      clients.push(await open(line.uart), await open(line.stlinkPort));
    }
    return { chips: lines.length, rssBytes: residentBytes(child.pid!), readyMs };
  } finally {
    for (const client of clients) client.destroy();
    child.kill();
  }
}
