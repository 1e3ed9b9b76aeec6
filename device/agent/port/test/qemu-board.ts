// QEMU's board mps2-an386 with the agent's `qemu` build in it, its UART on a TCP connection that
// QEMU opens to this process: so the system chooses the port, and nobody else can take it. What is
// played: ../mps2an386/fs_stand_in.h.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readImage } from '@firmseal/image';
import type { ByteStream, ByteStreamListener } from '@firmseal/link';
import { serveLoopback, type TcpStream } from '@firmseal/tcp-adapter';
import { runTool } from '../../../../tools/toolchain.ts';

const psram = 0x2100_0000;
const defaultLongestS = 300;

export interface QemuBoard {
  readonly stream: ByteStream;
  /** Everything that the board sent so far, a character for each byte. */
  said(): string;
  end(): Promise<void>;
}

export interface QemuBoardOptions {
  /** The build, symbols and all. */
  readonly elf: string;
  /** For files of this run. */
  readonly folder: string;
  /** Three words, as the F427's. */
  readonly uniqueId: readonly [number, number, number];
  /** Of the stand-in generator; 0: none. */
  readonly seed: number;
  /** More arguments for QEMU. */
  readonly more?: readonly string[];
  /** QEMU ends after so many seconds, 300 when left out, should the caller be killed before it ends it. */
  readonly longestS?: number;
}

/**
 * Without .bss and .stack. QEMU writes what the file holds at every reset, and would write the zeros of a
 * segment behind its load address, in flash.
 */
function loadable({ elf, folder }: QemuBoardOptions): string {
  const file = join(folder, 'agent.elf');
  runTool('arm-none-eabi-objcopy', ['-R', '.bss', '-R', '.stack', elf, file], folder);
  return file;
}

/**
 * A file with the first two words of the agent's vector table: the processor starts by what stands at 0, and
 * takes it from a file before it takes it from memory.
 */
function vectors({ elf, folder }: QemuBoardOptions): string {
  const file = join(folder, 'vectors.bin');
  writeFileSync(file, readImage(readFileSync(elf)).segments[0]!.bytes.subarray(0, 8));
  return file;
}

/** A stream that also remembers what came: the application speaks on the agent's line. */
function remember(stream: ByteStream): { stream: ByteStream; said: () => string } {
  let text = '';
  const listen = (listener: ByteStreamListener) =>
    stream.listen({
      data: (bytes) => {
        text += String.fromCharCode(...bytes);
        listener.data(bytes);
      },
      closed: (cause) => listener.closed(cause),
    });
  const remembering: ByteStream = {
    write: (bytes) => stream.write(bytes),
    listen,
    close: () => stream.close(),
  };
  return { stream: remembering, said: () => text };
}

/** Starts a board whose power was off: flash blank, option bytes as delivered, the agent in place. */
export async function startQemu(options: QemuBoardOptions): Promise<QemuBoard> {
  let connected: (stream: TcpStream) => void = () => undefined;
  const connection = new Promise<TcpStream>((resolve) => {
    connected = resolve;
  });
  const server = await serveLoopback({ mostConnections: 1, onConnection: (stream) => connected(stream) });
  const word = (address: number, value: number) => [
    '-device',
    `loader,addr=0x${address.toString(16)},data=0x${value.toString(16)},data-len=4`,
  ];
  const words = [
    ...[...options.uniqueId, options.seed].flatMap((value, i) => word(psram + 4 * i, value)),
    ...['-device', `loader,file=${vectors(options)},addr=0x0,force-raw=on`],
  ];
  const machine = [
    '-M',
    'mps2-an386',
    '-nographic',
    '-nic',
    'none',
    ...(options.more ?? ['-monitor', 'none']),
  ];
  const line = ['-chardev', `socket,id=link,host=127.0.0.1,port=${server.port}`, '-serial', 'chardev:link'];
  const qemu = ['qemu-system-arm', ...machine, ...line, '-kernel', loadable(options), ...words];
  const child = spawn('timeout', [`${options.longestS ?? defaultLongestS}`, ...qemu], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint += bytes.toString();
  });
  const ended = once(child, 'close');
  const early = ended.then(() => {
    throw new Error(`QEMU ended: ${complaint}`);
  });
  early.catch(() => undefined); // looked at below; at the end of a test it is what was wanted
  const end = async () => {
    child.kill('SIGTERM');
    await ended;
    await server.close();
  };
  try {
    return { ...remember(await Promise.race([connection, early])), end };
  } catch (error) {
    await end();
    throw error;
  }
}
