// What a pseudo-terminal cannot do: a library that is missing, an adapter that stops in the middle of a call,
// modem lines, the texts of the systems. The stand-in takes the place of npm's serialport.

import { sleep } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { expect, test } from 'vitest';
import { openSerial, type SerialLibrary } from './index.ts';
import type { LibraryOptions, LibraryPort } from './serial-library.ts';

type Call = 'open' | 'close' | 'write' | 'drain' | 'update' | 'set';
type Outcome = Error | 'never' | undefined;

/** Ports that note their calls; a call ends as its outcome says, at once by default. */
function standIn(outcomes: Partial<Record<Call, Outcome | ((value: unknown) => Outcome)>> = {}) {
  const calls: string[] = [];
  const ports: Port[] = [];
  class Port implements LibraryPort {
    readonly options: LibraryOptions;
    readonly listeners = new Map<string, (value: never) => void>();
    isOpen = false;
    constructor(options: LibraryOptions) {
      this.options = options;
      ports.push(this);
    }
    static list = async () => [];
    #run(call: Call, value: unknown, done: (error: Error | null) => void): void {
      calls.push(value === undefined ? call : `${call} ${JSON.stringify(value)}`);
      const planned = outcomes[call];
      const outcome = typeof planned === 'function' ? planned(value) : planned;
      if (outcome === 'never') return;
      if (outcome === undefined && call === 'open') this.isOpen = true;
      if (call === 'close') this.isOpen = false;
      queueMicrotask(() => done(outcome ?? null));
    }
    open(done: (error: Error | null) => void): void {
      this.#run('open', { baud: this.options.baudRate, parity: this.options.parity }, done);
    }
    close(done: (error: Error | null) => void): void {
      this.#run('close', undefined, done);
    }
    write(bytes: Buffer, done: (error: Error | null) => void): boolean {
      this.#run('write', bytes.length, done);
      return true;
    }
    drain(done: (error: Error | null) => void): void {
      this.#run('drain', undefined, done);
    }
    update(options: { baudRate: number }, done: (error: Error | null) => void): void {
      this.#run('update', options, done);
    }
    set(options: object, done: (error: Error | null) => void): void {
      this.#run('set', options, done);
    }
    on(event: string, listener: (value: never) => void): void {
      this.listeners.set(event, listener);
    }
    emit(event: string, value?: unknown): void {
      this.listeners.get(event)?.(value as never);
    }
  }
  const library: SerialLibrary = { SerialPort: Port };
  return { calls, ports, load: async () => library };
}

const clock = new TestClock();
const line = { baud: 115_200, parity: 'none' } as const;
const path = '/dev/ttyUSB7';
const open = (load: () => Promise<SerialLibrary>) => clock.run(openSerial({ path, line, clock, load }));
type Port = Awaited<ReturnType<typeof open>>;

test('without the npm package the fault names what to install', async () => {
  const missing = open(() => Promise.reject(new Error("Cannot find package 'serialport'")));
  await expect(missing).rejects.toMatchObject({ code: 'serial-library-missing', fields: { port: path } });
  await expect(missing).rejects.toHaveProperty(
    'remedy',
    expect.stringContaining('npm install serialport@13.0.0'),
  );
});

test.each([
  ['Error: Permission denied, cannot open /dev/ttyUSB7', 'serial-not-permitted'],
  ['Error: Resource temporarily unavailable Cannot lock port', 'serial-in-use'],
  ['Error: Device or resource busy, cannot open /dev/ttyUSB7', 'serial-in-use'],
  ['Error: No such file or directory, cannot open /dev/ttyUSB7', 'serial-not-found'],
  ['Error: No such device or address, cannot open /dev/ttyUSB7', 'serial-not-found'],
  ['Opening COM7: File not found', 'serial-not-found'],
  ['Opening COM7: Access denied', 'serial-in-use'],
  ['Opening COM7: Unknown error code 31', 'serial-open-failed'],
  ['Error: Invalid argument setting custom baud rate of 19', 'serial-baud-refused'],
  ['Error: Inappropriate ioctl for device, cannot open /dev/ttyUSB7', 'serial-open-failed'],
])('%s is %s', async (text, code) => {
  await expect(open(standIn({ open: new Error(text) }).load)).rejects.toMatchObject({ code });
});

test('a port that never opens ends in a fault, and is closed when it opens late', async () => {
  let openLate = (): void => undefined;
  const { ports, calls, load } = standIn();
  const patched = async () => {
    const library = await load();
    return {
      SerialPort: class extends library.SerialPort {
        override open(done: (error: Error | null) => void): void {
          openLate = () => super.open(done);
        }
      },
    } as SerialLibrary;
  };
  await expect(open(patched)).rejects.toMatchObject({ code: 'serial-stuck', fields: { action: 'open' } });
  openLate();
  await clock.run(sleep(clock, 1));
  expect(calls.at(-1)).toBe('close');
  expect(ports[0]!.isOpen).toBe(false);
});

