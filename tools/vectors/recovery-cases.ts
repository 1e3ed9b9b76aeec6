// Vectors of spec/recovery.md section 3, for a chip whose journal stands: root, product and epoch of the
// file, its thumbprint, the nonce and the counts of its last hello.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import type { FaultCode } from '@firmseal/fault';
import { recoveryKind } from '@firmseal/formats';
import { chipNonce, deviceThumbprint } from './license-parts.ts';
import { keyPair, type VectorKeyName } from './vector-keys.ts';
import {
  delegate,
  epochStatement,
  type Fields,
  type ShellChange,
  signShell,
  succession,
} from './workshop.ts';

export interface RecoveryCase {
  readonly name: string;
  readonly bundle: Bytes;
  readonly fault?: FaultCode;
}

export const recoveryHello = { securityCounter: 5, unwraps: 3 };

interface Parts {
  statement: Fields;
  shell: ShellChange;
  by: VectorKeyName;
  delegation: CborInput;
  epoch: CborInput;
  successions: CborInput;
}

function bundleOf(change: (parts: Parts) => unknown): Bytes {
  const parts: Parts = {
    statement: new Map<number, CborInput>([
      [0, 1],
      [1, deviceThumbprint],
      [2, chipNonce],
      [3, 7],
      [4, 1],
      [5, 16],
    ]),
    ...{ shell: {}, by: 'root', delegation: null, epoch: null, successions: [] },
  };
  change(parts);
  const { statement, shell, by, delegation, epoch, successions } = parts;
  const signed = signShell(recoveryKind.typ, encodeCbor(statement), by, shell);
  return encodeCbor([signed, delegation, epoch, successions]);
}

const one = (
  name: string,
  fault: FaultCode | undefined,
  change: (parts: Parts) => unknown = () => {},
): RecoveryCase => ({ name, ...(fault ? { fault } : {}), bundle: bundleOf(change) });

const stated = (name: string, fault: FaultCode | undefined, key: number, value?: CborInput): RecoveryCase =>
  one(name, fault, ({ statement }) =>
    value === undefined ? statement.delete(key) : statement.set(key, value),
  );

const filled = (length: number) => new Uint8Array(length).fill(0x5a);
const bad = 'recovery-malformed';

