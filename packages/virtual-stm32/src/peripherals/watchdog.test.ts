import { expect, test } from 'vitest';
import { IndependentWatchdog, WindowWatchdog } from './watchdog.ts';

function independent(startsByItself: boolean) {
  const clock = { us: 0 };
  const watchdog = new IndependentWatchdog(0x4000_3000, {
    nowUs: () => clock.us,
    startsByItself: () => startsByItself,
  });
  watchdog.reset();
  const write = (offset: number, value: number) => watchdog.writeRegister(offset, value);
  const isOver = () => watchdog.deadlineUs !== undefined && clock.us >= watchdog.deadlineUs;
  return { clock, watchdog, write, isOver };
}

test('IWDG: an option starts it at reset, with 4096 periods of 4 / 32 kHz', () => {
  expect(independent(false).watchdog.deadlineUs).toBeUndefined();
  expect(independent(true).watchdog.deadlineUs).toBe(512_000);
});

test('IWDG: its prescaler is written behind a key, and gives it up to 32.8 s', () => {
  const { watchdog, write } = independent(true);
  write(4, 6);
  expect(watchdog.deadlineUs).toBe(512_000);
  write(0, 0x5555);
  write(4, 6);
  expect(watchdog.deadlineUs).toBe(32_768_000);
});

test('IWDG: fed in time it goes on; fed too late it bites all the same', () => {
  const { clock, write, isOver } = independent(true);
  clock.us = 511_999;
  write(0, 0xaaaa);
  clock.us = 600_000;
  expect(isOver()).toBe(false);
  clock.us = 1_100_000;
  write(0, 0xaaaa);
  expect(isOver()).toBe(true);
});

function window(startsByItself: boolean) {
  const clock = { us: 0, hz: 16_000_000 };
  const watchdog = new WindowWatchdog(
    { addressStart: 0x4000_2c00, prescalerAt: 11 },
    { nowUs: () => clock.us, clockHz: () => clock.hz, startsByItself: () => startsByItself },
  );
  watchdog.reset();
  const write = (offset: number, value: number) => watchdog.writeRegister(offset, value);
  return { clock, watchdog, write };
}

test('WWDG: an option starts it at reset; it bites after 64 counts of 4096 cycles', () => {
  const { clock, watchdog } = window(true);
  clock.us = 16_383;
  expect(watchdog.bites()).toBe(false);
  expect(watchdog.readRegister(0)).toBe(0x80 | 0x40);
  clock.us = 16_384;
  expect(watchdog.bites()).toBe(true);
  const idle = window(false);
  idle.clock.us = 1e6;
  expect(idle.watchdog.bites()).toBe(false);
});

test('WWDG: software starts it, reloads it and cannot stop it', () => {
  const { clock, watchdog, write } = window(false);
  clock.us = 1e6;
  write(0, 0xff);
  clock.us += 10_000;
  write(0, 0x7f);
  clock.us += 10_000;
  expect(watchdog.bites()).toBe(false);
  clock.us += 7_000;
  expect(watchdog.bites()).toBe(true);
});

test('WWDG: a reload above its window, or below its end, bites at once', () => {
  const early = window(true);
  early.write(4, 0x50);
  early.write(0, 0x7f);
  expect(early.watchdog.bites()).toBe(true);
  const low = window(true);
  low.write(0, 0x3f);
  expect(low.watchdog.bites()).toBe(true);
});

test('WWDG: a slower clock or a larger prescaler gives it more time', () => {
  const { clock, watchdog } = window(true);
  clock.us = 8192;
  expect(watchdog.bites()).toBe(false);
  clock.hz = 8_000_000;
  clock.us = 8192 + 16_383;
  expect(watchdog.bites()).toBe(false);
  clock.us += 2;
  expect(watchdog.bites()).toBe(true);
  const slow = window(true);
  slow.write(4, 0x7f | (3 << 11));
  slow.clock.us = 8 * 16_383;
  expect(slow.watchdog.bites()).toBe(false);
});
