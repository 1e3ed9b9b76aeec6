// ST's stlink-server protocol over TCP, as OpenOCD's `st-link backend tcp` speaks it: a byte
// of command, fixed-size frames, USB transfers of an ST-LINK carried in them. One connection
// is one client; loopback only.

import { createServer, type Server, type Socket } from 'node:net';
import type { StlinkCommands } from './stlink-commands.ts';

/** Length of a request by its first byte: refresh, list, info, open, close, transfer, version. */
const requestLengths: Readonly<Record<number, number>> = { 0: 2, 1: 1, 2: 8, 3: 8, 4: 8, 5: 32, 6: 4 };
const maxTransferBytes = 64 * 1024;

const word = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const statusOk = word(1);

function deviceInfo(serial: string): Uint8Array {
  const info = new Uint8Array(45);
  const view = new DataView(info.buffer);
  info[0] = 1;
  view.setUint32(4, 7, true); // the identifier that `open` names
  info.set(new TextEncoder().encode(serial.slice(0, 31)), 8);
  view.setUint16(40, 0x0483, true);
  view.setUint16(42, 0x3748, true);
  return info;
}

/** Version of the server's protocol: 1.2.1, as three words after the status. */
const versionAnswer = Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function serveClient(socket: Socket, commands: StlinkCommands, serial: string): void {
  let waiting: Uint8Array = new Uint8Array(0);
  const send = (bytes: Uint8Array): void => void socket.write(bytes);

  /**
   * One transfer: 8 bytes of header, 16 of command, direction (0 = data follows), 3
   * reserved, length; then the data.
   */
  const transfer = (frame: Uint8Array): void => {
    const view = new DataView(frame.buffer, frame.byteOffset);
    const outgoing = frame[24] === 0;
    const lengthBytes = view.getUint32(28, true);
    const answer = commands.run(frame.slice(8, 24), outgoing ? frame.slice(32) : new Uint8Array(0));
    if (outgoing) {
      send(statusOk);
      return;
    }
    const reply = new Uint8Array(4 + lengthBytes);
    reply.set(statusOk);
    reply.set(answer.subarray(0, lengthBytes), 4);
    send(reply);
  };

  const frameLength = (): number | undefined => {
    const fixed = requestLengths[waiting[0]!];
    if (fixed === undefined) return undefined;
    if (waiting[0] !== 5 || waiting.length < fixed) return fixed;
    const view = new DataView(waiting.buffer, waiting.byteOffset);
    const lengthBytes = view.getUint32(28, true);
    if (lengthBytes > maxTransferBytes) return undefined;
    return fixed + (waiting[24] === 0 ? lengthBytes : 0);
  };

  const handle = (frame: Uint8Array): void => {
    if (frame[0] === 5) transfer(frame);
    else if (frame[0] === 6) send(versionAnswer);
    else if (frame[0] === 2) send(deviceInfo(serial));
    else if (frame[0] === 3) send(concat(statusOk, word(1)));
    else send(statusOk); // refresh, close; list: one device
  };

  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => commands.close());
  socket.on('data', (bytes) => {
    waiting = concat(waiting, bytes);
    while (waiting.length > 0) {
      const length = frameLength();
      if (length === undefined) {
        socket.destroy(); // not this protocol
        return;
      }
      if (waiting.length < length) return;
      const frame = waiting.slice(0, length);
      waiting = waiting.slice(length);
      handle(frame);
    }
  });
}

/** Serves one ST-LINK on a loopback port; 0 lets the system choose. Resolves when it listens. */
export function serveStlink(
  commands: StlinkCommands,
  { port = 0, serial = '066FFF000000000000000001' } = {},
): Promise<Server> {
  const server = createServer((socket) => serveClient(socket, commands, serial));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
