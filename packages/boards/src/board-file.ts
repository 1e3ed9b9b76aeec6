// board.json: a file of a person, so every key and value is checked and named when it is
// wrong (spec/board.md section 1).

import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { z } from 'zod';
import { type BoardSettings, checkBoard } from './board-settings.ts';

const mostCharacters = 65_536;

const pin = z
  .string()
  .regex(/^P[A-K](?:[0-9]|1[0-5])$/, 'a pin is P, a port A to K and a number 0 to 15, as PD8');
const usbId = z
  .string()
  .regex(/^0x[0-9a-fA-F]{4}$/, 'an id is 0x and four hexadecimal digits')
  .transform(Number);
const uartPin = z.strictObject({ pin, function: z.int() });
const source = z.strictObject({
  document: z.string().min(1).max(200),
  section: z.string().min(1).max(300),
  unverified: z.literal(true).optional(),
  reason: z.string().min(1).max(500).optional(),
});
const sourced = z.enum([
  'oscillator',
  'supply',
  'uart',
  'entry',
  'usb',
  'listenWindowMs',
  'unconfirmedBoots',
]);

const file = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/, 'an id has 1 to 40 small letters, digits and -'),
  name: z.string().min(1).max(80),
  chip: z.string(),
  oscillator: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('internal') }),
    z.strictObject({ kind: z.literal('crystal'), frequencyHz: z.int() }),
    z.strictObject({ kind: z.literal('bypass'), frequencyHz: z.int() }),
  ]),
  supply: z.strictObject({
    leastMillivolts: z.int(),
    mostMillivolts: z.int(),
    core: z.enum(['ldo', 'smps', 'direct']),
  }),
  uart: z
    .strictObject({
      peripheral: z.string(),
      tx: uartPin,
      rx: uartPin,
      baud: z.int(),
      fastBaud: z.int().optional(),
    })
    .optional(),
  entry: z
    .strictObject({ pin, active: z.enum(['high', 'low']), pull: z.enum(['none', 'up', 'down']) })
    .optional(),
  listenWindowMs: z.int(),
  unconfirmedBoots: z.int().optional(),
  usb: z
    .strictObject({
      ...{ vendorId: usbId, productId: usbId, vbusSensing: z.boolean() },
      landingPage: z.string().optional(),
    })
    .optional(),
  sources: z.partialRecord(sourced, source).optional(),
});

export type BoardSource = z.infer<typeof source>;

export interface Board {
  readonly id: string;
  readonly name: string;
  /** Id of the chip catalogue. */
  readonly chip: string;
  readonly settings: BoardSettings;
  readonly sources: Readonly<Partial<Record<z.infer<typeof sourced>, BoardSource>>>;
}

function parse(text: string, name: string): unknown {
  const refuse = (place: string, reason: string): never => {
    throw new Fault('board-file-invalid', { file: name, place, reason });
  };
  if (text.length > mostCharacters)
    return refuse('its size', `it has more than ${mostCharacters} characters`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    return refuse('its beginning', `it is no JSON (${(cause as Error).message})`);
  }
}

/**
 * What the file says; `name` is for texts. Throws `board-file-invalid`,
 * `board-field-invalid`, `chip-unknown`.
 */
export function readBoardFile(text: string, name: string): Board {
  const result = file.safeParse(parse(text, name));
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue!.path.length === 0 ? 'its top' : issue!.path.join('.');
    throw new Fault('board-file-invalid', { file: name, place, reason: issue!.message });
  }
  const { id, name: title, chip, sources = {}, ...settings } = result.data;
  checkBoard(settings);
  return { id, name: title, chip: findChip(chip).id, settings, sources };
}
