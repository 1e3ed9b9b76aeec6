// A pseudo-terminal for a UART door, so that programs which open a serial port reach the chip. Node cannot
// open one by itself: a small Python process does, and relays its bytes. The kernel drops parity on a
// pseudo-terminal: clients must be told 8N1 (`stm32flash -m 8n1`).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { UartDoor } from './uart-door.ts';

/**
 * What a client wrote goes out as length and rate, four bytes each, and the bytes; rate 0: none
 * that a UART has. Keeps the slave open itself, so that a client that leaves does not end the
 * line. Neither direction waits for the other, as on a cable; each holds back at 64 KiB. Ends
 * with its standard input, whatever nobody took by then.
 */
const relay = `
import os, select, struct, sys, termios, tty
rates = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == 'B' and name[1:].isdigit()}
master, slave = os.openpty()
tty.setraw(slave)
os.write(2, (os.ttyname(slave) + '\\n').encode())
waiting = {master: b'', 1: b''}
for sink in waiting:
    os.set_blocking(sink, False)
while True:
    sources = [source for source, sink in ((0, master), (master, 1)) if len(waiting[sink]) < 65536]
    readable, writable, _ = select.select(sources, [sink for sink in waiting if waiting[sink]], [])
    for sink in writable:
        waiting[sink] = waiting[sink][os.write(sink, waiting[sink]):]
    for source in readable:
        data = os.read(source, 65536)
        if not data:
            sys.exit()
        if source == master:
            data = struct.pack('>II', len(data), rates.get(termios.tcgetattr(slave)[5], 0)) + data
        waiting[1 if source == master else master] += data
`;

const headBytes = 8;
/**
 * The system's own where it has one: the python3 on the path may be a script that takes seconds to start it.
 */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export interface PseudoTerminal {
  /** What a client opens. */
  readonly path: string;
  /**
   * Whether what clients write is taken; while it is not, their kernel holds some 64 KiB and then no more.
   */
  listen(isListening: boolean): void;
  /** Resolves when the terminal is gone. */
  close(): Promise<void>;
}

/** Takes over the door's `onSend`. Needs Python 3 as `python3`; rejects when it cannot be started. */
export async function openPseudoTerminal(
  door: Pick<UartDoor, 'onSend' | 'receive'>,
): Promise<PseudoTerminal> {
  const child = spawn(python, ['-c', relay], { stdio: 'pipe' });
  const ended = once(child, 'close');
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stderr });
  const early = ended.then(() => Promise.reject(new Error('python3 could not open a pseudo-terminal')));
  early.catch(() => {});
  const [path] = (await Promise.race([once(lines, 'line'), failed, early])) as [string];
  door.onSend = (bytes) => void child.stdin.write(bytes);
  let waiting = Buffer.alloc(0);
  child.stdout.on('data', (bytes: Uint8Array) => {
    waiting = Buffer.concat([waiting, bytes]);
    while (waiting.length >= headBytes && waiting.length >= headBytes + waiting.readUInt32BE(0)) {
      const [length, baud] = [waiting.readUInt32BE(0), waiting.readUInt32BE(4)];
      const data = Uint8Array.from(waiting.subarray(headBytes, headBytes + length));
      waiting = waiting.subarray(headBytes + length);
      door.receive(data, baud === 0 ? undefined : baud);
    }
  });
  return {
    path,
    listen: (isListening) => void (isListening ? child.stdout.resume() : child.stdout.pause()),
    close: async () => {
      door.onSend = () => {};
      child.stdin.end();
      await ended;
    },
  };
}
