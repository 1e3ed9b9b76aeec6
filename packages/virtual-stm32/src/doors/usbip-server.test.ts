// The USB/IP server against a client of this test: listing, import, transfers, unlink, devices
// that leave, and input that no client sends. Messages as usb/usbip_protocol of the Linux
// kernel's documentation has them.

import { connect, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { configurationDescriptor, deviceDescriptor } from './usb-descriptors.ts';
import type { UsbDevice } from './usb-device.ts';
import { serveUsbip } from './usbip-server.ts';

const recordBytes = 312;
const submit = 1;
const unlink = 2;

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  return new Promise<void>((resolve) => server!.close(() => resolve()));
});

class Client {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #wake = () => {};
  ended = false;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    sockets.push(this.#socket);
    this.#socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** That many bytes; fewer when the connection ends first. */
  async take(count: number): Promise<Buffer> {
    while (this.#received.length < count && !this.ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  operation(code: number, busId = ''): void {
    const message = Buffer.alloc(code === 3 ? 40 : 8);
    message.set([0x01, 0x11, 0x80, code]);
    message.write(busId, 8);
    this.send(message);
  }

  transfer(fields: {
    command?: number;
    sequence: number;
    in: boolean;
    endpoint?: number;
    length: number;
  }): void {
    const message = Buffer.alloc(48);
    const words = [
      fields.command ?? submit,
      fields.sequence,
      0x10002,
      fields.in ? 1 : 0,
      fields.endpoint ?? 0,
    ];
    for (const [i, word] of words.entries()) message.writeUInt32BE(word, 4 * i);
    message.writeUInt32BE(fields.length, 24);
    message.set([0x80, 6, 0, 1, 0, 0, 18, 0], 40);
    this.send(message);
  }

  /** A class request with an answer of at most 6 bytes. */
  control(sequence: number, setup: readonly number[]): void {
    const message = Buffer.alloc(48);
    for (const [i, word] of [submit, sequence, 0x10002, 1, 0].entries()) message.writeUInt32BE(word, 4 * i);
    message.writeUInt32BE(6, 24);
    message.set(setup, 40);
    this.send(message);
  }

  async imported(busId: string): Promise<this> {
    this.operation(3, busId);
    expect((await this.take(8)).readUInt32BE(4)).toBe(0);
    await this.take(recordBytes);
    return this;
  }
}

const gone = new AbortController();

function device(read?: UsbDevice['read']): UsbDevice {
  return {
    speed: 'full',
    deviceDescriptor: deviceDescriptor({ vendor: 0x0483, product: 0xdf11, release: 0x2200 }),
    configurationDescriptor: configurationDescriptor([]),
    strings: [''],
    interfaces: [{ class: 0xfe, subclass: 1, protocol: 2 }],
    control: async () => undefined,
    detached: gone.signal,
    ...(read === undefined ? {} : { read }),
  };
}

async function serve(plugged: UsbDevice | undefined): Promise<() => Client> {
  server = await serveUsbip(
    [
      { busId: '1-1', device: undefined },
      { busId: '1-2', device: plugged },
    ],
    { port: 0 },
  );
  const { port } = server.address() as { port: number };
  return () => new Client(port);
}

test('lists what is plugged in, and imports that alone', async () => {
  const open = await serve(device());
  const lister = open();
  lister.operation(5);
  expect((await lister.take(12)).readUInt32BE(8)).toBe(1);
  const record = await lister.take(recordBytes + 4);
  expect(record.toString('latin1', 256, 259)).toBe('1-2');
  expect([record.readUInt16BE(300), record.readUInt16BE(302), record[311]]).toEqual([0x0483, 0xdf11, 1]);
  expect([...record.subarray(312)]).toEqual([0xfe, 1, 2, 0]);
  const importer = open();
  importer.operation(3, '1-1');
  expect((await importer.take(8)).readUInt32BE(4)).toBe(1);
});

test('carries transfers; a stall is -EPIPE', async () => {
  const client = await (await serve(device()))().imported('1-2');
  client.transfer({ sequence: 7, in: true, length: 18 });
  const header = await client.take(48);
  expect([
    header.readUInt32BE(0),
    header.readUInt32BE(4),
    header.readInt32BE(20),
    header.readUInt32BE(24),
  ]).toEqual([3, 7, 0, 18]);
  expect((await client.take(18))[8]).toBe(0x83);
  client.transfer({ sequence: 8, in: true, endpoint: 1, length: 8 });
  expect((await client.take(48)).readInt32BE(20)).toBe(-32);
});

test('an answer that comes early goes out once, before the work behind it', async () => {
  let work = () => {};
  const working: UsbDevice = {
    ...device(),
    control: (_setup, _data, answered) =>
      new Promise((resolve) => {
        answered!(Uint8Array.of(1, 2));
        work = () => resolve(Uint8Array.of(1, 2));
      }),
  };
  const client = await (await serve(working))().imported('1-2');
  client.control(9, [0xa1, 3, 0, 0, 0, 0, 6, 0]);
  const reply = await client.take(50);
  expect([reply.readUInt32BE(4), ...reply.subarray(48)]).toEqual([9, 1, 2]);
  work();
  client.transfer({ sequence: 10, in: true, length: 18 });
  expect((await client.take(48)).readUInt32BE(4)).toBe(10);
});

test('a waiting transfer is taken back by unlink', async () => {
  let cancelled = false;
  const waiting: UsbDevice['read'] = (_endpoint, _length, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        cancelled = true;
        resolve(undefined);
      });
    });
  const client = await (await serve(device(waiting)))().imported('1-2');
  client.transfer({ sequence: 1, in: true, endpoint: 1, length: 8 });
  const message = Buffer.alloc(48);
  message.writeUInt32BE(unlink, 0);
  message.writeUInt32BE(2, 4);
  message.writeUInt32BE(1, 20);
  client.send(message);
  const reply = await client.take(48);
  expect([reply.readUInt32BE(0), reply.readUInt32BE(4), reply.readInt32BE(20)]).toEqual([4, 2, -104]);
  expect(cancelled).toBe(true);
});

test.each([
  ['an operation that does not exist', Uint8Array.of(1, 0x11, 0x80, 9, 0, 0, 0, 0)],
  ['noise', new Uint8Array(64).fill(0x5a)],
])('%s ends the connection', async (_, bytes) => {
  const client = (await serve(device()))();
  client.send(bytes);
  expect(await client.take(1)).toHaveLength(0);
});

test('a transfer too long ends the connection', async () => {
  const client = await (await serve(device()))().imported('1-2');
  client.transfer({ sequence: 1, in: true, length: 0x7fffffff });
  expect(await client.take(1)).toHaveLength(0);
});

test('a device that leaves takes its client along', async () => {
  const client = await (await serve(device()))().imported('1-2');
  gone.abort();
  expect(await client.take(1)).toHaveLength(0);
});
