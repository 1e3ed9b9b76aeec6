// Single messages of the agent's link: spec/link.md section 3 (the table of messages and life cycles) and the
// shapes of section 4. The chip was just reset, and is blank or personalized with nothing installed.

import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { keyPair } from './vector-keys.ts';
import { product } from './workshop.ts';

interface MessageCase {
  readonly name: string;
  /** Nothing is installed. */
  readonly lifeCycle: 'blank' | 'personalized';
  readonly type: number;
  readonly body: Bytes;
  readonly fault?: string;
}

const types = {
  ...{
    info: 0x01,
    hello: 0x02,
    'personalize-begin': 0x10,
    'personalize-finish': 0x11,
    'personalize-protect': 0x12,
    'personalize-enrol': 0x13,
  },
  ...{ package: 0x20, license: 0x21, record: 0x22, receipt: 0x24, acknowledge: 0x25, start: 0x26 },
  recover: 0x30,
  ...{ 'agent-receipt': 0x27 },
} as const;
type Message = keyof typeof types;

const bytes = (length: number, value = 0x5a): Bytes => new Uint8Array(length).fill(value);
const none = bytes(0);

const cases = (
  lifeCycle: MessageCase['lifeCycle'],
  message: Message,
  rows: readonly (readonly [string, Bytes, string?])[],
): MessageCase[] =>
  rows.map(([what, body, fault]) => ({
    name: `${lifeCycle}: ${message}, ${what}`,
    ...{ lifeCycle, type: types[message], body },
    ...(fault ? { fault } : {}),
  }));

/** The body of a personalize-begin that a chip with a generator takes, with fields of it replaced. */
function begin(changes: readonly (readonly [number, CborInput | undefined])[] = []): Bytes {
  const map = new Map<number, CborInput>([
    [0, keyPair('root').publicKey],
    [1, product],
    [2, 1],
    [3, none],
    [5, 1],
  ]);
  for (const [key, value] of changes) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
  return encodeCbor(map);
}

const malformed = 'request-malformed';
const notOnCurve = keyPair('root').publicKey.map((byte, i) => (i === 64 ? byte ^ 1 : byte)) as Bytes;
const compressed = concatBytes(Uint8Array.of(2), keyPair('root').publicKey.subarray(1, 33));

const beginCases = cases('blank', 'personalize-begin', [
  ['as a host sends it', begin()],
  ['with a challenge of 16 bytes', begin([[3, bytes(16)]])],
  ['with a challenge of 32 bytes', begin([[3, bytes(32)]])],
  ['with a challenge of 15 bytes', begin([[3, bytes(15)]]), malformed],
  ['with a challenge of 33 bytes', begin([[3, bytes(33)]]), malformed],
  ['without the key of the challenge', begin([[3, undefined]]), malformed],
  ['with a seed of 32 bytes', begin([[4, bytes(32)]])],
  ['with a seed of 64 bytes', begin([[4, bytes(64)]])],
  ['with a seed of 31 bytes', begin([[4, bytes(31)]]), malformed],
  ['with a seed of 65 bytes', begin([[4, bytes(65)]]), malformed],
  ['of a rehearsal', begin([[5, 5]])],
  ['of origin 0', begin([[5, 0]]), malformed],
  ['of origin 4', begin([[5, 4]]), malformed],
  ['of origin 8', begin([[5, 8]]), malformed],
  ['without an origin', begin([[5, undefined]]), malformed],
  ['with a root that is no point', begin([[0, notOnCurve]]), malformed],
  ['with a compressed root', begin([[0, compressed]]), malformed],
  ['with the highest epoch', begin([[2, 2 ** 31 - 1]])],
  ['with an epoch of 2^31', begin([[2, 2 ** 31]]), malformed],
  ['with a product of 32 characters', begin([[1, 'p'.repeat(32)]])],
  ['with a product of 33 characters', begin([[1, 'p'.repeat(33)]]), malformed],
  ['with a space in the product', begin([[1, 'a b']]), malformed],
  ['with an empty product', begin([[1, '']]), malformed],
  ['with an unknown key', begin([[6, 0]]), malformed],
  ['with a byte behind the map', concatBytes(begin(), Uint8Array.of(0)), malformed],
  ['cut short', begin().slice(0, -1), malformed],
  ['empty', none, malformed],
]);

