// The chip's UART as a door to the outside: bytes in, bytes out at the pace of the chip, over a TCP port.
// Parity is not carried, the host's rate where the line knows it (a pseudo-terminal does); `lineBaud` makes
// bytes take the time that they take on a wire with 8 data bits and parity.

import { createServer, type Server, type Socket } from 'node:net';
import type { VirtualChip } from '../chip/virtual-chip.ts';
import { type Pacer, unpaced } from './pacer.ts';

/** Start bit, 8 data bits, parity, stop bit. */
const bitsPerByte = 11;

export interface UartDoorOptions {
  readonly pacer?: Pacer;
  /** Advances the chip's clock by the time of the bytes on the wire; without it a byte takes no time. */
  readonly lineBaud?: number;
}

/** Takes over the chip's `onLink`. */
export class UartDoor {
  readonly #chip: VirtualChip;
  readonly #pacer: Pacer;
  readonly #lineBaud: number | undefined;
  /** Bytes for the host. */
  onSend: (bytes: Uint8Array) => void = () => {};

  constructor(chip: VirtualChip, { pacer = unpaced, lineBaud }: UartDoorOptions = {}) {
    this.#chip = chip;
    this.#pacer = pacer;
    this.#lineBaud = lineBaud;
    chip.onLink = (bytes) => {
      this.#spendLineTime(bytes);
      pacer.at(chip.clock.nowUs, () => this.onSend(bytes));
    };
  }

  #spendLineTime(bytes: Uint8Array): void {
    if (this.#lineBaud !== undefined)
      this.#chip.clock.advance((bytes.length * bitsPerByte * 1e6) / this.#lineBaud);
  }

  /** Bytes from the host, and its rate where the line knows it. */
  receive(bytes: Uint8Array, hostBaud?: number): void {
    this.#chip.hostBaud = hostBaud;
    this.#spendLineTime(bytes);
    this.#chip.receive(bytes);
    this.#pacer.at(this.#chip.clock.nowUs, () => {});
  }

  close(): void {
    this.#chip.onLink = () => {};
    this.#pacer.close();
  }
}

/**
 * Serves the door on a loopback port (0 lets the system choose), one client at a time: the last that came.
 */
export function serveUart(door: UartDoor, port: number): Promise<Server> {
  let client: Socket | undefined;
  door.onSend = (bytes) => void client?.write(bytes);
  const server = createServer((socket) => {
    client?.destroy();
    client = socket;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (client === socket) client = undefined;
    });
    socket.on('data', (bytes) => door.receive(bytes));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
