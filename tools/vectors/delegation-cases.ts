// Vectors of spec/delegation.md section 5: one delegation, what travels with it, and what is asked of them.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import type { FaultCode } from '@firmseal/fault';
import { delegationKind, epochKind, type Role, successionKind } from '@firmseal/formats';
import { keyPair } from './vector-keys.ts';
import { epochStatement, type Fields, product, type ShellChange, signShell, succession } from './workshop.ts';

export interface DelegationCase {
  readonly name: string;
  readonly delegation: Bytes;
  readonly epochStatement?: Bytes;
  readonly successions?: readonly Bytes[];
  /** Epochs of the delegations that were accepted for the same decision. */
  readonly before?: readonly number[];
  readonly role: Role;
  readonly epoch: number;
  /** Held against the cap when it is given. */
  readonly securityCounter?: number;
  readonly fault?: FaultCode;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const base = { role: 'device-ca' as const, epoch: 3 };

function one(
  name: string,
  fault: FaultCode | undefined,
  change: (fields: Fields) => unknown = () => {},
  context: Partial<DelegationCase> & { shell?: ShellChange } = {},
): DelegationCase {
  const fields: Fields = new Map<number, CborInput>([
    [0, 1],
    [1, 3],
    [2, keyPair('device CA').publicKey],
    [3, product],
    [4, 7],
    [5, 3],
  ]);
  change(fields);
  const { shell, ...rest } = context;
  return {
    name,
    ...(fault ? { fault } : {}),
    delegation: signShell(delegationKind.typ, encodeCbor(fields), 'root', shell),
    ...base,
    ...rest,
  };
}

/** A succession to the second root, its fields and its shell changed. */
function successionOf(
  change: Readonly<Record<number, CborInput | undefined>>,
  shell: ShellChange = {},
): Bytes {
  const fields: Fields = new Map<number, CborInput>([
    [0, 1],
    [1, product],
    [2, keyPair('second root').publicKey],
    [3, 4],
  ]);
  for (const [key, value] of Object.entries(change))
    if (value === undefined) fields.delete(Number(key));
    else fields.set(Number(key), value);
  return signShell(successionKind.typ, encodeCbor(fields), 'root', shell);
}

export async function delegationCases(): Promise<DelegationCase[]> {
  const bad = (name: string, key: number, value?: CborInput) =>
    one(name, 'delegation-malformed', (f) => (value === undefined ? f.delete(key) : f.set(key, value)));
  const shell = (name: string, change: ShellChange) =>
    one(name, 'delegation-malformed', () => {}, { shell: change });
  const key = keyPair('device CA').publicKey;
  const compressed = Uint8Array.of(2 + (key[64]! & 1), ...key.subarray(1, 33));
  const badEpoch = (...entries: [number, CborInput][]) => ({
    epochStatement: signShell(epochKind.typ, encodeCbor(new Map(entries)), 'root'),
  });
  return [
    one('device CA', undefined),
    one('of a later epoch', undefined, (f) => f.set(5, 9)),
    one('with an epoch statement of its epoch', undefined, () => {}, {
      epochStatement: await epochStatement(3),
    }),
    one('with an epoch statement of an earlier epoch', undefined, () => {}, {
      epochStatement: await epochStatement(1),
    }),
    one('counter at the cap', undefined, () => {}, { securityCounter: 7 }),
    one('epoch statement without product', 'epoch-malformed', () => {}, badEpoch([0, 1], [2, 3])),
    one(
      'epoch statement with epoch 2^31',
      'epoch-malformed',
      () => {},
      badEpoch([0, 1], [1, product], [2, 2 ** 31]),
    ),
    one(
      'epoch statement with an unknown key',
      'epoch-malformed',
      () => {},
      badEpoch([0, 1], [1, product], [2, 3], [3, 0]),
    ),
    one(
      'epoch statement by a stranger, delegation malformed',
      'epoch-signature-invalid',
      (f) => f.delete(0),
      {
        epochStatement: signShell(
          epochKind.typ,
          encodeCbor(
            new Map<number, CborInput>([
              [0, 1],
              [1, product],
              [2, 3],
            ]),
          ),
          'stranger',
        ),
      },
    ),
    one('epoch statement of another product', 'epoch-product-wrong', () => {}, {
      epochStatement: await epochStatement(3, 'kettle'),
    }),
    bad('version 2', 0, 2),
    bad('role 0', 1, 0),
    bad('role 7', 1, 7),
    bad('role as text', 1, 'device-ca'),
    bad('key of zeros', 2, filled(65, 0)),
    bad('key off the curve', 2, filled(65, 4)),
    bad('key compressed', 2, compressed),
    bad('key of 64 bytes', 2, key.slice(1)),
    bad('product empty', 3, ''),
    bad('product of 33 bytes', 3, 'x'.repeat(33)),
    bad('cap 2^31', 4, 2 ** 31),
    bad('epoch missing', 5),
    bad('unknown key', 6, 0),
    shell('under another typ', { typ: epochKind.typ }),
    shell('with another tag', { tag: 17 }),
    shell('with a field unprotected', { unprotected: new Map([[4, filled(1, 1)]]) }),
    shell('with a payload that is text', { payload: 'x' }),
    shell('with a signature of 65 bytes', { signature: filled(65, 1) }),
    shell('payload of 257 bytes by a stranger', { payload: filled(257, 0), by: 'stranger' }),
    one('payload of 256 bytes by a stranger', 'delegation-signature-invalid', () => {}, {
      shell: { payload: filled(256, 0), by: 'stranger' },
    }),
    one('malformed, and by a stranger', 'delegation-signature-invalid', (f) => f.delete(5), {
      shell: { by: 'stranger' },
    }),
    one('epoch statement malformed, and by a stranger', 'epoch-signature-invalid', () => {}, {
      epochStatement: signShell(epochKind.typ, encodeCbor(new Map([[0, 1]])), 'stranger'),
    }),
    one('role 0, and by a stranger', 'delegation-signature-invalid', (f) => f.set(1, 0), {
      shell: { by: 'stranger' },
    }),
    one('by a stranger', 'delegation-signature-invalid', () => {}, { shell: { by: 'stranger' } }),
    one('with a high s', 'delegation-signature-invalid', () => {}, { shell: { highS: true } }),
    one('by a stranger, for another role', 'delegation-signature-invalid', (f) => f.set(1, 4), {
      shell: { by: 'stranger' },
    }),
    one('for approvers', 'delegation-role-wrong', (f) => f.set(1, 4)),
    one('for approvers of another product', 'delegation-role-wrong', (f) => f.set(1, 4).set(3, 'kettle')),
    one('for another product', 'delegation-product-wrong', (f) => f.set(3, 'kettle').set(5, 0)),
    one('of an ended epoch', 'delegation-revoked', (f) => f.set(5, 2)),
    one('ended by the statement beside it', 'delegation-revoked', () => {}, {
      epochStatement: await epochStatement(4),
    }),
    one('of an ended epoch, with a statement of an earlier one', 'delegation-revoked', (f) => f.set(5, 2), {
      epochStatement: await epochStatement(1),
    }),
    one('in a decision with others of its epoch', undefined, () => {}, { before: [3, 3] }),
    one('in a decision with one of an earlier epoch', 'delegation-revoked', (f) => f.set(5, 4), {
      before: [3],
    }),
    one('in a decision with one that the statement ends', 'delegation-revoked', (f) => f.set(5, 4), {
      before: [4, 3],
      epochStatement: await epochStatement(4),
    }),
    one('by the next root', undefined, (f) => f.set(5, 4), {
      successions: [await succession(4)],
      shell: { by: 'second root' },
    }),
    one('by the root that was succeeded', 'delegation-signature-invalid', (f) => f.set(5, 4), {
      successions: [await succession(4)],
    }),
    one('of the epoch before the succession', 'delegation-revoked', () => {}, {
      successions: [await succession(4)],
      shell: { by: 'second root' },
    }),
    one('succession of the epoch in force', 'root-revoked', (f) => f.set(5, 4), {
      successions: [await succession(3)],
      shell: { by: 'second root' },
    }),
    one('the same succession twice', undefined, (f) => f.set(5, 4), {
      successions: [await succession(4), await succession(4)],
      shell: { by: 'second root' },
    }),
    one('succession by a stranger, which is passed over', undefined, () => {}, {
      successions: [signShell(successionKind.typ, encodeCbor(new Map([[0, 1]])), 'stranger')],
    }),
    one(
      'succession with a high s, which is passed over',
      'delegation-signature-invalid',
      (f) => f.set(5, 4),
      {
        successions: [successionOf({}, { highS: true })],
        shell: { by: 'second root' },
      },
    ),
    ...(
      [
        ['succession to a key that is no point', { 2: filled(65, 4) }],
        ['succession without epoch', { 3: undefined }],
        ['succession with an unknown key', { 4: 0 }],
        ['succession of version 2', { 0: 2 }],
      ] as const
    ).map(([name, change]) =>
      one(name, 'root-malformed', (f) => f.set(5, 4), {
        successions: [successionOf(change)],
        shell: { by: 'second root' },
      }),
    ),
    one('succession under another typ', 'root-malformed', (f) => f.set(5, 4), {
      successions: [successionOf({}, { typ: epochKind.typ })],
    }),
    one('succession of another product', 'root-product-wrong', (f) => f.set(5, 4), {
      successions: [await succession(4, 'kettle')],
      shell: { by: 'second root' },
    }),
    one('counter above the cap', 'delegation-counter-exceeded', () => {}, { securityCounter: 8 }),
  ];
}
