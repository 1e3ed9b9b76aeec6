// Board settings as values, and what must hold between them (spec/board.md sections 1 and 3). How a file says
// them: board-file.ts; how the agent reads them: board-block.ts.

import { Fault } from '@firmseal/fault';

export type Oscillator =
  | { readonly kind: 'internal' }
  | { readonly kind: 'crystal' | 'bypass'; readonly frequencyHz: number };

export interface UartPin {
  /** `PD8`. */
  readonly pin: string;
  /** Alternate function, 0 to 15. */
  readonly function: number;
}

export interface BoardUart {
  /** `USART3`, `LPUART1`; a UART is written as the USART of its number. */
  readonly peripheral: string;
  readonly tx: UartPin;
  readonly rx: UartPin;
  readonly baud: number;
  /** Tried when bytes come with framing errors at the other rate. */
  readonly fastBaud?: number | undefined;
}

export interface BoardEntry {
  readonly pin: string;
  /** The level at reset that asks for the agent. */
  readonly active: 'high' | 'low';
  readonly pull: 'none' | 'up' | 'down';
}

export interface BoardUsb {
  readonly vendorId: number;
  readonly productId: number;
  readonly vbusSensing: boolean;
  /** What a browser offers to open: `https://` and at most 18 characters of ASCII. */
  readonly landingPage?: string | undefined;
}

export interface BoardSettings {
  readonly oscillator: Oscillator;
  readonly supply: {
    readonly leastMillivolts: number;
    readonly mostMillivolts: number;
    readonly core: 'ldo' | 'smps' | 'direct';
  };
  readonly uart?: BoardUart | undefined;
  readonly entry?: BoardEntry | undefined;
  readonly listenWindowMs: number;
  /** Boots in a row without a confirmation after which the agent listens; undefined: not counted. */
  readonly unconfirmedBoots?: number | undefined;
  readonly usb?: BoardUsb | undefined;
}

const limits = {
  frequencyHz: { least: 1_000_000, most: 50_000_000 },
  millivolts: { least: 1600, most: 3700 },
  baud: { least: 1200, most: 20_000_000 },
  listenWindowMs: { least: 0, most: 10_000 },
  unconfirmedBoots: { least: 1, most: 100 },
  vendorId: { least: 1, most: 0xffff },
  productId: { least: 0, most: 0xffff },
  function: { least: 0, most: 15 },
} as const;

function refuse(field: string, value: string | number, reason: string): never {
  throw new Fault('board-field-invalid', { field, value, reason });
}

function within(field: string, value: number, { least, most }: { least: number; most: number }): void {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    refuse(field, value, `it is a whole number from ${least} to ${most}`);
}

/** Port 0 (A) to 10 (K) and number of a pin; undefined for another text. */
export function readPin(pin: string): { port: number; number: number } | undefined {
  const [, letter, digits] = /^P([A-K])(0|[1-9]|1[0-5])$/.exec(pin) ?? [];
  return letter === undefined ? undefined : { port: letter.charCodeAt(0) - 0x41, number: Number(digits) };
}

export const pinText = (port: number, number: number): string =>
  `P${String.fromCharCode(0x41 + port)}${number}`;

/** Number of the peripheral in the block; undefined for another text. */
export function readUart(peripheral: string): number | undefined {
  const [, kind, digits] = /^(LPUART|USART)([1-9]|10)$/.exec(peripheral) ?? [];
  const number = Number(digits);
  if (kind === 'USART') return number;
  return kind === 'LPUART' && number <= 3 ? 0x80 | number : undefined;
}

export const landingScheme = 'https://';
export const landingMost = 18;

function checkLandingPage(page: string): void {
  const rest = page.slice(landingScheme.length);
  const fits = page.startsWith(landingScheme) && rest.length <= landingMost && /^[\x21-\x7e]+$/.test(rest);
  if (!fits)
    refuse(
      'usb.landingPage',
      page,
      `it is ${landingScheme} and 1 to ${landingMost} characters without blanks`,
    );
}

function checkPins({ uart, entry, usb }: BoardSettings): void {
  const owners = new Map<string, string>();
  if (usb !== undefined) for (const pin of ['PA11', 'PA12']) owners.set(pin, 'the USB port');
  if (usb?.vbusSensing) owners.set('PA9', 'the sensing of VBUS');
  const used = [
    ['uart.tx', uart?.tx.pin],
    ['uart.rx', uart?.rx.pin],
    ['entry.pin', entry?.pin],
  ] as const;
  for (const [field, pin] of used) {
    if (pin === undefined) continue;
    if (readPin(pin) === undefined) refuse(field, pin, 'it is no pin, as PD8 is one');
    const owner = owners.get(pin);
    if (owner !== undefined) refuse(field, pin, `the pin is that of ${owner}`);
    owners.set(pin, field);
  }
}

function checkUart({ peripheral, tx, rx, baud, fastBaud }: BoardUart): void {
  if (readUart(peripheral) === undefined)
    refuse('uart.peripheral', peripheral, 'it is USART1 to USART10 or LPUART1 to 3');
  within('uart.tx.function', tx.function, limits.function);
  within('uart.rx.function', rx.function, limits.function);
  within('uart.baud', baud, limits.baud);
  if (fastBaud === undefined) return;
  within('uart.fastBaud', fastBaud, limits.baud);
  if (fastBaud === baud) refuse('uart.fastBaud', fastBaud, 'it is the same as the other rate');
}

/** Throws `board-field-invalid` for the first setting that does not hold. */
export function checkBoard(settings: BoardSettings): void {
  const { oscillator, supply, uart, listenWindowMs, unconfirmedBoots, usb } = settings;
  if (oscillator.kind !== 'internal')
    within('oscillator.frequencyHz', oscillator.frequencyHz, limits.frequencyHz);
  within('supply.leastMillivolts', supply.leastMillivolts, limits.millivolts);
  within('supply.mostMillivolts', supply.mostMillivolts, limits.millivolts);
  if (supply.leastMillivolts > supply.mostMillivolts)
    refuse('supply.leastMillivolts', supply.leastMillivolts, 'it is above the most');
  if (uart !== undefined) checkUart(uart);
  within('listenWindowMs', listenWindowMs, limits.listenWindowMs);
  if (unconfirmedBoots !== undefined) within('unconfirmedBoots', unconfirmedBoots, limits.unconfirmedBoots);
  if (usb !== undefined) {
    within('usb.vendorId', usb.vendorId, limits.vendorId);
    within('usb.productId', usb.productId, limits.productId);
    if (usb.landingPage !== undefined) checkLandingPage(usb.landingPage);
  }
  if (uart === undefined && usb === undefined)
    refuse('uart', 'absent', 'nobody could reach the agent without UART and USB');
  checkPins(settings);
}
