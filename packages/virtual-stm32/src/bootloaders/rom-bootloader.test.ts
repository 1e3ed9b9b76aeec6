// The ROM bootloader on whole chips: when it runs, which door it listens to, what its
// commands do to memory, framing.

import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
import type { ChipEvent } from '../chip/options.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';
import { romBootloader } from './rom-bootloader.ts';

const ack = 0x79;
const nack = 0x1f;
const flashStart = 0x08000000;
const bigEndian = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
const closed = (...bytes: number[]): number[] => [...bytes, bytes.reduce((sum, byte) => sum ^ byte, 0)];

function romChip(id: string, { boot0 = true } = {}) {
  const answers: number[] = [];
  const events: ChipEvent[] = [];
  const chip = createVirtualChip({
    ...{ chip: id, seed: 'rom', executors: [romBootloader()] },
    onLink: (bytes) => answers.push(...bytes),
    onEvent: (event) => events.push(event),
  });
  chip.setPin('boot0', boot0);
  chip.powerOn();
  const send = (...bytes: number[]): number[] => {
    chip.receive(Uint8Array.from(bytes));
    return answers.splice(0);
  };
  return { chip, events, send };
}

type Send = ReturnType<typeof romChip>['send'];

const write = (send: Send, address: number, ...data: number[]): number[] => [
  ...send(0x31, 0xce),
  ...send(...closed(...bigEndian(address))),
  ...send(...closed(data.length - 1, ...data)),
];

/** The bytes, or where it was refused. */
const read = (send: Send, address: number, count: number): number[] => [
  ...send(0x11, 0xee),
  ...send(...closed(...bigEndian(address))),
  ...send(count - 1, 0x100 - count),
];

const sources = (events: readonly ChipEvent[]) =>
  events.flatMap((event) => (event.kind === 'started' ? [event.from] : []));

test('BOOT0 decides at a reset; at level 2 it does not', () => {
  const { chip, events } = romChip('stm32f427', { boot0: false });
  chip.setPin('boot0', true);
  chip.reset();
  chip.debug.connect();
  const { stored } = { stored: chip.judge.optionsStored };
  chip.debug.writeOptionBytes(withOptionField(chip.chip, stored, { name: 'RDP', value: 0xcc }));
  chip.reset();
  expect(sources(events)).toEqual(['flash', 'rom-bootloader', 'flash']);
});

test('G0B1: an empty flash starts the bootloader with BOOT0 low, until power or an option load finds it written', () => {
  const { chip, events, send } = romChip('stm32g0b1', { boot0: false });
  expect(send(0x7f)).toEqual([ack]);
  expect(write(send, flashStart, 0, 0x20, 0, 0x20, 1, 2, 3, 4)).toEqual([ack, ack, ack]);
  chip.reset();
  chip.powerOff();
  chip.powerOn();
  expect(sources(events)).toEqual(['rom-bootloader', 'rom-bootloader', 'flash']);
});

test('the synchronisation byte takes USB off; an enumerated host makes the UART deaf', () => {
  const { chip, send } = romChip('stm32f427');
  expect(chip.usb?.strings[2]).toBe('STM32  BOOTLOADER');
  expect(send(0x00, 0xff)).toEqual([]);
  expect(send(0x7f)).toEqual([ack]);
  expect(chip.usb).toBeUndefined();
  chip.reset();
  chip.withUsb((usb) => usb.configured?.());
  expect(send(0x7f)).toEqual([]);
});

test('Get lists what AN3155 lists, and a code that is not listed is refused', () => {
  const { send } = romChip('stm32f427');
  const commands = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44, 0x63, 0x73, 0x82, 0x92];
  expect(send(0x7f)).toEqual([ack]);
  expect(send(0x00, 0xff)).toEqual([ack, 11, 0x31, ...commands, ack]);
  expect(send(0x01, 0xfe)).toEqual([ack, 0x31, 0, 0, ack]);
  expect(send(0x02, 0xfd)).toEqual([ack, 1, 0x04, 0x19, ack]);
  expect([send(0x43, 0xbc), send(0xa1, 0x5e), send(0x00, 0xfe)]).toEqual([[nack], [nack], [nack]]);
});

test('a wrong sum is refused and nothing happens', () => {
  const { chip, send } = romChip('stm32f427');
  send(0x7f);
  send(0x31, 0xce);
  expect(send(0x08, 0, 0, 0, 0x09)).toEqual([nack]);
  send(0x31, 0xce);
  send(...closed(...bigEndian(flashStart)));
  expect(send(3, 0, 0, 0, 0, 0xff)).toEqual([nack]);
  expect([send(0x44, 0xbb), send(0, 0, 0, 0, 1)]).toEqual([[ack], [nack]]);
  expect([send(0x44, 0xbb), send(0, 0, 0, 24, 24)]).toEqual([[ack], [nack]]);
  expect(chip.judge.flash(flashStart, 4)).toEqual(new Uint8Array(4).fill(0xff));
});