export async function recoveryCases(): Promise<RecoveryCase[]> {
  // The issuer of the vectors plays the recoverer.
  const role = { role: 'recoverer' as const, publicKey: keyPair('license issuer').publicKey };
  const by = 'license issuer' as const;
  const delegation = await delegate({ ...role, counterCap: 9 });
  // A delegation of that length makes a bundle of 4096 bytes: its head has 3 bytes, null has 1.
  const room = 4096 - 2 - bundleOf(() => {}).length;
  const forLicenses = await delegate({ ...role, role: 'license-issuer' });
  const under = { delegation, by };
  const next = { successions: [await succession(4)], by: 'second root' as const };
  const nextStated = (parts: Parts) => Object.assign(parts, next).statement.set(4, 4);
  const later = await epochStatement(3);
  const laterDelegation = await delegate({ ...role, epoch: 3 });
  const byNextRoot = await delegate({ ...role, epoch: 4 }, 'second root');
  return [
    one('by the root', undefined),
    one('by a recoverer', undefined, (parts) => Object.assign(parts, under)),
    stated('with the counts of the hello', undefined, 3, 5),
    one('with the unwraps of the hello', undefined, ({ statement }) => statement.set(5, 3)),
    one('counter at the cap', undefined, (parts) => Object.assign(parts, under).statement.set(3, 9)),
    one('counter above the cap', 'delegation-counter-exceeded', (parts) =>
      Object.assign(parts, under).statement.set(3, 10),
    ),
    stated('the highest counter, by the root', undefined, 3, 2 ** 31 - 1),
    one('by the next root', undefined, nextStated),
    one(
      'by a recoverer of the next root',
      undefined,
      (parts) => nextStated(Object.assign(parts, { delegation: byNextRoot })) && Object.assign(parts, { by }),
    ),
    one('by the previous root, behind a succession', 'recovery-signature-invalid', (parts) =>
      Object.assign(parts, { ...next, by: 'root' }).statement.set(4, 4),
    ),
    one('by the next root, without the succession', 'recovery-signature-invalid', (parts) =>
      Object.assign(parts, { by: 'second root' }).statement.set(4, 4),
    ),
    one('with an epoch statement, in its epoch', undefined, (parts) =>
      Object.assign(parts, { epoch: later }).statement.set(4, 3),
    ),
    one('with an epoch statement, in the epoch before', 'recovery-epoch-wrong', (parts) =>
      Object.assign(parts, { epoch: later }),
    ),
    stated('in an earlier epoch', 'recovery-epoch-wrong', 4, 0),
    stated('in an epoch that nothing proves', 'recovery-epoch-wrong', 4, 2),
    one('by a recoverer of a later epoch', undefined, (parts) =>
      Object.assign(parts, { by, delegation: laterDelegation }).statement.set(4, 3),
    ),
    one('by a recoverer that was revoked', 'delegation-revoked', (parts) =>
      Object.assign(parts, { ...under, epoch: later }).statement.set(4, 3),
    ),
    one('under a delegation for licenses', 'delegation-role-wrong', (parts) =>
      Object.assign(parts, { by, delegation: forLicenses }),
    ),
    one('by a stranger', 'recovery-signature-invalid', (parts) => Object.assign(parts, { by: 'stranger' })),
    one('malformed, and by a stranger', 'recovery-signature-invalid', (parts) =>
      Object.assign(parts, { by: 'stranger' }).statement.delete(5),
    ),
    one('by a recoverer, without the delegation', 'recovery-signature-invalid', (parts) =>
      Object.assign(parts, { by }),
    ),
    one('of another type', bad, ({ shell }) => Object.assign(shell, { typ: 'application/firmseal-license' })),
    one('with a high s', 'recovery-signature-invalid', ({ shell }) => Object.assign(shell, { highS: true })),
    stated('for another device', 'recovery-device-wrong', 1, filled(32)),
    stated('for another hello', 'recovery-nonce-wrong', 2, filled(16)),
    stated('with a counter below that of the hello', 'recovery-floor-low', 3, 4),
    stated('with unwraps below those of the hello', 'recovery-floor-low', 5, 2),
    stated('of version 2', bad, 0, 2),
    stated('with a thumbprint of 31 bytes', bad, 1, filled(31)),
    stated('with a nonce of 17 bytes', bad, 2, filled(17)),
    stated('without a counter', bad, 3),
    stated('with a counter of 2^31', bad, 3, 2 ** 31),
    stated('with an epoch as text', bad, 4, '1'),
    stated('without unwraps', bad, 5),
    stated('with an unknown key', bad, 6, 0),
    one('with five successions', bad, (parts) =>
      Object.assign(parts, { successions: Array(5).fill(filled(4)) }),
    ),
    one('with a succession that is no object', 'root-malformed', (parts) =>
      Object.assign(parts, { successions: [filled(4)] }),
    ),
    one('with an epoch statement that is no object', 'epoch-malformed', (parts) =>
      Object.assign(parts, { epoch: filled(4) }),
    ),
    one('with a delegation that is no object', 'delegation-malformed', (parts) =>
      Object.assign(parts, { delegation: filled(4) }),
    ),
    one('with a number for the delegation', bad, (parts) => Object.assign(parts, { delegation: 0 })),
    { name: 'of three parts', fault: bad, bundle: encodeCbor([filled(4), null, null]) },
    { name: 'empty', fault: bad, bundle: new Uint8Array(0) },
    { name: 'with a byte behind', fault: bad, bundle: Uint8Array.of(...bundleOf(() => {}), 0) },
    one('of 4097 bytes', bad, (parts) => Object.assign(parts, { delegation: filled(room + 1) })),
    one('of 4096 bytes', 'delegation-malformed', (parts) =>
      Object.assign(parts, { delegation: filled(room) }),
    ),
  ];
}
