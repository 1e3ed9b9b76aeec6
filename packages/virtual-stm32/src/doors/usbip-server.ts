// A USB/IP server (protocol 1.1.1 of the Linux kernel documentation, usb/usbip_protocol): lists virtual USB
// devices and carries their transfers to a client, such as the kernel's vhci-hcd. All fields are
// big-endian. Loopback or unix socket.

import { createServer, type Server, type Socket } from 'node:net';
import { parseSetup, UsbControl, UsbDetached, type UsbDevice } from './usb-device.ts';
import type { UsbAnswer } from './usb-function.ts';

const stall = -32; // -EPIPE
const reset = -104; // -ECONNRESET
const maxTransferBytes = 1024 * 1024;
/** Transfers of one client that wait for their answer. */
const maxPending = 1024;

/** A USB port of this machine of software. */
export interface UsbipPort {
  /** Bus and port, `1-1`: the name by which clients import what is plugged in there. The bus is a number. */
  readonly busId: string;
  /** What is plugged in now. */
  readonly device: UsbDevice | undefined;
}

interface Exported {
  readonly busId: string;
  readonly device: UsbDevice;
}

/**
 * What the standard requests left: it outlives a client, as a device stays configured between two programs.
 */
const controls = new WeakMap<UsbDevice, UsbControl>();

function controlOf(device: UsbDevice): UsbControl {
  const known = controls.get(device) ?? new UsbControl(device);
  controls.set(device, known);
  return known;
}

/** The 312 bytes that describe a device (struct usbip_usb_device). */
function deviceRecord({ busId, device }: Exported, number: number): Uint8Array {
  const bytes = new Uint8Array(312);
  const view = new DataView(bytes.buffer);
  const text = new TextEncoder();
  const descriptor = device.deviceDescriptor;
  bytes.set(text.encode(`/sys/devices/virtual/${busId}`), 0);
  bytes.set(text.encode(busId), 256);
  view.setUint32(288, Number.parseInt(busId, 10));
  view.setUint32(292, number + 2);
  view.setUint32(296, device.speed === 'high' ? 3 : 2);
  const from = new DataView(descriptor.buffer, descriptor.byteOffset);
  for (const [at, source] of [
    [300, 8],
    [302, 10],
    [304, 12],
  ] as const) {
    view.setUint16(at, from.getUint16(source, true));
  }
  bytes.set(
    [descriptor[4]!, descriptor[5]!, descriptor[6]!, 1, descriptor[17]!, device.interfaces.length],
    306,
  );
  return bytes;
}

const header = (code: number, status = 0): Uint8Array => Uint8Array.of(1, 0x11, 0, code, 0, 0, 0, status);

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** One client: device list and import first, then transfers of the imported device. */
class Connection {
  readonly #socket: Socket;
  readonly #ports: readonly UsbipPort[];
  readonly #pending = new Map<number, AbortController>();
  #waiting: Uint8Array = new Uint8Array(0);
  #device: UsbDevice | undefined;
  #control: UsbControl | undefined;

