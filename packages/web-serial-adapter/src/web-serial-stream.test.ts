/// <reference types="w3c-web-serial" />
import { byteStreamSuite } from '@firmseal/link/testing';
import { describe, expect, it } from 'vitest';
import { ModelPort } from '../test/model-port.ts';
import { openWebSerial, type WebSerialPort } from './index.ts';

/** The compiler refuses this function when a browser's port is no such port. */
const ofBrowser = (port: SerialPort): WebSerialPort => port;

const line = { baud: 115_200, parity: 'none' } as const;

describe('a serial port of a browser', () => {
  byteStreamSuite(async () => {
    const port = new ModelPort();
    return { near: await openWebSerial(port, line), far: port.far };
  });

  it('is opened as the agent speaks, with room for its frames', async () => {
    const port = new ModelPort();
    const stream = await openWebSerial(port, line);
    expect(port.opened).toEqual([
      { baudRate: 115_200, dataBits: 8, stopBits: 1, parity: 'none', bufferSize: 16_384 },
    ]);
    await stream.close();
    expect(ofBrowser).toBeTypeOf('function');
  });

  it('goes on after a damaged byte', async () => {
    const port = new ModelPort();
    const stream = await openWebSerial(port, line);
    const heard: number[] = [];
    const three = new Promise<void>((resolve) => {
      stream.listen({
        data: (bytes) => {
          heard.push(...bytes);
          if (heard.length === 3) resolve();
        },
        closed: () => undefined,
      });
    });
    await port.far.write(Uint8Array.of(1, 2));
    while (heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    port.damage();
    await port.far.write(Uint8Array.of(3));
    await three;
    expect(heard).toEqual([1, 2, 3]);
    await stream.close();
  });

  it('ends when the adapter is unplugged, and says so to whoever writes', async () => {
    const port = new ModelPort();
    const stream = await openWebSerial(port, line);
    const ended = new Promise<unknown>((resolve) => {
      stream.listen({ data: () => undefined, closed: resolve });
    });
    port.unplug();
    expect(await ended).toMatchObject({ code: 'serial-unplugged' });
    await expect(stream.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'link-closed' });
    await expect(openWebSerial(port, line)).rejects.toMatchObject({ code: 'serial-in-use' });
  });

  it('is not opened twice', async () => {
    const port = new ModelPort();
    const stream = await openWebSerial(port, line);
    await expect(openWebSerial(port, line)).rejects.toMatchObject({ code: 'serial-in-use' });
    await stream.close();
  });
});
