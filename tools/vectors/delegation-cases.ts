// Vectors of spec/delegation.md section 3: one delegation, an epoch statement where there is
// one, and what is asked of them.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import type { FaultCode } from '@firmseal/fault';
import { delegationTyp, epochTyp, type Role } from '@firmseal/formats';
import { keyPair } from './vector-keys.ts';
import { epochStatement, type Fields, product, type ShellChange, signShell } from './workshop.ts';

export interface DelegationCase {
  readonly name: string;
  readonly delegation: Bytes;
  readonly epochStatement?: Bytes;
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
    delegation: signShell(delegationTyp, encodeCbor(fields), 'root', shell),
    ...base,
    ...rest,
  };
}

export async function delegationCases(): Promise<DelegationCase[]> {
  const bad = (name: string, key: number, value?: CborInput) =>
    one(name, 'delegation-malformed', (f) => (value === undefined ? f.delete(key) : f.set(key, value)));
  const shell = (name: string, change: ShellChange) =>
    one(name, 'delegation-malformed', () => {}, { shell: change });
  const key = keyPair('device CA').publicKey;
  const compressed = Uint8Array.of(2 + (key[64]! & 1), ...key.subarray(1, 33));
  const badEpoch = (...entries: [number, CborInput][]) => ({
    epochStatement: signShell(epochTyp, encodeCbor(new Map(entries)), 'root'),
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
          epochTyp,
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
    bad('role 5', 1, 5),
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
    shell('under another typ', { typ: epochTyp }),
    shell('with another tag', { tag: 17 }),
    shell('with a field unprotected', { unprotected: new Map([[4, filled(1, 1)]]) }),
    shell('with a payload that is text', { payload: 'x' }),
    shell('with a signature of 65 bytes', { signature: filled(65, 1) }),
    one('malformed, and by a stranger', 'delegation-malformed', (f) => f.delete(5), {
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
    one('counter above the cap', 'delegation-counter-exceeded', () => {}, { securityCounter: 8 }),
  ];
}