test('memory that is there is served: flash size, unique id, version, OTP, RAM but for its own', () => {
  const { chip, send } = romChip('stm32f427');
  send(0x7f);
  expect(read(send, 0x1fff7a22, 2)).toEqual([ack, ack, ack, 0x00, 0x08]);
  expect(read(send, 0x1fff7a10, 12)).toEqual([ack, ack, ack, ...chip.uid]);
  expect(read(send, 0x1fff76de, 1)).toEqual([ack, ack, ack, 0x91]);
  expect(write(send, 0x1fff7800, 0xaa, 0xbb, 0xcc, 0xdd)).toEqual([ack, ack, ack]);
  expect(read(send, 0x1fff7800, 4)).toEqual([ack, ack, ack, 0xaa, 0xbb, 0xcc, 0xdd]);
  expect(write(send, 0x20010000, 1, 2, 3, 4)).toEqual([ack, ack, ack]);
  expect(read(send, 0x20010000, 4)).toEqual([ack, ack, ack, 1, 2, 3, 4]);
  expect(write(send, 0x20000100, 1, 2, 3, 4).slice(0, 2)).toEqual([ack, nack]);
});

test('the voltage byte changes how flash is programmed', () => {
  const { chip, send } = romChip('stm32f427');
  const operations: number[] = [];
  chip.power.onOperation = ({ length }) => operations.push(length);
  send(0x7f);
  write(send, flashStart, 1, 2, 3, 4);
  expect(write(send, 0xffff0000, 0)).toEqual([ack, ack, ack]);
  write(send, flashStart + 4, 1, 2, 3, 4);
  expect(operations).toEqual([4, 1, 1, 1, 1]);
});

test('H743: 4 bytes are one flash word with the rest left erased', () => {
  const { chip, send } = romChip('stm32h743');
  send(0x7f);
  expect(write(send, flashStart + 8, 1, 2, 3, 4)).toEqual([ack, ack, ack]);
  const word = new Uint8Array(32).fill(0xff);
  word.set([1, 2, 3, 4], 8);
  expect(chip.judge.flash(flashStart, 32)).toEqual(word);
});

test.each([
  [0xffff, [true, true]],
  [0xfffe, [true, false]],
  [0xfffd, [false, true]],
])('extended erase %i takes the banks that it names', (code, erased) => {
  const { chip, send } = romChip('stm32h743');
  send(0x7f);
  const banks = chip.chip.flash.banks.map(({ addressStart }) => addressStart);
  for (const bank of banks) write(send, bank, 0, 0, 0, 0);
  const beforeUs = chip.clock.nowUs;
  expect(send(0x44, 0xbb)).toEqual([ack]);
  expect(send(...closed(code >>> 8, code & 0xff))).toEqual([ack]);
  expect(banks.map((bank) => chip.judge.flash(bank, 1)[0] === 0xff)).toEqual(erased);
  expect(chip.clock.nowUs - beforeUs).toBe(code === 0xffff ? 5_000_000 : 2_500_000);
});

test('a mass erase with a write-protected unit is acknowledged, and erases nothing', () => {
  const { chip, send } = romChip('stm32f427');
  send(0x7f);
  write(send, flashStart, 0, 0, 0, 0);
  expect([send(0x63, 0x9c), send(...closed(0, 5))]).toEqual([[ack], [ack]]);
  send(0x7f);
  expect([send(0x44, 0xbb), send(0xff, 0xff, 0x00)]).toEqual([[ack], [ack]]);
  expect(chip.judge.flash(flashStart, 4)).toEqual(new Uint8Array(4));
});

test('L476: write protection of pages becomes a range of their bank', () => {
  const { chip, send } = romChip('stm32l476');
  send(0x7f);
  send(0x63, 0x9c);
  send(...closed(1, 3, 5));
  const units = chip.chip.flash.eraseUnits;
  chip.debug.connect();
  const states = [2, 3, 4, 5, 6].map((index) => chip.debug.eraseUnit(units[index]!.addressStart));
  expect(states).toEqual(['ok', 'write-protected', 'write-protected', 'write-protected', 'ok']);
});

test('option bytes written as memory take force by a reset', () => {
  const { chip, events, send } = romChip('stm32f427');
  send(0x7f);
  expect(read(send, 0x1fffc000, 2)).toEqual([ack, ack, ack, 0xef, 0xaa]);
  expect(write(send, 0x1fffc008, 0xfe, 0x3f)).toEqual([ack, ack, ack]);
  expect(events.at(-1)).toMatchObject({ kind: 'started', cause: 'option-launch' });
  send(0x7f);
  write(send, flashStart, 0, 0, 0, 0);
  expect(chip.judge.flash(flashStart, 1)[0]).toBe(0xff);
});

