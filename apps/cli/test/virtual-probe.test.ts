// The probes of `firmseal virtual --debug` on USB/IP: what is listed, and that a transfer reaches the chip
// behind each. A kernel and OpenOCD meet them in virtual-usb-vm.test.ts.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { VirtualProcess } from './run-virtual.ts';

let virtual: VirtualProcess | undefined;
let socket: Socket | undefined;
afterEach(async () => {
  socket?.destroy();
  await virtual?.stop();
});

const recordBytes = 312;

/** USB/IP as usb/usbip_protocol of the Linux kernel's documentation has it. */
class UsbipClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #sequence = 0;

  constructor(open: Socket) {
    this.#socket = open;
    open.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      open.emit('more');
    });
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#received.length < count) await once(this.#socket, 'more');
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  async import(busId: string): Promise<Buffer> {
    const request = Buffer.alloc(40);
    request.set([0x01, 0x11, 0x80, 3]);
    request.write(busId, 8);
    this.#socket.write(request);
    expect((await this.#take(8)).readUInt32BE(4)).toBe(0);
    return this.#take(recordBytes);
  }

  /** Bulk data to an endpoint, or that many bytes from it. */
  async bulk(endpoint: number, data: Uint8Array | number): Promise<Buffer> {
    const incoming = typeof data === 'number';
    const head = Buffer.alloc(48);
    for (const [i, word] of [1, ++this.#sequence, 0, incoming ? 1 : 0, endpoint].entries())
      head.writeUInt32BE(word, 4 * i);
    head.writeUInt32BE(incoming ? data : data.length, 24);
    this.#socket.write(incoming ? head : Buffer.concat([head, data]));
    const reply = await this.#take(48);
    expect(reply.readInt32BE(20)).toBe(0);
    return incoming ? this.#take(reply.readUInt32BE(24)) : reply;
  }
}

const dpIdCode = 0x2ba0_1477;

/** Asks the probe for the identity of the chip's debug port. */
const askers = {
  'cmsis-dap': async (client: UsbipClient) => {
    await client.bulk(1, Uint8Array.of(0x05, 0, 1, 0x02));
    const answer = await client.bulk(1, 512);
    expect([...answer.subarray(0, 3)]).toEqual([5, 1, 1]);
    return answer.readUInt32LE(3);
  },
  'stlink-usb': async (client: UsbipClient) => {
    await client.bulk(2, Uint8Array.of(0xf2, 0x31, ...new Uint8Array(14)));
    return (await client.bulk(1, 12)).readUInt32LE(4);
  },
};

test.each([
  {
    kind: 'cmsis-dap',
    ids: [0x1209, 0x0002],
    says: /cmsis_dap_vid_pid 0x1209 0x0002; adapter serial firmseal-2/,
  },
  { kind: 'stlink-usb', ids: [0x0483, 0x3748], says: /driver st-link; .*adapter serial firmseal-2/ },
] as const)(
  '--debug $kind: each chip has a probe on bus 2, beside its own connector on bus 1',
  async (one) => {
    virtual = await VirtualProcess.start(
      ...['--chip', 'stm32f427', '--count', '2', '--usb', '--boot0', 'high', '--debug', one.kind],
    );
    const { usb, probeUsb, connect: lines } = virtual.chips[1]!;
    expect(usb).toMatchObject({ busId: '1-2', port: probeUsb!.port });
    expect(probeUsb).toMatchObject({ kind: one.kind, busId: '2-2', serial: 'firmseal-2' });
    expect(lines.find(({ client }) => client === 'openocd')!.command).toMatch(one.says);
    expect(lines.map(({ command }) => command)).toContain(
      `sudo usbip --tcp-port ${probeUsb!.port} attach -r 127.0.0.1 -b 2-2`,
    );
    socket = connect(probeUsb!.port, '127.0.0.1');
    const client = new UsbipClient(socket);
    const record = await client.import('2-2');
    expect([record.readUInt16BE(300), record.readUInt16BE(302), record.readUInt32BE(288)]).toEqual([
      ...one.ids,
      2,
    ]);
    expect(await askers[one.kind](client)).toBe(dpIdCode);
  },
);
