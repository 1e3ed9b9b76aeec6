// A relay on real sockets: it joins by name and passes on every byte; whoever speaks wrongly is let go and
// disturbs nobody.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { equalBytes } from '@firmseal/bytes';
import { encodeStationFrame, joinPayload, type StationFrame, StationFrameReader } from '@firmseal/remote';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Relay, type RelayEvent } from './relay.ts';

const events: RelayEvent[] = [];
const relay = new Relay({
  isToken: (station, token) => token === `the-token-of-${station}`,
  onEvent: (event) => events.push(event),
});
const server: Server = createServer((socket) => {
  socket.on('error', () => undefined);
  relay.take(socket);
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
const open: Socket[] = [];
afterAll(() => {
  for (const socket of open) socket.destroy();
  server.close();
});

/** A connection to the relay, and the frames that come before it is joined. */
async function dial() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  open.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const frames: StationFrame[] = [];
  const reader = new StationFrameReader();
  let wake: () => void = () => undefined;
  const listen = (bytes: Buffer) => {
    reader.push(bytes, (frame) => frames.push(frame));
    wake();
  };
  socket.on('data', listen);
  const heard = async (type: string): Promise<void> => {
    while (!frames.some((frame) => frame.type === type))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    if (type !== 'joined') return;
    socket.pause();
    socket.off('data', listen);
    if (reader.rest.length > 0) socket.unshift(reader.rest);
  };
  return { socket, heard, ended: once(socket, 'close') };
}

/** So many bytes of a connection that is joined. */
const take = (socket: Socket, count: number) =>
  new Promise<Uint8Array>((resolve) => {
    const parts: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => {
      parts.push(bytes);
      const whole = Buffer.concat(parts);
      if (whole.length >= count) resolve(new Uint8Array(whole));
    });
    socket.resume();
  });

let instances = 0;
const joinFrame = (role: 'line' | 'station', station: string, token = `the-token-of-${station}`) =>
  encodeStationFrame({
    ...{ type: 'join', channel: 0, number: 0 },
    payload: joinPayload({
      version: 1,
      role,
      station,
      token,
      instance: new Uint8Array(16).fill(++instances),
    }),
  });

async function joined(name: string) {
  const [station, line] = [await dial(), await dial()];
  station.socket.write(joinFrame('station', name));
  await station.heard('waiting');
  line.socket.write(joinFrame('line', name));
  await Promise.all([station.heard('joined'), line.heard('joined')]);
  return { station, line };
}

test('passes on a megabyte each way, as it is, and ends one end with the other', async () => {
  const { station, line } = await joined('hall');
  const much = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) ^ (i >>> 8));
  const got = Promise.all([take(station.socket, much.length), take(line.socket, much.length)]);
  line.socket.write(much);
  station.socket.write(much);
  expect((await got).map((bytes) => equalBytes(bytes, much))).toEqual([true, true]);
  line.socket.destroy();
  await station.ended;
});

test('a line that comes first waits for its station, and for no other', async () => {
  const [line, other, station] = [await dial(), await dial(), await dial()];
  line.socket.write(joinFrame('line', 'yard'));
  await line.heard('waiting');
  other.socket.write(joinFrame('station', 'barn'));
  await other.heard('waiting');
  station.socket.write(joinFrame('station', 'yard'));
  await Promise.all([line.heard('joined'), station.heard('joined')]);
  const text = Buffer.from('from the yard');
  station.socket.write(text);
  expect(Buffer.from(await take(line.socket, text.length))).toEqual(text);
});

test('a frame that had begun before the ends were joined arrives whole', async () => {
  const [station, line] = [await dial(), await dial()];
  const frame = encodeStationFrame({ type: 'alive', channel: 0, number: 0, payload: new Uint8Array(0) });
  station.socket.write(Buffer.concat([joinFrame('station', 'mill'), frame.subarray(0, 5)]));
  await station.heard('waiting');
  line.socket.write(joinFrame('line', 'mill'));
  await line.heard('joined');
  station.socket.write(frame.subarray(5));
  expect(await take(line.socket, frame.length)).toEqual(frame);
});

test('a second instance of a station takes the place of the one that waits', async () => {
  const [first, second] = [await dial(), await dial()];
  first.socket.write(joinFrame('station', 'shed'));
  await first.heard('waiting');
  second.socket.write(joinFrame('station', 'shed'));
  await first.heard('refused');
  await first.ended;
  await second.heard('waiting');
});

test('a connection that ended while it waited is joined with nobody', async () => {
  const [gone, line, station] = [await dial(), await dial(), await dial()];
  gone.socket.write(joinFrame('station', 'loft'));
  await gone.heard('waiting');
  const told = () => events.filter(({ kind, station: name }) => kind === 'ended' && name === 'loft').length;
  gone.socket.destroy();
  while (told() === 0) await new Promise((resolve) => setImmediate(resolve));
  line.socket.write(joinFrame('line', 'loft'));
  await line.heard('waiting');
  station.socket.write(joinFrame('station', 'loft'));
  await Promise.all([line.heard('joined'), station.heard('joined')]);
});

test.each([
  ['a wrong token', joinFrame('station', 'hall', 'a-wrong-token-of-hall')],
  [
    'a frame that is no join',
    encodeStationFrame({ type: 'alive', channel: 0, number: 0, payload: new Uint8Array(0) }),
    true,
  ],
  ['bytes of another protocol', new TextEncoder().encode('GET / HTTP/1.1\r\nHost: relay\r\n\r\n')],
  [
    'a join that is no CBOR',
    encodeStationFrame({ type: 'join', channel: 0, number: 0, payload: new Uint8Array(9) }),
  ],
])('%s: the connection ends, and others go on', async (_, bytes, staysSilent = false) => {
  const one = await dial();
  one.socket.write(bytes);
  // A sign of life alone is no join: what follows decides.
  if (staysSilent)
    one.socket.write(
      encodeStationFrame({ type: 'begin', channel: 0, number: 0, payload: new Uint8Array(3) }),
    );
  await one.heard('refused');
  await one.ended;
  const { line } = await joined('hall');
  line.socket.destroy();
});
