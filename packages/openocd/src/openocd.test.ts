// The client against OpenOCD itself, which holds a virtual chip; and against servers that are not OpenOCD.

import { findChip } from '@firmseal/chips';
import { type ByteStream, createStreamPair, systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { connectTcp } from '@firmseal/tcp-adapter';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lackingTool, skipTests } from '../../../tools/test-report/skip-tests.ts';
import { type OpenocdOnChip, openocdOnChip } from '../test/index.ts';
import { Openocd, openocdFault } from './index.ts';

const flash = 0x0800_0000;
const timeoutMs = 60_000;
const pattern = (length: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff);

const lack = lackingTool(['openocd']);

describe('a chip behind OpenOCD', () => {
  skipTests(lack);
  const chip = createVirtualChip({ chip: 'stm32l476', seed: 'openocd client', executors: [machineCode()] });
  let program: OpenocdOnChip;
  let openocd: Openocd;
  beforeAll(async () => {
    if (lack !== undefined) return;
    chip.powerOn();
    program = await openocdOnChip(chip);
    openocd = await Openocd.connect({
      stream: await connectTcp('127.0.0.1', program.port),
      clock: systemClock,
    });
    await openocd.resetHalt();
  });
  afterAll(async () => {
    await openocd?.close();
    await program?.close();
  });

  it('is 0.12 or newer', () => {
    expect(openocd.version).toMatch(/Open On-Chip Debugger 0\.\d+/);
  });

  it('is read and written: registers, RAM, any length and alignment', async () => {
    expect((await openocd.readWord(0xe004_2000)) & 0xfff).toBe(0x415);
    const bytes = pattern(20_000);
    await openocd.write(0x2000_0000, bytes);
    expect(await openocd.read(0x2000_0003, 19_990)).toEqual(bytes.slice(3, 19_993));
  });

  it('is erased and programmed by the loader of OpenOCD', async () => {
    const bytes = pattern(10_000);
    await openocd.eraseFlash(flash, 5 * 2048, { timeoutMs });
    await openocd.writeFlash(flash, bytes, { timeoutMs });
    expect(chip.judge.flash(flash, bytes.length)).toEqual(bytes);
    expect(await openocd.read(flash, bytes.length)).toEqual(bytes);
    const [bank] = await openocd.flashBanks();
    expect(bank).toEqual({ driver: 'stm32l4x', addressStart: flash, sizeBytes: 1024 * 1024 });
  });

  it('tells what was refused: no memory, no flash, an erase that protection stops', async () => {
    await expect(openocd.readWord(0x6000_0000)).rejects.toMatchObject({ code: 'openocd-memory-refused' });
    await expect(openocd.eraseFlash(0x6000_0000, 2048, { timeoutMs })).rejects.toMatchObject({
      code: 'openocd-flash-unknown',
    });
    chip.debug.connect();
    const protectedPages = new Map(chip.judge.optionsStored).set(3, 0x0003_0000);
    chip.debug.writeOptionBytes(protectedPages);
    await openocd.resetHalt();
    await expect(openocd.eraseFlash(flash, 2048, { timeoutMs })).rejects.toMatchObject({
      code: 'openocd-flash-protected',
    });
    expect(chip.judge.flash(flash, 4)).toEqual(pattern(4));
  });

  it('starts at a vector table', async () => {
    const image = new Uint8Array(0x104);
    const view = new DataView(image.buffer);
    view.setUint32(0, 0x2000_1000, true);
    view.setUint32(4, flash + 0x4000 + 0x101, true);
    view.setUint16(0x100, 0xe7fe, true);
    await openocd.writeFlash(flash + 0x4000, image, { timeoutMs });
    await openocd.start(flash + 0x4000);
    await openocd.halt();
    expect(chip.machine.processor.retired).toBeGreaterThan(0);
    expect(await openocd.readWord(0xe000_ed08)).toBe(flash + 0x4000);
  });

  it('is not there any more when OpenOCD ends', async () => {
    await program.close();
    await expect(openocd.readWord(flash)).rejects.toMatchObject({ code: 'openocd-closed' });
  });
});

/** A server that answers each command by a function. */
function serve(answer: (command: string) => string | undefined): ByteStream {
  const [host, server] = createStreamPair();
  let waiting = '';
  server.listen({
    data: (bytes) => {
      waiting += new TextDecoder('latin1').decode(bytes);
      for (let at = waiting.indexOf('\u001a'); at >= 0; at = waiting.indexOf('\u001a')) {
        const text = answer(waiting.slice(0, at));
        waiting = waiting.slice(at + 1);
        if (text !== undefined) server.write(new TextEncoder().encode(text)).catch(() => undefined);
      }
    },
    closed: () => undefined,
  });
  return host;
}

const version = '0|Open On-Chip Debugger 0.12.0\u001a';
const asOpenocd = (answer: string | undefined) =>
  serve((command) => (command.includes('catch {version}') ? version : answer));

async function readWord(stream: ByteStream) {
  const clock = new TestClock();
  const run = Openocd.connect({ stream, clock }).then((openocd) => openocd.readWord(flash));
  return clock.run(run.catch((error: unknown) => error));
}

describe('a server that is no OpenOCD, or lies', () => {
  it.each([
    ['is silent', undefined, 'openocd-not-there'],
    ['speaks another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n\u001a', 'openocd-not-there'],
    ['is OpenOCD 0.11', '0|Open On-Chip Debugger 0.11.0\u001a', 'openocd-too-old'],
  ])('%s', async (_, answer, code) => {
    expect(await readWord(serve(() => answer))).toMatchObject({ code });
  });

  it.each([
    ['never answers', undefined, 'openocd-timeout'],
    ['gives two words for one', '0|0x1 0x2\u001a', 'openocd-answer-malformed'],
    ['gives no number', '0|nothing\u001a', 'openocd-answer-malformed'],
    ['gives a number beyond 32 bits', '0|0x123456789\u001a', 'openocd-answer-malformed'],
    ['gives no result', 'words\u001a', 'openocd-answer-malformed'],
    ['answers twice', '0|0x1\u001a0|0x2\u001a', undefined],
    ['gives an answer without end', 'x'.repeat(2 * 1024 * 1024), 'openocd-answer-malformed'],
    ['says that the bus refused', '1|Failed to read memory at 0x08000000\u001a', 'openocd-memory-refused'],
  ])('%s', async (_, answer, code) => {
    const outcome = await readWord(asOpenocd(answer));
    if (code === undefined) expect(outcome).toBe(1);
    else expect(outcome).toMatchObject({ code });
  });

  it('keeps its words out of the terminal', () => {
    const fault = openocdFault('halt', 'log\n\u001b[2Jowned');
    expect(fault.code).toBe('openocd-failed');
    expect(fault.message).not.toContain('\u001b');
  });
});

it('the catalogue and OpenOCD mean the same chip', () => {
  expect(findChip('stm32l476').identity.deviceId).toBe(0x415);
});