test('Go starts flash or RAM, not the RAM of the bootloader', () => {
  for (const [address, allowed] of [
    [flashStart, true],
    [0x20010000, true],
    [0x20000000, false],
    [flashStart + 2, false],
    [0x1fff0000, false],
  ] as const) {
    const { chip, send } = romChip('stm32f427');
    send(0x7f);
    send(0x21, 0xde);
    expect(send(...closed(...bigEndian(address)))).toEqual([allowed ? ack : nack]);
    expect(chip.bootedApplication?.address).toBe(allowed ? address : undefined);
  }
});

test('power lost in the middle of an erase ends the session without an ACK', () => {
  const { chip, send }: { chip: VirtualChip; send: Send } = romChip('stm32f427');
  send(0x7f);
  const cut = { operation: chip.power.operations + 1, moment: 'torn' } as const;
  chip.power.plan([cut]);
  expect([send(0x44, 0xbb), send(...closed(0, 0, 0, 0))]).toEqual([[ack], []]);
  expect(chip.power.fired).toEqual([cut]);
  chip.powerOn();
  expect(send(0x7f)).toEqual([ack]);
});

test('the rate of the synchronisation byte is kept until a reset; other rates are not heard, and hear nothing', () => {
  const { chip, send } = romChip('stm32f427');
  const at = (baud: number | undefined, ...bytes: number[]) => {
    chip.hostBaud = baud;
    return send(...bytes);
  };
  expect(at(300, 0x7f)).toEqual([]); // slower than any that the ROM finds
  expect(at(57600, 0x55)).toEqual([]);
  expect(at(57600, 0x7f)).toEqual([ack]);
  expect(at(115200, 0x01, 0xfe)).toEqual([]);
  expect(at(58000, 0x01, 0xfe)).toEqual([ack, 0x31, 0, 0, ack]); // 0.7 % off
  expect(at(undefined, 0x01, 0xfe)).toHaveLength(5);
  chip.reset();
  expect(at(115200, 0x7f)).toEqual([ack]);
});

const special = {
  operations: new Set([0x0107]),
  run: (operation: number, data: Uint8Array, second: Uint8Array | undefined) => ({
    data: Uint8Array.of(...data).reverse(),
    status: Uint8Array.of(operation & 0xff, second?.length ?? 0),
  }),
};

function specialChip(level: 0 | 1) {
  const answers: number[] = [];
  const chip = createVirtualChip({
    ...{ chip: 'stm32f427', seed: 'special', executors: [romBootloader({ special })] },
    onLink: (bytes) => answers.push(...bytes),
  });
  chip.powerOn();
  chip.debug.connect();
  if (level === 1)
    chip.debug.writeOptionBytes(
      withOptionField(chip.chip, chip.judge.optionsStored, { name: 'RDP', value: 0xbb }),
    );
  chip.powerOff();
  chip.setPin('boot0', true);
  chip.powerOn();
  return (...bytes: number[]): number[] => {
    chip.receive(Uint8Array.from(bytes));
    return answers.splice(0);
  };
}

test('special commands: operation, data there and back, status', () => {
  const send = specialChip(0);
  expect(send(0x7f)).toEqual([ack]);
  expect(send(0x00, 0xff).slice(-3)).toEqual([0x50, 0x51, ack]);
  expect(send(0x50, 0xaf)).toEqual([ack]);
  expect(send(...closed(0x01, 0x07))).toEqual([ack]);
  expect(send(...closed(0, 3, 1, 2, 3))).toEqual([ack, 0, 3, 3, 2, 1, 0, 2, 7, 0, ack]);
  expect(send(0x51, 0xae)).toEqual([ack]);
  expect(send(...closed(0x01, 0x07))).toEqual([ack]);
  expect(send(...closed(0, 1, 9))).toEqual([ack]);
  expect(send(...closed(0, 4, 5, 6, 7, 8))).toEqual([ack, 0, 2, 7, 4, ack]);
});

test('special commands are refused: unknown operation, wrong checksum, too much data, readout protection', () => {
  const send = specialChip(0);
  send(0x7f);
  send(0x50, 0xaf);
  expect(send(...closed(0x02, 0x00))).toEqual([nack]);
  send(0x50, 0xaf);
  expect(send(0x01, 0x07, 0x07)).toEqual([nack]);
  send(0x50, 0xaf);
  send(...closed(0x01, 0x07));
  expect(send(0, 129)).toEqual([nack]);
  send(0x50, 0xaf);
  send(...closed(0x01, 0x07));
  expect(send(0, 1, 9, 9)).toEqual([nack]);
  expect(send(0x01, 0xfe)).toHaveLength(5); // and goes on
  const shut = specialChip(1);
  shut(0x7f);
  expect(shut(0x50, 0xaf)).toEqual([nack]);
  const plain = romChip('stm32f427').send; // a part without them
  plain(0x7f);
  expect(plain(0x50, 0xaf)).toEqual([nack]);
});
