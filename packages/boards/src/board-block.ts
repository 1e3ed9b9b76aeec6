// The block of 64 bytes that the agent reads (spec/board.md sections 2 and 4): written for a chip, and read
// back with the checks that every agent makes. What the agent of one chip drives is
// checked before it is written.

import { type Bytes, crc32 } from '@firmseal/bytes';
import { type Chip, chipIds, findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import {
  type BoardSettings,
  checkBoard,
  landingMost,
  landingScheme,
  pinText,
  readPin,
  readUart,
} from './board-settings.ts';

export const boardBlockBytes = 64;
const crcOffset = 60;
/** ASCII, zeros behind it. */
const pageOffset = 42;
const magic = [0x46, 0x53, 0x42, 0x44] as const;
const layoutVersion = 1;
const noPin = 0xff;

const oscillators = ['internal', 'crystal', 'bypass'] as const;
const cores = ['ldo', 'smps', 'direct'] as const;
const pulls = ['none', 'up', 'down'] as const;

function invalid(field: string, value: string | number, reason: string): never {
  throw new Fault('board-field-invalid', { field, value, reason });
}

const pinByte = (pin: string | undefined): number => {
  const found = pin === undefined ? undefined : readPin(pin);
  return found === undefined ? noPin : (found.port << 4) | found.number;
};

/** Clock periods in a bit: what the divider of a U(S)ART can be, with 16 samples a bit. */
const divider = { least: 16, most: 0xffff } as const;

/** What the agent of that chip drives, where machine code of it exists: the UART, its rates, the ports. */
function checkAgentLink({ uart, entry }: BoardSettings, { agentLink, id }: Chip): void {
  if (agentLink === undefined) return;
  const pins = { 'uart.tx.pin': uart?.tx.pin, 'uart.rx.pin': uart?.rx.pin, 'entry.pin': entry?.pin };
  for (const [field, pin] of Object.entries(pins))
    if (pin !== undefined && !agentLink.ports.includes(pin[1]!))
      invalid(field, pin, `the agent of ${id} drives the ports ${agentLink.ports}`);
  if (uart === undefined) return;
  const { peripheral, baud, fastBaud = baud } = uart;
  const driven = agentLink.uarts.find((one) => one.peripheral === peripheral);
  if (driven === undefined)
    invalid(
      'uart.peripheral',
      peripheral,
      `the agent of ${id} drives ${agentLink.uarts.map((one) => one.peripheral).join(', ')}`,
    );
  for (const [field, rate] of [['uart.baud', baud] as const, ['uart.fastBaud', fastBaud] as const]) {
    const periods = Math.floor(driven.clockHz / rate);
    if (periods < divider.least || periods > divider.most)
      invalid(field, rate, `the clock of ${peripheral}, ${driven.clockHz} Hz, cannot be divided to it`);
  }
}

/** The block for that chip. Throws `board-field-invalid`. */
export function encodeBoardBlock(settings: BoardSettings, chip: Chip): Bytes {
  checkBoard(settings);
  const { oscillator, supply, uart, entry, usb } = settings;
  const block = new Uint8Array(boardBlockBytes);
  const view = new DataView(block.buffer);
  block.set(magic);
  block[4] = layoutVersion;
  view.setUint16(6, boardBlockBytes, true);
  view.setUint16(8, chip.number, true);
  block[10] = oscillators.indexOf(oscillator.kind);
  block[11] = cores.indexOf(supply.core);
  view.setUint32(12, oscillator.kind === 'internal' ? 0 : oscillator.frequencyHz, true);
  view.setUint16(16, supply.leastMillivolts, true);
  view.setUint16(18, supply.mostMillivolts, true);
  block[20] = uart === undefined ? 0 : readUart(uart.peripheral)!;
  block[21] = pinByte(uart?.tx.pin);
  block[22] = pinByte(uart?.rx.pin);
  block[23] = uart === undefined ? 0 : uart.tx.function | (uart.rx.function << 4);
  view.setUint32(24, uart?.baud ?? 0, true);
  view.setUint32(28, uart?.fastBaud ?? 0, true);
  block[32] = pinByte(entry?.pin);
  block[33] = entry === undefined ? 0 : Number(entry.active === 'high') | (pulls.indexOf(entry.pull) << 1);
  view.setUint16(34, settings.listenWindowMs, true);
  block[37] = settings.unconfirmedBoots ?? 0;
  block[36] = usb === undefined ? 0 : 1 | (Number(usb.vbusSensing) << 1);
  view.setUint16(38, usb?.vendorId ?? 0, true);
  view.setUint16(40, usb?.productId ?? 0, true);
  if (usb?.landingPage !== undefined)
    block.set(new TextEncoder().encode(usb.landingPage.slice(landingScheme.length)), pageOffset);
  view.setUint32(crcOffset, crc32(block.subarray(0, crcOffset)), true);
  return block;
}

/**
 * The block where the agent looks for it: whole write units of the chip. Throws `board-field-invalid`, also
 * for a UART or a port that the agent of that chip does not drive.
 */
export function boardPart(settings: BoardSettings, chip: Chip): { address: number; bytes: Bytes } {
  checkAgentLink(settings, chip);
  return { address: chip.layout.board.addressStart, bytes: encodeBoardBlock(settings, chip) };
}

/** `choices[value]`. */
function choice<T>(field: string, value: number, choices: readonly T[]): T {
  return choices[value] ?? invalid(field, value, `it is below ${choices.length}`);
}

function pinOf(field: string, byte: number): string {
  return byte >> 4 > 10 ? invalid(field, byte, 'ports are A to K') : pinText(byte >> 4, byte & 15);
}

/** What must be zero, since a later version may give it a meaning that this one would miss. */
function zero(field: string, value: number): void {
  if (value !== 0) invalid(field, value, 'it is zero in this version');
}

function readUartPart(block: Uint8Array, view: DataView): BoardSettings['uart'] {
  const code = block[20]!;
  const baud = view.getUint32(24, true);
  const fastBaud = view.getUint32(28, true);
  if (code === 0) {
    if (block[21] !== noPin || block[22] !== noPin) invalid('uart.tx.pin', block[21]!, 'there is no UART');
    for (const value of [block[23]!, baud, fastBaud]) zero('uart', value);
    return undefined;
  }
  const name = code & 0x80 ? 'LPUART' : 'USART';
  const peripheral = `${name}${code & 0x7f}`;
  if (readUart(peripheral) === undefined) invalid('uart.peripheral', code, 'it is 1 to 10 or 0x81 to 0x83');
  return {
    peripheral,
    tx: { pin: pinOf('uart.tx.pin', block[21]!), function: block[23]! & 15 },
    rx: { pin: pinOf('uart.rx.pin', block[22]!), function: block[23]! >> 4 },
    baud,
    ...(fastBaud === 0 ? {} : { fastBaud }),
  };
}

function readEntryPart(block: Uint8Array): BoardSettings['entry'] {
  const [pin, flags] = [block[32]!, block[33]!];
  if (pin === noPin) {
    zero('entry', flags);
    return undefined;
  }
  zero('entry', flags >> 3);
  return {
    pin: pinOf('entry.pin', pin),
    active: flags & 1 ? 'high' : 'low',
    pull: choice('entry.pull', (flags >> 1) & 3, pulls),
  };
}

function readLandingPage(block: Uint8Array): { landingPage?: string } {
  const place = block.subarray(pageOffset, pageOffset + landingMost);
  const end = place.indexOf(0);
  const text = place.subarray(0, end < 0 ? landingMost : end);
  for (const value of place.subarray(text.length)) zero('usb.landingPage', value);
  return text.length === 0 ? {} : { landingPage: landingScheme + String.fromCharCode(...text) };
}

function readUsbPart(block: Uint8Array, view: DataView): BoardSettings['usb'] {
  const flags = block[36]!;
  const [vendorId, productId] = [view.getUint16(38, true), view.getUint16(40, true)];
  zero('usb', flags >> 2);
  if ((flags & 1) !== 0)
    return { vendorId, productId, vbusSensing: (flags & 2) !== 0, ...readLandingPage(block) };
  for (const value of [flags, vendorId, productId, ...block.subarray(pageOffset, crcOffset)])
    zero('usb', value);
  return undefined;
}

function readFields(block: Uint8Array, view: DataView): BoardSettings {
  zero('reserved', block[5]!);
  const kind = choice('oscillator.kind', block[10]!, oscillators);
  const frequencyHz = view.getUint32(12, true);
  if (kind === 'internal') zero('oscillator.frequencyHz', frequencyHz);
  const uart = readUartPart(block, view);
  const entry = readEntryPart(block);
  const usb = readUsbPart(block, view);
  return {
    oscillator: kind === 'internal' ? { kind } : { kind, frequencyHz },
    supply: {
      leastMillivolts: view.getUint16(16, true),
      mostMillivolts: view.getUint16(18, true),
      core: choice('supply.core', block[11]!, cores),
    },
    ...(uart === undefined ? {} : { uart }),
    ...(entry === undefined ? {} : { entry }),
    listenWindowMs: view.getUint16(34, true),
    ...(block[37] === 0 ? {} : { unconfirmedBoots: block[37]! }),
    ...(usb === undefined ? {} : { usb }),
  };
}

const chipOf = (number: number): string =>
  chipIds().find((id) => findChip(id).number === number) ?? `chip ${number}`;

/**
 * The settings in a block, which is read as the agent of that chip does. Throws `board-missing`,
 * `board-version-unsupported`, `board-damaged`, `board-field-invalid`, `board-chip-wrong`, in this order.
 */
export function decodeBoardBlock(bytes: Uint8Array, chip: Chip): BoardSettings {
  if (bytes.length < boardBlockBytes || magic.some((byte, i) => bytes[i] !== byte))
    throw new Fault('board-missing', { sizeBytes: bytes.length });
  const block = bytes.slice(0, boardBlockBytes);
  const view = new DataView(block.buffer);
  if (block[4] !== layoutVersion) throw new Fault('board-version-unsupported', { version: block[4]! });
  const lengthBytes = view.getUint16(6, true);
  if (lengthBytes !== boardBlockBytes)
    throw new Fault('board-damaged', { reason: `their length is ${lengthBytes}` });
  if (view.getUint32(crcOffset, true) !== crc32(block.subarray(0, crcOffset)))
    throw new Fault('board-damaged', { reason: 'their checksum is wrong' });
  const settings = readFields(block, view);
  checkBoard(settings);
  const number = view.getUint16(8, true);
  if (number !== chip.number) throw new Fault('board-chip-wrong', { board: chipOf(number), chip: chip.id });
  return settings;
}
