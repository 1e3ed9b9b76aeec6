// Blocks of board settings with their settings or their fault: spec/board.md. The bytes are put together here
// from the table of section 2, not by the product.

import { type Bytes, crc32 } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';

interface BoardCase {
  readonly name: string;
  /** The chip that reads. */
  readonly chip: string;
  readonly block: Bytes;
  readonly settings?: object;
  readonly fault?: string;
}

type Edit = (block: Uint8Array, view: DataView) => void;

/**
 * Everything used: 8 MHz from outside, USART3 on PD8 and PD9, PC13 high, 200 ms, 5
 * boots, USB with VBUS sensed.
 */
const whole: Edit = (block, view) => {
  block.set([0x46, 0x53, 0x42, 0x44, 1, 0]);
  view.setUint16(6, 64, true);
  view.setUint16(8, findChip('stm32f427').number, true);
  block.set([2, 0], 10);
  view.setUint32(12, 8_000_000, true);
  view.setUint16(16, 3000, true);
  view.setUint16(18, 3600, true);
  block.set([3, 0x38, 0x39, 0x77], 20);
  view.setUint32(24, 115_200, true);
  view.setUint32(28, 921_600, true);
  block.set([0x2d, 0b101], 32);
  view.setUint16(34, 200, true);
  block[36] = 3;
  block[37] = 5;
  view.setUint16(38, 0x1209, true);
  view.setUint16(40, 1, true);
};

const wholeSettings = {
  oscillator: { kind: 'bypass', frequencyHz: 8_000_000 },
  supply: { leastMillivolts: 3000, mostMillivolts: 3600, core: 'ldo' },
  uart: {
    peripheral: 'USART3',
    tx: { pin: 'PD8', function: 7 },
    rx: { pin: 'PD9', function: 7 },
    baud: 115_200,
    fastBaud: 921_600,
  },
  entry: { pin: 'PC13', active: 'high', pull: 'down' },
  listenWindowMs: 200,
  unconfirmedBoots: 5,
  usb: { vendorId: 0x1209, productId: 1, vbusSensing: true },
};

/** No oscillator, no entry pin, no USB, no fast rate, an LPUART on the last pins. */
const sparse: Edit = (block, view) => {
  whole(block, view);
  block.set([0, 1], 10);
  view.setUint32(12, 0, true);
  block.set([0x81, 0xae, 0xaf, 0x0f], 20);
  view.setUint32(28, 0, true);
  block.set([0xff, 0], 32);
  view.setUint16(34, 0, true);
  block.fill(0, 36, 42);
};

const sparseSettings = {
  oscillator: { kind: 'internal' },
  supply: { leastMillivolts: 3000, mostMillivolts: 3600, core: 'smps' },
  uart: {
    peripheral: 'LPUART1',
    tx: { pin: 'PK14', function: 15 },
    rx: { pin: 'PK15', function: 0 },
    baud: 115_200,
  },
  listenWindowMs: 0,
};

/** No UART: reached by USB alone. */
const usbOnly: Edit = (block, view) => {
  whole(block, view);
  block.set([0, 0xff, 0xff, 0], 20);
  view.setUint32(24, 0, true);
  view.setUint32(28, 0, true);
  block[36] = 1;
};

/** Reached by the UART alone. */
const withoutUsb: Edit = (block, view) => {
  whole(block, view);
  block[36] = 0;
  view.setUint32(38, 0, true);
};

/** The longest landing page, without a zero behind it. */
const longPage: Edit = (block, view) => {
  whole(block, view);
  block.set(new TextEncoder().encode('fw.example.com/abc'), 42);
};

function blockOf(...edits: readonly Edit[]): Bytes {
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  for (const edit of edits) edit(block, view);
  view.setUint32(60, crc32(block.subarray(0, 60)), true);
  return block;
}

const byte =
  (at: number, value: number): Edit =>
  (block) => {
    block[at] = value;
  };
const half =
  (at: number, value: number): Edit =>
  (_, view) =>
    view.setUint16(at, value, true);
const word =
  (at: number, value: number): Edit =>
  (_, view) =>
    view.setUint32(at, value, true);