test('low latency is asked for, and a driver without it does no harm', async () => {
  const { calls, load } = standIn({ set: new Error('Error: Inappropriate ioctl for device, cannot set') });
  await open(load);
  expect(calls).toEqual([
    'open {"baud":115200,"parity":"none"}',
    'set {"dtr":true,"rts":true,"lowLatency":true}',
  ]);
});

test('both lines are named each time, since the library raises one that is not', async () => {
  const { calls, load } = standIn();
  const port = await open(load);
  await port.setSignals({ rts: false });
  await port.setSignals({ dtr: false });
  expect(calls.slice(2)).toEqual([
    'set {"dtr":true,"rts":false,"lowLatency":true}',
    'set {"dtr":false,"rts":false,"lowLatency":true}',
  ]);
});

test('the rate changes in the open port, the parity in one that was opened again, both after the bytes left', async () => {
  const { calls, load } = standIn();
  const port = await open(load);
  await port.setLine({ baud: 57_600, parity: 'none' });
  await port.setLine({ baud: 57_600, parity: 'even' });
  await port.setLine({ baud: 57_600, parity: 'even' });
  expect(calls.slice(2)).toEqual([
    ...['drain', 'update {"baudRate":57600}'],
    ...[
      'drain',
      'close',
      'open {"baud":57600,"parity":"even"}',
      'set {"dtr":true,"rts":true,"lowLatency":true}',
    ],
    'drain',
  ]);
});

test('a rate that the port refuses is named, and the port stays open', async () => {
  const { load } = standIn({
    update: new Error('Error baud rate of 12345 is not supported on your platform'),
  });
  const port = await open(load);
  await expect(port.setLine({ baud: 12_345, parity: 'none' })).rejects.toMatchObject({
    code: 'serial-baud-refused',
    fields: { baud: 12_345 },
  });
  await port.write(Uint8Array.of(1));
});

test.each([
  ['write', 'take bytes', (port: Port) => port.write(new Uint8Array(1000))],
  ['drain', 'send its bytes', (port: Port) => port.setLine({ baud: 9600, parity: 'none' })],
  ['update', 'change its rate', (port: Port) => port.setLine({ baud: 9600, parity: 'none' })],
] as const)('an adapter that stops in the middle of %s ends the stream', async (call, action, act) => {
  const { load, ports } = standIn({ [call]: 'never' });
  const port = await open(load);
  const ended = new Promise<unknown>((resolve) => port.listen({ data: () => undefined, closed: resolve }));
  await expect(clock.run(act(port))).rejects.toMatchObject({
    code: call === 'write' ? 'link-closed' : 'serial-stuck',
  });
  expect(await ended).toMatchObject({ code: 'serial-stuck', fields: { port: path, action } });
  expect(ports[0]!.isOpen).toBe(false);
  await expect(port.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'link-closed' });
});

test('a port that does not close is given up after its deadline', async () => {
  const { load } = standIn({ close: 'never' });
  const port = await open(load);
  await clock.run(port.close());
  await expect(port.setSignals({ dtr: true })).rejects.toMatchObject({ code: 'link-closed' });
});

test.each(['close', 'end'])('the event %s ends the stream once', async (event) => {
  const { load, ports } = standIn();
  const port = await open(load);
  const ends: unknown[] = [];
  port.listen({ data: () => undefined, closed: (cause) => ends.push(cause) });
  ports[0]!.emit(event, Object.assign(new Error('Error: bad file descriptor'), { disconnected: true }));
  ports[0]!.emit('error', new Error('once more'));
  ports[0]!.emit('close');
  ports[0]!.emit('data', Buffer.of(1));
  expect(ends).toMatchObject([{ code: 'serial-unplugged' }]);
});

test('a flood before anybody listens ends the stream instead of filling the memory', async () => {
  const { load, ports } = standIn();
  const port = await open(load);
  for (let i = 0; i < 64; i++) ports[0]!.emit('data', Buffer.alloc(1024));
  ports[0]!.emit('data', Buffer.alloc(1));
  let taken = 0;
  const ended = new Promise<unknown>((resolve) =>
    port.listen({ data: (bytes) => (taken += bytes.length), closed: resolve }),
  );
  expect(await ended).toMatchObject({ code: 'serial-unplugged' });
  expect(taken).toBe(65_536);
});

test('a close while the port changes its parity leaves no port open', async () => {
  const { load, ports } = standIn();
  const port = await open(load);
  const changing = port.setLine({ baud: 57_600, parity: 'even' });
  for (let i = 0; ports.length < 2 && i < 100; i++) await Promise.resolve();
  await port.close();
  await expect(changing).rejects.toMatchObject({ code: 'link-closed' });
  await clock.run(sleep(clock, 1));
  expect(ports.map(({ isOpen }) => isOpen)).toEqual([false, false]);
});
