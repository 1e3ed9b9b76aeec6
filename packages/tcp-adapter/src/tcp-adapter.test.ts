// Client and server on real sockets of this machine.

import { utf8 } from '@firmseal/bytes';
import { LinkClient, systemClock } from '@firmseal/link';
import { byteStreamSuite, serveFrames } from '@firmseal/link/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { connectTcp, type LoopbackServer, serveLoopback, type TcpStream } from './index.ts';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

test('each connection is a chip of its own', async () => {
  let chips = 0;
  const server = await serveLoopback({
    onConnection: (stream) => {
      const chip = ++chips;
      serveFrames(stream, () => ({ payload: utf8(`chip ${chip}`) }));
    },
  });
  try {
    const answers: string[] = [];
    for (let i = 0; i < 2; i++) {
      const link = new LinkClient({ stream: await connectTcp('127.0.0.1', server.port), clock: systemClock });
      answers.push(new TextDecoder().decode(await link.request('info', new Uint8Array(0))));
      await link.close();
    }
    expect(answers).toEqual(['chip 1', 'chip 2']);
  } finally {
    await server.close();
  }
});

test('a server that ends, ends the request with link-closed', async () => {
  const server = await serveLoopback({ onConnection: () => undefined });
  const link = new LinkClient({ stream: await connectTcp('127.0.0.1', server.port), clock: systemClock });
  const request = link.request('info', new Uint8Array(0));
  const ended = expect(request).rejects.toMatchObject({ code: 'link-closed' });
  await server.close();
  await ended;
});

test('a handler that fails closes its connection', async () => {
  const server = await serveLoopback({
    onConnection: () => {
      throw new Error('no chip');
    },
  });
  const link = new LinkClient({ stream: await connectTcp('127.0.0.1', server.port), clock: systemClock });
  await expect(link.request('info', new Uint8Array(0))).rejects.toMatchObject({ code: 'link-closed' });
  await server.close();
});

test('a port where nobody listens is link-connect-failed', async () => {
  const server = await serveLoopback({ onConnection: () => undefined });
  await server.close();
  await expect(connectTcp('127.0.0.1', server.port)).rejects.toMatchObject({
    code: 'link-connect-failed',
    fields: { address: `127.0.0.1:${server.port}` },
  });
});

test('a port that is taken is refused', async () => {
  const server = await serveLoopback({ onConnection: () => undefined });
  await expect(serveLoopback({ port: server.port, onConnection: () => undefined })).rejects.toMatchObject({
    code: 'link-connect-failed',
  });
  await server.close();
});

describe('a TCP connection', () => {
  byteStreamSuite(async () => {
    let take: (stream: TcpStream) => void = () => undefined;
    const taken = new Promise<TcpStream>((resolve) => {
      take = resolve;
    });
    const server = await serveLoopback({ onConnection: (stream) => take(stream) });
    servers.push(server);
    return { near: await connectTcp('127.0.0.1', server.port), far: await taken };
  });
});
