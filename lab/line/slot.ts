// A socket of the campaign's fixture: a TCP port that stays, a virtual chip that comes and goes, and a cable
// that is not good. Of the messages that a chip gets, a part is dropped, repeated, cut off with the
// connection, or lost with the power of the chip.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { VirtualChip } from '@firmseal/virtual-stm32';

export const lineFaults = ['dropped', 'repeated', 'cut', 'unplugged'] as const;
export type LineFault = (typeof lineFaults)[number];

/** Draws what happens to a message; undefined: it arrives. */
export type FaultDraw = () => LineFault | undefined;

export class Slot {
  readonly #server: Server;
  readonly #draw: FaultDraw;
  #client: Socket | undefined;
  #chip: VirtualChip | undefined;
  readonly counts: Record<LineFault, number> = { dropped: 0, repeated: 0, cut: 0, unplugged: 0 };
  messages = 0;

  private constructor(draw: FaultDraw) {
    this.#draw = draw;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(draw: FaultDraw): Promise<Slot> {
    const slot = new Slot(draw);
    slot.#server.listen(0, '127.0.0.1');
    await once(slot.#server, 'listening');
    return slot;
  }

  get place(): string {
    return `tcp:127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  insert(chip: VirtualChip): void {
    this.takeOut();
    this.#chip = chip;
  }

  takeOut(): void {
    this.#client?.destroy();
    this.#client = undefined;
    if (this.#chip !== undefined) this.#chip.onLink = () => undefined;
    this.#chip = undefined;
  }

  close(): void {
    this.takeOut();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    const chip = this.#chip;
    this.#client?.destroy();
    this.#client = socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    if (chip === undefined) {
      socket.destroy();
      return;
    }
    chip.onLink = (bytes) => void (socket.writable && socket.write(bytes));
    chip.setPin('agent-request', true);
    if (!chip.powered) chip.powerOn();
    else if (!chip.running || chip.bootedApplication !== undefined) chip.reset();
    socket.on('data', (bytes) => {
      if (this.#chip === chip && this.#client === socket) this.#pass(chip, bytes);
    });
  }

  #pass(chip: VirtualChip, bytes: Uint8Array): void {
    // The zero byte that clears the line is no message.
    if (bytes.length === 1) {
      chip.receive(bytes);
      return;
    }
    this.messages++;
    const fault = this.#draw();
    if (fault !== undefined) this.counts[fault]++;
    if (fault === undefined || fault === 'repeated') chip.receive(bytes);
    if (fault === 'repeated') chip.receive(bytes);
    if (fault === 'cut' || fault === 'unplugged') this.#client?.destroy();
    if (fault === 'unplugged') chip.powerOff();
  }
}