/** The field of one case changed, in the block that uses everything. */
const field: readonly (readonly [name: string, ...edits: Edit[]])[] = [
  ['a third oscillator', byte(10, 3)],
  ['an oscillator of nothing', word(12, 0)],
  ['an oscillator below the least', word(12, 999_999)],
  ['an oscillator above the most', word(12, 50_000_001)],
  ['an internal oscillator with a frequency', byte(10, 0)],
  ['a third core supply', byte(11, 3)],
  ['a supply below the least', half(16, 1599)],
  ['a supply above the most', half(18, 3701)],
  ['a supply that ends before it begins', half(16, 3601)],
  ['UART 11', byte(20, 11)],
  ['LPUART 0', byte(20, 0x80)],
  ['LPUART 4', byte(20, 0x84)],
  ['no UART but its pins', byte(20, 0)],
  ['TX on port L', byte(21, 0xb0)],
  ['TX without a pin', byte(21, 0xff)],
  ['RX on the pin of TX', byte(22, 0x38)],
  ['a rate of 0', word(24, 0)],
  ['a rate below the least', word(24, 1199)],
  ['a rate above the most', word(24, 20_000_001)],
  ['a fast rate below the least', word(28, 1199)],
  ['a fast rate that is the other one', word(28, 115_200)],
  ['entry on the pin of RX', byte(32, 0x39)],
  ['entry on port L', byte(32, 0xb3)],
  ['a third pull', byte(33, 0b111)],
  ['an unlisted bit of the entry', byte(33, 0b1101)],
  ['a level without an entry pin', byte(32, 0xff)],
  ['a listen window above the most', half(34, 10_001)],
  ['an unlisted bit of USB', byte(36, 0b111)],
  ['ids without USB', byte(36, 0)],
  ['VBUS sensing without USB', byte(36, 2), half(38, 0), half(40, 0)],
  ['vendor 0', half(38, 0)],
  ['TX on the USB pin PA11', byte(21, 0x0b)],
  ['entry on PA9, which senses VBUS', byte(32, 0x09)],
  ['neither UART nor USB', usbOnly, byte(36, 0), half(38, 0), half(40, 0)],
  ['byte 5 not zero', byte(5, 1)],
  ['more unconfirmed boots than 100', byte(37, 101)],
  ['a landing page with a control character', byte(42, 1)],
  ['a landing page with a letter beyond ASCII', byte(42, 0xe9)],
  ['a letter behind the end of the landing page', byte(42, 0x61), byte(44, 0x62)],
  ['a landing page without USB', withoutUsb, byte(42, 0x61)],
];

const plain = (bytes: Uint8Array, at: number, value: number): Bytes => {
  const changed = bytes.slice();
  changed[at] = value;
  return changed as Bytes;
};

export function boardCases(): readonly BoardCase[] {
  const chip = 'stm32f427';
  const all = blockOf(whole);
  const { uart: _, ...withoutUart } = wholeSettings;
  return [
    { name: 'everything used', chip, block: all, settings: wholeSettings },
    { name: 'as little as possible', chip, block: blockOf(sparse), settings: sparseSettings },
    {
      name: 'USB alone',
      chip,
      block: blockOf(usbOnly),
      settings: { ...withoutUart, usb: { ...wholeSettings.usb, vbusSensing: false } },
    },
    {
      name: 'a landing page of 18 characters',
      chip,
      block: blockOf(longPage),
      settings: {
        ...wholeSettings,
        usb: { ...wholeSettings.usb, landingPage: 'https://fw.example.com/abc' },
      },
    },
    { name: 'nothing', chip, block: new Uint8Array(0), fault: 'board-missing' },
    { name: 'erased flash', chip, block: new Uint8Array(64).fill(0xff), fault: 'board-missing' },
    { name: 'another magic', chip, block: plain(all, 3, 0x45), fault: 'board-missing' },
    { name: 'a block cut short', chip, block: all.slice(0, 63), fault: 'board-missing' },
    { name: 'version 2', chip, block: plain(all, 4, 2), fault: 'board-version-unsupported' },
    { name: 'version 0', chip, block: plain(all, 4, 0), fault: 'board-version-unsupported' },
    { name: 'another length', chip, block: blockOf(whole, half(6, 60)), fault: 'board-damaged' },
    { name: 'a bit of the CRC turned', chip, block: plain(all, 63, all[63]! ^ 0x80), fault: 'board-damaged' },
    { name: 'a bit of a field turned', chip, block: plain(all, 24, all[24]! ^ 1), fault: 'board-damaged' },
    ...field.map(([name, ...edits]) => ({
      ...{ name, chip, block: blockOf(whole, ...edits), fault: 'board-field-invalid' },
    })),
    { name: 'another chip', chip: 'stm32h743', block: all, fault: 'board-chip-wrong' },
    {
      name: 'another chip, and a wrong field',
      chip: 'stm32h743',
      block: blockOf(whole, byte(10, 3)),
      fault: 'board-field-invalid',
    },
  ];
}
