// When a host gets to see what a chip did: at once, or when as much real time has passed.

import { expect, test } from 'vitest';
import { romBootloader } from '../bootloaders/rom-bootloader.ts';
import { createVirtualChip } from '../chip/factory.ts';
import { RealTimePacer, unpaced } from './pacer.ts';
import { UartDoor } from './uart-door.ts';

/** Real time that a test moves. */
class Stopwatch {
  nowMs_ = 1000;
  readonly #timers: { atMs: number; callback: () => void }[] = [];
  readonly nowMs = () => this.nowMs_;
  readonly after = (delayMs: number, callback: () => void) => {
    const timer = { atMs: this.nowMs_ + delayMs, callback };
    this.#timers.push(timer);
    return () => void this.#timers.splice(this.#timers.indexOf(timer), 1);
  };

  pass(ms: number): void {
    const endMs = this.nowMs_ + ms;
    for (;;) {
      this.#timers.sort((a, b) => a.atMs - b.atMs);
      const next = this.#timers[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#timers.shift();
      this.nowMs_ = next.atMs;
      next.callback();
    }
    this.nowMs_ = endMs;
  }

  get waiting(): number {
    return this.#timers.length;
  }
}

test('work takes its time from when it was asked for, and waits for the work before it', () => {
  const time = new Stopwatch();
  const pacer = new RealTimePacer(0, time);
  const seen: [string, number][] = [];
  const at = (us: number, name: string) => pacer.at(us, () => seen.push([name, time.nowMs_]));
  at(0, 'at once');
  time.pass(500);
  at(20_000, 'after 20 ms of idle 500');
  at(50_000, '30 ms more');
  time.pass(10);
  at(60_000, 'asked for while busy');
  time.pass(1000);
  expect(seen).toEqual([
    ['at once', 1000],
    ['after 20 ms of idle 500', 1520],
    ['30 ms more', 1550],
    ['asked for while busy', 1560],
  ]);
});

test('what is held back when a door closes is never delivered', () => {
  const time = new Stopwatch();
  const pacer = new RealTimePacer(0, time);
  pacer.at(1000, () => expect.unreachable());
  pacer.close();
  expect(time.waiting).toBe(0);
  time.pass(1000);
});

test.each([
  ['unpaced', undefined],
  ['real time', undefined],
  ['real time', 115200],
] as const)('%s at %s baud: the ACK of an erase comes when the erase is over', (kind, lineBaud) => {
  const time = new Stopwatch();
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'pace', executors: [romBootloader()] });
  chip.setPin('boot0', true);
  chip.powerOn();
  const pacer = kind === 'unpaced' ? unpaced : new RealTimePacer(chip.clock.nowUs, time);
  const door = new UartDoor(chip, lineBaud === undefined ? { pacer } : { pacer, lineBaud });
  const answers: number[] = [];
  door.onSend = () => answers.push(time.nowMs_);
  for (const frame of [[0x7f], [0x44, 0xbb], [0, 0, 0, 0, 0]]) {
    door.receive(Uint8Array.from(frame));
    time.pass(1);
  }
  time.pass(1000);
  const eraseMs = kind === 'unpaced' ? 0 : 250;
  const wireMs = lineBaud === undefined ? 0 : (8 + 3) * (11_000 / lineBaud);
  const expected = 1002 + eraseMs + wireMs;
  expect(answers).toHaveLength(3);
  expect(answers[2]).toBeGreaterThanOrEqual(expected - 2);
  expect(answers[2]).toBeLessThanOrEqual(expected + 2);
  door.close();
});