  constructor(socket: Socket, ports: readonly UsbipPort[]) {
    this.#socket = socket;
    this.#ports = ports;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const transfer of this.#pending.values()) transfer.abort();
    });
    socket.on('data', (bytes) => {
      this.#waiting = this.#waiting.length === 0 ? bytes : concat(this.#waiting, bytes);
      while (this.#waiting.length > 0 && this.#step());
    });
  }

  #take(count: number): Uint8Array {
    const bytes = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.subarray(count);
    return bytes;
  }

  /** Handles one message; false when it is not whole yet or the connection ended. */
  #step(): boolean {
    if (this.#device !== undefined) return this.#transferStep(this.#device);
    if (this.#waiting.length < 8) return false;
    const code = (this.#waiting[2]! << 8) | this.#waiting[3]!;
    if (code === 0x8005) {
      this.#take(8);
      this.#list();
      return true;
    }
    if (code === 0x8003) {
      if (this.#waiting.length < 40) return false;
      this.#import(this.#take(40));
      return true;
    }
    this.#socket.destroy();
    return false;
  }

  /** What is plugged in; its number is its port's. */
  #exported(): (Exported & { readonly number: number })[] {
    return this.#ports.flatMap(({ busId, device }, number) =>
      device === undefined ? [] : [{ busId, device, number }],
    );
  }

  #list(): void {
    const exported = this.#exported();
    const count = Uint8Array.of(0, 0, exported.length >>> 8, exported.length);
    const records = exported.flatMap((one) => [
      deviceRecord(one, one.number),
      ...one.device.interfaces.map((face) => Uint8Array.of(face.class, face.subclass, face.protocol, 0)),
    ]);
    this.#socket.write(concat(header(5), count, ...records));
  }

  #import(request: Uint8Array): void {
    const name = new TextDecoder().decode(request.subarray(8)).replace(/\0.*$/s, '');
    const found = this.#exported().find(({ busId }) => busId === name);
    if (found === undefined) {
      this.#socket.write(header(3, 1));
      return;
    }
    this.#device = found.device;
    found.device.attached?.();
    this.#control = controlOf(found.device);
    const unplug = () => setImmediate(() => this.#socket.end()); // after the answers that are on their way
    found.device.detached?.addEventListener('abort', unplug);
    this.#socket.on('close', () => found.device.detached?.removeEventListener('abort', unplug));
    this.#socket.write(concat(header(3), deviceRecord(found, found.number)));
  }

  #transferStep(device: UsbDevice): boolean {
    if (this.#waiting.length < 48) return false;
    const view = new DataView(this.#waiting.buffer, this.#waiting.byteOffset);
    const command = view.getUint32(0);
    const sequence = view.getUint32(4);
    if (command === 2) {
      const victim = view.getUint32(20);
      this.#take(48);
      this.#unlink(sequence, victim);
      return true;
    }
    const incoming = view.getUint32(12) === 1;
    const endpoint = view.getUint32(16);
    const lengthBytes = view.getUint32(24);
    if (command !== 1 || lengthBytes > maxTransferBytes || this.#pending.size >= maxPending) {
      this.#socket.destroy();
      return false;
    }
    const wholeBytes = 48 + (incoming ? 0 : lengthBytes);
    if (this.#waiting.length < wholeBytes) return false;
    const message = this.#take(wholeBytes);
    const cancel = new AbortController();
    this.#pending.set(sequence, cancel);
    const finish = (answer: UsbAnswer): void => this.#finish(sequence, { answer, incoming, lengthBytes });
    const run = async (): Promise<UsbAnswer> => {
      const data = message.subarray(48);
      if (endpoint === 0) return this.#control!.handle(parseSetup(message.subarray(40, 48)), data, finish);
      if (incoming) return device.read?.(endpoint, lengthBytes, cancel.signal);
      return (await device.write?.(endpoint, data)) === true ? new Uint8Array(0) : undefined;
    };
    run().then(
      finish,
      // Gone from the bus, and the client with it; a fault of the device itself is for who runs the server.
      (error: unknown) => {
        this.#pending.delete(sequence);
        this.#socket.end();
        if (!(error instanceof UsbDetached)) throw error;
      },
    );
    return true;
  }

  /** Sends one answer a transfer: an answer may come early, and again when all work is done. */
  #finish(sequence: number, transfer: { answer: UsbAnswer; incoming: boolean; lengthBytes: number }): void {
    const { answer, incoming, lengthBytes } = transfer;
    if (!this.#pending.delete(sequence)) return;
    if (answer === undefined) this.#answer(sequence, { status: stall, lengthBytes: 0 });
    else if (incoming) {
      const data = answer.subarray(0, lengthBytes);
      this.#answer(sequence, { status: 0, lengthBytes: data.length, data });
    } else this.#answer(sequence, { status: 0, lengthBytes });
  }

  #unlink(sequence: number, victim: number): void {
    const transfer = this.#pending.get(victim);
    this.#pending.delete(victim);
    transfer?.abort();
    const bytes = new Uint8Array(48);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 4);
    view.setUint32(4, sequence);
    view.setInt32(20, transfer === undefined ? 0 : reset);
    this.#socket.write(bytes);
  }

  #answer(sequence: number, outcome: { status: number; lengthBytes: number; data?: Uint8Array }): void {
    const bytes = new Uint8Array(48);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 3);
    view.setUint32(4, sequence);
    view.setInt32(20, outcome.status);
    view.setUint32(24, outcome.lengthBytes);
    this.#socket.write(outcome.data === undefined ? bytes : concat(bytes, outcome.data));
  }
}

/**
 * Serves the ports on a loopback port (0 lets the system choose) or a unix socket. Resolves when it listens.
 */
export function serveUsbip(
  ports: readonly UsbipPort[],
  at: { port: number } | { path: string },
): Promise<Server> {
  const server = createServer((socket) => new Connection(socket, ports));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => resolve(server);
    if ('path' in at) server.listen(at.path, listening);
    else server.listen(at.port, '127.0.0.1', listening);
  });
}