const blankCases = [
  ...cases('blank', 'recover', [
    ['empty', none, 'not-personalized'],
    ['of one part', encodeCbor([none]), 'not-personalized'],
  ]),
  ...cases('blank', 'info', [
    ['empty', none],
    ['with a byte', bytes(1), malformed],
  ]),
  ...cases('blank', 'acknowledge', [
    ['empty', none],
    ['with a byte', bytes(1), malformed],
  ]),
  ...cases('blank', 'hello', [
    ['with a challenge', bytes(32), 'not-personalized'],
    ['with a challenge of 15 bytes', bytes(15), 'not-personalized'],
  ]),
  ...beginCases,
  ...cases('blank', 'personalize-finish', [
    ['before a begin', encodeCbor([none, []]), 'request-out-of-state'],
    ['before a begin, empty', none, 'request-out-of-state'],
  ]),
  ...cases('blank', 'personalize-protect', [
    ['of nothing', encodeCbor([])],
    ['empty', none, malformed],
    ['that is a map', encodeCbor(new Map([[0, []]])), malformed],
    ['with a byte behind the list', concatBytes(encodeCbor([]), bytes(1)), malformed],
    ['of a value beyond its mask', encodeCbor([[0, 0xff00, 0x1_0000]]), malformed],
    ['of an empty mask', encodeCbor([[0, 0, 0]]), malformed],
    [
      'of a register twice',
      encodeCbor([
        [0, 0x10, 0],
        [0, 0x10, 0],
      ]),
      malformed,
    ],
    ['of a register that the chip lacks', encodeCbor([[99, 1, 1]]), 'policy-field-unknown'],
  ]),
  ...cases('blank', 'personalize-enrol', [
    ['before a begin', bytes(32), 'request-out-of-state'],
    ['before a begin, empty', none, 'request-out-of-state'],
  ]),
  ...cases('blank', 'package', [['of zeros', bytes(40, 0), 'not-personalized']]),
  ...cases('blank', 'license', [['empty', none, 'request-out-of-state']]),
  ...cases('blank', 'record', [
    ['an index alone', u32le(0), 'request-out-of-state'],
    ['of three bytes', bytes(3), 'request-out-of-state'],
  ]),
  ...cases('blank', 'agent-receipt', [['with a challenge', bytes(32), 'not-personalized']]),
  ...cases('personalized', 'agent-receipt', [
    ['without a challenge', none, 'no-receipt'],
    ['with a challenge of 16 bytes', bytes(16), 'no-receipt'],
  ]),
  ...cases('blank', 'receipt', [
    ['empty', none, 'not-personalized'],
    ['with a challenge of 31 bytes', bytes(31), 'not-personalized'],
  ]),
  ...cases('blank', 'start', [
    ['empty', none, 'not-personalized'],
    ['with a byte', bytes(1), 'not-personalized'],
  ]),
];

const personalizedCases = [
  ...cases('personalized', 'info', [
    ['empty', none],
    ['with a byte', bytes(1), malformed],
  ]),
  ...cases('personalized', 'acknowledge', [
    ['empty', none],
    ['with a byte', bytes(1), malformed],
  ]),
  ...cases('personalized', 'hello', [
    ['without a challenge', none],
    ['with a challenge of one byte', bytes(1), malformed],
    ['with a challenge of 15 bytes', bytes(15), malformed],
    ['with a challenge of 16 bytes', bytes(16)],
    ['with a challenge of 32 bytes', bytes(32)],
    ['with a challenge of 33 bytes', bytes(33), malformed],
  ]),
  ...cases('personalized', 'personalize-begin', [
    ['as a host sends it', begin(), 'already-personalized'],
    ['empty', none, 'already-personalized'],
  ]),
  ...cases('personalized', 'personalize-finish', [
    ['empty', none, 'already-personalized'],
    ['as a host sends it', encodeCbor([none, []]), 'already-personalized'],
  ]),
  ...cases('personalized', 'personalize-protect', [
    ['empty', none, 'already-personalized'],
    ['of nothing', encodeCbor([]), 'already-personalized'],
  ]),
  ...cases('personalized', 'personalize-enrol', [['with a nonce', bytes(32), 'already-personalized']]),
  ...cases('personalized', 'license', [
    ['before a package', none, 'request-out-of-state'],
    ['before a package, long', bytes(100), 'request-out-of-state'],
  ]),
  ...cases('personalized', 'record', [
    ['before a license', concatBytes(u32le(0), bytes(100)), 'request-out-of-state'],
    ['before a license, of three bytes', bytes(3), 'request-out-of-state'],
    ['before a license, empty', none, 'request-out-of-state'],
  ]),
  ...cases('personalized', 'receipt', [
    ['without a challenge', none, 'no-receipt'],
    ['with a challenge', bytes(32), 'no-receipt'],
    ['with a challenge of 16 bytes', bytes(16), 'no-receipt'],
    ['with a challenge of 33 bytes', bytes(33), 'no-receipt'],
  ]),
  ...cases('personalized', 'recover', [
    ['empty', none, 'recovery-malformed'],
    ['of one part', encodeCbor([none]), 'recovery-malformed'],
  ]),
  ...cases('personalized', 'start', [
    ['empty', none, 'request-out-of-state'],
    ['with a byte', bytes(1), 'request-out-of-state'],
  ]),
];

/** Types beside those of the table, an answer's type and that of a pending answer among them. */
const unknownCases = [0x00, 0x03, 0x0f, 0x14, 0x23, 0x28, 0x7f, 0x81, 0xff].flatMap((type) =>
  (['blank', 'personalized'] as const).map((lifeCycle) => ({
    name: `${lifeCycle}: type ${type}`,
    ...{ lifeCycle, type, body: none, fault: 'request-unknown' },
  })),
);

/** In the order of the file. */
export const messageCases = (): MessageCase[] => [...blankCases, ...personalizedCases, ...unknownCases];
