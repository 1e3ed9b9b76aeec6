import { describe, expect, test } from 'vitest';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { DmaStreams } from './dma-streams.ts';
import { SerialLine } from './serial-line.ts';
import { Usart, usartLayouts } from './usart.ts';

const dma2 = 0x4002_6400;
const stream = 0x10 + 2 * 0x18;
const memory = [0x2000_0000, 0x2000_0100] as const;
/** 84 MHz and 1 Mbit/s: ten microseconds a byte. */
const byteUs = 10;

/** USART1 at work with a controller that takes its bytes by stream 2, channel 4, into two halves of four. */
function receiver({ clocked = true, channel = 4, half = 4 } = {}) {
  let nowUs = 0;
  const ram = new Map<number, number>();
  const counts = { empty: 0 };
  const line = new SerialLine({
    nowUs: () => nowUs,
    waitUntilUs: (timeUs) => {
      nowUs = Math.max(nowUs, timeUs);
    },
    send: () => undefined,
    more: () => undefined,
    foundNothing: () => counts.empty++,
    madeProgress: () => undefined,
  });
  const usart = new Usart({
    ...{ name: 'USART1', addressStart: 0x4001_1000, layout: usartLayouts.f4, line },
    ...{ clockHz: () => 84e6, hostBaud: () => undefined },
  });
  const by = {
    writeRam: (address: number, [byte]: Uint8Array) => {
      if (address < 0x2000_0000) return 'bus-fault';
      ram.set(address, byte!);
      return 'ok';
    },
  } as unknown as MemoryAccess;
  const dma = new DmaStreams(
    { name: 'DMA2', addressStart: dma2, requests: [{ usart: 'USART1', stream: 2, channel: 4 }] },
    {
      usarts: new Map([['USART1', usart]]),
      isClocked: () => clocked,
      foundNothing: () => counts.empty++,
      waitUntilUs: (timeUs) => {
        nowUs = Math.max(nowUs, timeUs);
      },
    },
  );
  usart.writeRegister(0x08, 84, by); // BRR
  usart.writeRegister(0x14, 1 << 6, by); // CR3: DMAR
  usart.writeRegister(0x0c, (1 << 13) | 12, by); // CR1: UE, TE, RE
  const set = (offset: number, value: number) => dma.writeRegister(stream + offset, value, by);
  set(0x04, half);
  set(0x08, 0x4001_1004);
  set(0x0c, memory[0]);
  set(0x10, memory[1]);
  set(0x00, (channel << 25) | (1 << 18) | (1 << 10) | (1 << 8) | 1);
  return {
    ...{ dma, usart, line, ram, set, counts, by },
    pass: (us: number) => {
      nowUs += us;
    },
    now: () => nowUs,
    left: () => dma.readRegister(stream + 0x04),
    control: () => dma.readRegister(stream),
    half: (i: 0 | 1) => [0, 1, 2, 3].map((at) => ram.get(memory[i] + at)),
  };
}

describe('reception by DMA', () => {
  test('bytes come at the rate of the wire, whatever software does meanwhile', () => {
    const { dma, line, pass, half } = receiver();
    line.deliver(Uint8Array.of(1, 2, 3));
    dma.transfer();
    expect(half(0)).toEqual([undefined, undefined, undefined, undefined]);
    pass(2 * byteUs);
    dma.transfer();
    expect(half(0)).toEqual([1, 2, undefined, undefined]);
  });

  test('goes from half to half, and over the first again', () => {
    const { line, pass, half, left, control } = receiver();
    line.deliver(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
    pass(5 * byteUs);
    expect(left()).toBe(3);
    expect(control() & (1 << 19), 'CT').not.toBe(0);
    pass(4 * byteUs);
    expect(left()).toBe(3);
    expect(control() & (1 << 19)).toBe(0);
    expect([half(0), half(1)]).toEqual([
      [9, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
  });

  test('software that looks again finds the byte under way, and then nothing', () => {
    const { line, left, now, counts } = receiver();
    line.deliver(Uint8Array.of(1));
    expect(left()).toBe(4);
    expect(left()).toBe(3);
    expect(now()).toBe(byteUs);
    expect(counts.empty).toBe(0);
    left();
    expect(counts.empty).toBe(1);
  });

  test('while a stream is on, its channel and addresses stay', () => {
    const { set, line, pass, half, left, control } = receiver();
    set(0x0c, 0);
    set(0x04, 2);
    set(0x00, control() & ~(7 << 25));
    line.deliver(Uint8Array.of(1));
    pass(byteUs);
    expect(left()).toBe(3);
    expect(half(0)[0]).toBe(1);
  });

  test('memory that DMA does not reach ends the stream with an error', () => {
    const { dma, set, line, pass, control } = receiver();
    set(0x00, 0);
    set(0x0c, 0x1000_0000); // core coupled memory
    set(0x00, (4 << 25) | (1 << 18) | (1 << 10) | 1);
    line.deliver(Uint8Array.of(1));
    pass(byteUs);
    expect(control() & 1).toBe(0);
    expect(dma.readRegister(0) & (1 << 19), 'TEIF2').not.toBe(0);
  });

  test.each([
    ['without its clock', { clocked: false }],
    ['on a channel of another peripheral', { channel: 3 }],
  ])('%s nothing is moved', (_, how) => {
    const { dma, line, pass, ram } = receiver(how);
    line.deliver(Uint8Array.of(1));
    pass(byteUs);
    dma.transfer();
    expect(ram.size).toBe(0);
  });

  test('a state that was kept comes back', () => {
    const { dma, line, pass, left } = receiver();
    const putBack = dma.keep();
    line.deliver(Uint8Array.of(1, 2, 3, 4, 5));
    pass(5 * byteUs);
    expect(left()).toBe(3);
    putBack();
    expect(dma.readRegister(stream) & (1 << 19)).toBe(0);
    line.deliver(Uint8Array.of(6));
    pass(byteUs);
    expect(left()).toBe(3);
  });
});

test('the framing error of a byte that DMA took stands until software reads status and data', () => {
  let nowUs = 0;
  const line = new SerialLine({
    ...{ nowUs: () => nowUs, waitUntilUs: () => undefined, send: () => undefined, more: () => undefined },
    ...{ foundNothing: () => undefined, madeProgress: () => undefined },
  });
  const by = {} as MemoryAccess;
  const usart = new Usart({
    ...{ name: 'USART1', addressStart: 0x4001_1000, layout: usartLayouts.f4, line },
    ...{ clockHz: () => 84e6, hostBaud: () => 115_200 },
  });
  usart.writeRegister(0x08, 84, by);
  usart.writeRegister(0x14, 1 << 6, by);
  usart.writeRegister(0x0c, (1 << 13) | 12, by);
  line.deliver(Uint8Array.of(0x55));
  nowUs = 100;
  expect(usart.takeArrived()).toBe(0xaa);
  const framing = () => usart.readRegister(0x00) & 2;
  expect(framing()).toBe(2);
  usart.readRegister(0x04);
  expect(framing()).toBe(0);
});
