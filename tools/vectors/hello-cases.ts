// Vectors of spec/device.md section 3: hellos, each with one change a case.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import type { FaultCode } from '@firmseal/fault';
import { helloKind, receiptKind } from '@firmseal/license';
import { chipNonce, deviceThumbprint, licensedManifestDigest } from './license-parts.ts';
import { optionBytesAt } from './package-case.ts';
import { seededBytes } from './vector-keys.ts';
import { type Fields, type ShellChange, signShell } from './workshop.ts';

interface HelloCase {
  readonly name: string;
  readonly object: Bytes;
  readonly fault?: FaultCode;
  readonly challenge?: Bytes | null;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
export const challenge = seededBytes('challenge', 32);
/** Option bytes of an STM32F427 at level 2, as hellos and receipts tell them. */
export const options = optionBytesAt('stm32f427', 0xcc).map(({ register, value }) => [register, value]);

function one(
  name: string,
  fault: FaultCode | undefined,
  change: (fields: Fields) => unknown = () => {},
  context: Partial<HelloCase> & { shell?: ShellChange } = {},
): HelloCase {
  const fields: Fields = new Map<number, CborInput>([
    [0, 1],
    [1, challenge],
    [2, chipNonce],
    [3, deviceThumbprint],
    [4, 'stm32f427'],
    [5, 3],
    [6, options],
    [7, 2],
    [8, 5],
    [9, 1],
    [10, 1],
    [11, 1],
    [12, licensedManifestDigest],
    [13, 1],
    [14, false],
    [15, 4],
  ]);
  change(fields);
  const { shell, ...rest } = context;
  return {
    name,
    ...(fault ? { fault } : {}),
    object: signShell(helloKind.typ, encodeCbor(fields), 'device', shell),
    ...rest,
  };
}

const bad = (name: string, key: number, value?: CborInput) =>
  one(name, 'hello-malformed', (f) => (value === undefined ? f.delete(key) : f.set(key, value)));

/** In the order of the checks, valid ones first. */
export function helloCases(): HelloCase[] {
  return [
    one('hello of an installed chip', undefined),
    one('hello of a chip without an application', undefined, (f) => f.set(5, 1).set(12, null)),
    one('hello of a chip with an application on trial', undefined, (f) => f.set(5, 5)),
    one('hello of a chip that went back to its former application', undefined, (f) => f.set(5, 6)),
    one('hello without a challenge, none asked', undefined, (f) => f.set(1, filled(0, 0)), {
      challenge: null,
    }),
    one('hello to a challenge of 16 bytes', undefined, (f) => f.set(1, filled(16, 7)), {
      challenge: filled(16, 7),
    }),
    one('hello of a chip with a level key', undefined, (f) => f.set(14, true)),
    one(
      'hello with thirty-two registers',
      undefined,
      (f) =>
        void f.set(
          6,
          Array.from({ length: 32 }, (_, i) => [2 ** 31 - 40 + i, 2 ** 32 - 1]),
        ),
    ),
    one('hello under another typ', 'hello-malformed', () => {}, { shell: { typ: receiptKind.typ } }),
    one('payload of 641 bytes by a stranger', 'hello-malformed', () => {}, {
      shell: { payload: filled(641, 0), by: 'stranger' },
    }),
    one('payload of 640 bytes by a stranger', 'hello-signature-invalid', () => {}, {
      shell: { payload: filled(640, 0), by: 'stranger' },
    }),
    one('hello malformed, and by a stranger', 'hello-signature-invalid', (f) => f.delete(2), {
      shell: { by: 'stranger' },
    }),
    one('hello by a stranger', 'hello-signature-invalid', () => {}, { shell: { by: 'stranger' } }),
    one('hello with a high s', 'hello-signature-invalid', () => {}, { shell: { highS: true } }),
    bad('version 2', 0, 2),
    bad('challenge of 33 bytes', 1, filled(33, 0)),
    bad('challenge of 15 bytes', 1, filled(15, 0)),
    bad('nonce missing', 2),
    bad('chip id with a space', 4, 'stm32 f427'),
    bad('life cycle 8', 5, 8),
    bad('option bytes of three', 6, [[0, 1, 2]]),
    bad('option bytes in descending register', 6, [
      [1, 0],
      [0, 0],
    ]),
    bad('a register twice', 6, [
      [1, 0],
      [1, 0],
    ]),
    bad(
      'thirty-three registers',
      6,
      Array.from({ length: 33 }, (_, i) => [i, 0]),
    ),
    bad('option bytes of 33 bits', 6, [[0, 2 ** 32]]),
    bad('register 2^31', 6, [[2 ** 31, 0]]),
    bad('readout level 3', 7, 3),
    bad('install count 2^31', 10, 2 ** 31),
    bad('manifest digest missing', 12),
    bad('origin missing', 13),
    bad('origin 4', 13, 4),
    bad('level key as a number', 14, 0),
    bad('count of unwraps as text', 15, '4'),
    bad('unknown key', 16, 0),
    one('hello that names another device', 'hello-thumbprint-wrong', (f) => f.set(3, filled(32, 1))),
    one('hello that names another chip', 'hello-chip-wrong', (f) => f.set(4, 'stm32h743')),
    one('hello that names another origin', 'hello-origin-wrong', (f) => f.set(13, 2)),
    one('hello of a rehearsal', 'hello-origin-wrong', (f) => f.set(13, 5)),
    one('hello to another challenge', 'hello-challenge-wrong', (f) => f.set(1, filled(32, 1))),
    one('hello without the challenge', 'hello-challenge-wrong', (f) => f.set(1, filled(0, 0))),
    one('another device, chip, origin and challenge', 'hello-thumbprint-wrong', (f) =>
      f.set(3, filled(32, 1)).set(4, 'x').set(13, 2).set(1, filled(32, 1)),
    ),
    one('another chip, origin and challenge', 'hello-chip-wrong', (f) =>
      f.set(4, 'x').set(13, 2).set(1, filled(32, 1)),
    ),
    one('another origin and challenge', 'hello-origin-wrong', (f) => f.set(13, 2).set(1, filled(32, 1))),
  ];
}
