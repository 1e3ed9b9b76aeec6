// The npm package serialport, as this adapter uses it. It brings native code, so it is an optional
// dependency: loaded when the first port is opened, and missed with a fault that names what to install.

import { Fault } from '@firmseal/fault';

/** The version that this adapter was tried with; what the remedy tells people to install. */
const serialportVersion = '13.0.0';

export interface LibraryOptions {
  readonly path: string;
  readonly baudRate: number;
  readonly parity: 'none' | 'even';
  readonly dataBits: 8;
  readonly stopBits: 1;
  readonly autoOpen: false;
  /** Whether DTR falls when the port closes. */
  readonly hupcl: boolean;
}

type Done = (error: Error | null) => void;

/** The library's poll on a file descriptor, on Linux and macOS. */
interface LibraryPoller {
  poll(events?: number): void;
  listenerCount(event: 'readable' | 'writable'): number;
}

/** One port of the library. Every call ends in its callback, with an error or null. */
export interface LibraryPort {
  readonly isOpen: boolean;
  /** The binding of an open port. */
  readonly port?: { readonly poller?: LibraryPoller } | null | undefined;
  open(done: Done): void;
  close(done: Done): void;
  write(bytes: Buffer, done: (error: Error | null | undefined) => void): boolean;
  drain(done: Done): void;
  update(options: { baudRate: number }, done: Done): void;
  set(options: { dtr?: boolean; rts?: boolean; lowLatency?: boolean }, done: Done): void;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'close' | 'error', listener: (error: Error | null | undefined) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

export interface ListedPort {
  readonly path: string;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly locationId?: string | undefined;
}

export interface SerialLibrary {
  readonly SerialPort: {
    new (options: LibraryOptions): LibraryPort;
    list(): Promise<readonly ListedPort[]>;
  };
}

export type LoadLibrary = () => Promise<SerialLibrary>;

const importLibrary: LoadLibrary = async () => (await import('serialport')) as unknown as SerialLibrary;

/** The library. Throws `serial-library-missing`, whatever the reason that it did not load. */
export async function loadLibrary(port: string, load: LoadLibrary = importLibrary): Promise<SerialLibrary> {
  try {
    return await load();
  } catch (cause) {
    throw new Fault('serial-library-missing', { port, version: serialportVersion }, { cause });
  }
}

const readableEvent = 1;
const writableEvent = 2;

/**
 * Lets a wait for incoming bytes and a wait for room to send stand side by side. The library's poll replaces
 * the one by the other (`Poller::poll` of @serialport/bindings-cpp 13), and the one that was replaced ends
 * only after the other did: a long write then hangs until the chip says something, or the port hears nothing
 * until the chip takes bytes.
 */
export function pollForBoth({ port }: LibraryPort): void {
  const poller = port?.poller;
  if (poller === undefined) return;
  const poll = poller.poll.bind(poller);
  poller.poll = (events = 0) => {
    const reads = poller.listenerCount('readable') > 0 ? readableEvent : 0;
    const writes = poller.listenerCount('writable') > 0 ? writableEvent : 0;
    poll(events | reads | writes);
  };
}
