// The client against virtual chips' ROM bootloaders, over their UARTs in this process.

import { findChip } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { FaultyStream, seededRandom, TestClock } from '@firmseal/link/testing';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { openChipUart, ScriptedLine, startInBootloader } from '../test/index.ts';
import { UartBootloader } from './index.ts';

const flash = 0x0800_0000;
const timeoutMs = 10_000;
const long = { timeoutMs: () => timeoutMs };

const pattern = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 13) & 0xff);

async function connect(id: string, chip = startInBootloader(id)) {
  const bootloader = await UartBootloader.connect({ stream: openChipUart(chip), clock: systemClock });
  return { chip, bootloader };
}

const chips = ['stm32f405', 'stm32f427', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'];

describe('the UART bootloader', () => {
  it.each(chips)('of %s names itself and its commands', async (id) => {
    const { bootloader } = await connect(id);
    const { productId, uart } = findChip(id).romBootloader;
    expect(bootloader.productId).toBe(productId);
    expect(bootloader.protocolVersion).toBe(uart!.protocolVersion);
    expect(bootloader.commands).toEqual(uart!.commands);
    expect(await bootloader.getVersion()).toBe(uart!.protocolVersion);
  });

  it.each(chips)('of %s erases, writes over block borders and reads back', async (id) => {
    const { chip, bootloader } = await connect(id);
    const bytes = pattern(1504);
    await bootloader.erase([0, 1], long);
    const told: number[] = [];
    await bootloader.write(flash, bytes, { timeoutMs, onBlock: (end) => told.push(end) });
    expect(told).toEqual([256, 512, 768, 1024, 1280, 1504]);
    expect(chip.judge.flash(flash, bytes.length)).toEqual(bytes);
    expect(await bootloader.read(flash + 7, 600)).toEqual(bytes.slice(7, 607));
    await bootloader.erase([0], long);
    expect(chip.judge.flash(flash, 4)).toEqual(Uint8Array.of(255, 255, 255, 255));
  });

  it('stops reading where it is told to', async () => {
    const { bootloader } = await connect('stm32f427');
    const seen: number[] = [];
    const read = await bootloader.read(flash, 4096, (_, offset) => seen.push(offset) < 2);
    expect(seen).toEqual([0, 256]);
    expect(read).toHaveLength(512);
  });

  it('erases a bank and everything', async () => {
    const { chip, bootloader } = await connect('stm32f427');
    const bank2 = findChip('stm32f427').flash.banks[1]!.addressStart;
    for (const address of [flash, bank2]) await bootloader.write(address, pattern(16), { timeoutMs });
    await bootloader.erase('bank2', long);
    expect(chip.judge.flash(bank2, 1)[0]).toBe(0xff);
    expect(chip.judge.flash(flash, 16)).toEqual(pattern(16));
    await bootloader.erase('all', long);
    expect(chip.judge.flash(flash, 1)[0]).toBe(0xff);
  });

  it('protects, is refused, unprotects, which erases', async () => {
    const { chip, bootloader } = await connect('stm32l476');
    await bootloader.write(flash, pattern(16), { timeoutMs });
    await bootloader.readoutProtect({ timeoutMs });
    await bootloader.reconnect();
    expect(chip.judge.readoutLevel).toBe(1);
    await expect(bootloader.read(flash, 16)).rejects.toMatchObject({
      code: 'bootloader-refused',
      fields: { command: 'Read Memory' },
    });
    await expect(bootloader.write(flash, pattern(16), { timeoutMs })).rejects.toMatchObject({
      code: 'bootloader-refused',
    });
    await bootloader.readoutUnprotect({ timeoutMs });
    await bootloader.reconnect();
    expect(await bootloader.read(flash, 4)).toEqual(Uint8Array.of(255, 255, 255, 255));
  });

  it('acknowledges an erase that write protection stopped', async () => {
    const { chip, bootloader } = await connect('stm32f427');
    await bootloader.write(flash, pattern(16), { timeoutMs });
    await bootloader.writeProtect([0], { timeoutMs });
    await bootloader.reconnect();
    await bootloader.erase([0], long);
    expect(chip.judge.flash(flash, 16)).toEqual(pattern(16));
    await bootloader.writeUnprotect({ timeoutMs });
    await bootloader.reconnect();
    await bootloader.erase([0], long);
    expect(chip.judge.flash(flash, 1)[0]).toBe(0xff);
  });

  it('starts a program', async () => {
    const { chip, bootloader } = await connect('stm32f427');
    await bootloader.write(flash, pattern(16), { timeoutMs });
    await bootloader.go(flash);
    expect(chip.bootedApplication?.address).toBe(flash);
  });

  it('carries the special commands of parts that have them', async () => {
    const special = {
      operations: new Set([0x0102]),
      run: (_: number, data: Uint8Array, second: Uint8Array | undefined) =>
        second === undefined
          ? { data: data.slice().reverse(), status: Uint8Array.of(7) }
          : { status: Uint8Array.of(data.length, second.length >>> 8) },
    };
    const { bootloader } = await connect('stm32u575', startInBootloader('stm32u575', { rom: { special } }));
    expect(await bootloader.special(0x0102, Uint8Array.of(1, 2, 3))).toEqual({
      data: Uint8Array.of(3, 2, 1),
      status: Uint8Array.of(7),
    });
    expect(await bootloader.extendedSpecial(0x0102, pattern(128), pattern(1024))).toEqual({
      data: new Uint8Array(0),
      status: Uint8Array.of(128, 4),
    });
    await expect(bootloader.special(0x0999, pattern(1))).rejects.toMatchObject({
      code: 'bootloader-refused',
    });
    const { bootloader: without } = await connect('stm32f427');
    expect(() => without.special(1, pattern(1))).toThrow(
      expect.objectContaining({ code: 'bootloader-command-missing' }),
    );
  });

  it('is found again by a client that comes after one that ended in the middle of a write', async () => {
    const chip = startInBootloader('stm32g0b1');
    const line = openChipUart(chip);
    for (const part of [[0x7f], [0x31, 0xce], [8, 0, 0, 0, 8], [255, 1, 2, 3]])
      await line.write(Uint8Array.from(part));
    await line.close();
    const clock = new TestClock();
    const bootloader = await clock.run(UartBootloader.connect({ stream: openChipUart(chip), clock }));
    expect(bootloader.productId).toBe(0x467);
  });

  it('reaches no chip at another rate than it measured, and says so', async () => {
    const chip = startInBootloader('stm32f427');
    await UartBootloader.connect({ stream: openChipUart(chip), clock: systemClock, baud: 115_200 });
    const clock = new TestClock();
    const late = UartBootloader.connect({ stream: openChipUart(chip), clock, baud: 9600 });
    await expect(clock.run(late)).rejects.toMatchObject({ code: 'bootloader-silent' });
  });
});

/** Erase, write and read over a line that spoils chunks by a plan; every seed is a run of its own. */
async function overBadLine(seed: number) {
  const chip: VirtualChip = startInBootloader('stm32h743', { seed: `noise ${seed}` });
  const random = seededRandom(seed);
  const clock = new TestClock();
  let spoiled = 0;
  let armed = false;
  const stream = new FaultyStream(openChipUart(chip), clock, (direction, chunk) => {
    if (!armed || random() > 0.02) return {};
    spoiled++;
    const kind = Math.floor(random() * 4);
    if (kind === 0) return { copies: 0 };
    if (kind === 1) return { copies: 2 };
    if (kind === 2) return { delayMs: 1 + Math.floor(random() * 3000) };
    // The line has parity: to the host a damaged byte is one that does not come. What XOR sums guard may
    // arrive damaged.
    return direction === 'to-host' ? { copies: 0 } : { corruptAt: Math.floor(random() * chunk.length) };
  });
  const run = async () => {
    const bootloader = await UartBootloader.connect({ stream, clock });
    armed = true;
    await bootloader.erase([0], long);
    await bootloader.write(flash, pattern(2048), { timeoutMs: 1000 });
    return bootloader.read(flash, 2048);
  };
  const outcome = await clock.run(
    run().then(
      (read) => ({ read }),
      (error: unknown) => ({ error: error as { code?: string } }),
    ),
  );
  return { chip, outcome, spoiled };
}

describe('the UART bootloader over a bad line', () => {
  it('is written right, or ends in a fault that says what happened; no word is programmed twice', async () => {
    let spoiled = 0;
    let done = 0;
    for (let seed = 1; seed <= 15; seed++) {
      const { chip, outcome, ...run } = await overBadLine(seed);
      spoiled += run.spoiled;
      if ('read' in outcome) {
        done++;
        expect(outcome.read, `seed ${seed}`).toEqual(pattern(2048));
        expect(chip.judge.flash(flash, 2048), `seed ${seed}`).toEqual(pattern(2048));
      } else expect(outcome.error.code, `seed ${seed}`).toMatch(/^bootloader-/);
      // A second program of a word breaks its code on H743.
      expect(chip.judge.isReadable(flash, 2048), `seed ${seed}`).toBe(true);
    }
    expect(spoiled).toBeGreaterThan(15);
    expect(done).toBeGreaterThan(12);
  });
});

/** Answers as a bootloader does, but for the one code that the test looks at. */
function pretender(special: (code: number, line: ScriptedLine) => number[] | undefined): ScriptedLine {
  return new ScriptedLine((bytes, line) => {
    if (bytes[0] === 0x7f) return Uint8Array.of(0x79);
    const own = special(bytes[0]!, line);
    if (own !== undefined) return Uint8Array.from(own);
    if (bytes[0] === 0x00) return Uint8Array.of(0x79, 2, 0x31, 0x11, 0x44, 0x79);
    if (bytes[0] === 0x02)
      return bytes.length === 1 ? Uint8Array.of(0x1f) : Uint8Array.of(0x79, 1, 4, 0x19, 0x79);
    return Uint8Array.of(0x79);
  });
}

async function eraseOn(line: ScriptedLine, clock = new TestClock()) {
  const run = UartBootloader.connect({ stream: line, clock }).then((one) => one.erase('all', long));
  const outcome = await clock.run(run.catch((error: unknown) => error));
  return { outcome, seconds: clock.nowMs() / 1000 };
}

describe('a line that is no bootloader', () => {
  it('is silent: that is said after a few seconds', async () => {
    const { outcome, seconds } = await eraseOn(new ScriptedLine(() => undefined));
    expect(outcome).toMatchObject({ code: 'bootloader-silent' });
    expect(seconds).toBeLessThan(60);
  });

  it('is busy for a while, which is waited for, or for ever, which ends at the deadline', async () => {
    const patient = pretender((code, line) => {
      if (code !== 0xff) return undefined;
      queueMicrotask(() => line.say(Uint8Array.of(0x76, 0x76, 0x79)));
      return [0x76];
    });
    expect((await eraseOn(patient)).outcome).toBeUndefined();
    const clock = new TestClock();
    const endless = pretender((code, line) => {
      const sayBusy = () => {
        line.say(Uint8Array.of(0x76));
        clock.after(500, sayBusy);
      };
      if (code === 0xff) sayBusy();
      return code === 0xff ? [] : undefined;
    });
    const { outcome, seconds } = await eraseOn(endless, clock);
    expect(outcome).toMatchObject({ code: 'bootloader-timeout', fields: { timeoutMs } });
    expect(seconds).toBeLessThan(120);
  });

  it('goes away: the command ends at once', async () => {
    const gone = pretender((code, line) => {
      if (code === 0xff) queueMicrotask(() => line.vanish());
      return code === 0xff ? [] : undefined;
    });
    const { outcome, seconds } = await eraseOn(gone);
    expect(outcome).toMatchObject({ code: 'link-closed' });
    expect(seconds).toBeLessThan(1);
  });

  it.each([
    ['lists no commands', 0x00, [0x79, 0, 0x31, 0x79]],
    ['has an id of three bytes', 0x02, [0x79, 2, 4, 0x19, 0, 0x79]],
    ['answers with other bytes', 0x02, [0x42]],
  ])('%s: a malformed answer', async (_, code, answer) => {
    const line = pretender((one) => (one === code ? answer : undefined));
    const outcome = (await eraseOn(line)).outcome as { code: string };
    expect(['bootloader-answer-malformed', 'bootloader-lost']).toContain(outcome.code);
  });
});
