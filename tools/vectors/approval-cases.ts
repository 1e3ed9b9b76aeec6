// Vectors of spec/approval.md: policies, approvals and certificates of a job's end, each with one part
// changed. The approver's key is that of the device CA of the other vectors.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { type Delegation, delegationKind, digestOf, grantOf, openSigned } from '@firmseal/formats';
import { issuer } from './license-parts.ts';
import { keyPair, seededBytes, type VectorKeyName } from './vector-keys.ts';
import { delegate, type Fields, product, type ShellChange, signShell } from './workshop.ts';

interface ApprovalCase {
  readonly name: string;
  readonly kind: 'policy' | 'approval' | 'restore' | 'end';
  readonly object: Bytes;
  readonly delegation?: Bytes;
  readonly epoch?: number;
  readonly fault?: FaultCode;
}

type Change = (fields: Fields) => unknown;
type Maker = (change: Change, shell: ShellChange) => Bytes;

const maker =
  (typ: string, by: VectorKeyName, entries: () => readonly [number, CborInput][]): Maker =>
  (change, shell) => {
    const fields: Fields = new Map(entries());
    change(fields);
    return signShell(`application/firmseal-${typ}`, encodeCbor(fields), by, shell);
  };

const approver: Partial<Delegation> = { role: 'approver', publicKey: keyPair('device CA').publicKey };
const approverDelegation = await delegate(approver);
const otherApprover = await delegate({ ...approver, product: 'other' });
const issuerDelegation = await delegate(issuer);
const grant = grantOf(crypto, {
  ...{ role: 'approver', publicKey: keyPair('device CA').publicKey, product, counterCap: 40 },
});
const issuerDigest = digestOf(crypto, openSigned(issuerDelegation, delegationKind));

const jobId = seededBytes('job of the approvals', 16);
const manifests = ['first package', 'second package'].map((name) => seededBytes(name, 32));
const thumbprint = seededBytes('chip of the void', 32);
const order: CborInput = [500, 1, [2, 4], manifests, 1_900_000_000, null];
const voided: CborInput = [3, thumbprint, 'socket broke the chip'];
const acknowledged: CborInput = [
  12,
  seededBytes('license', 16),
  thumbprint,
  'receipt-for-voided-unit',
  'a drill',
];

const policyOf = maker('approval-policy', 'root', () => [
  [0, 1],
  [1, product],
  [2, 2],
  [3, 1],
]);
const approvalOf = maker('approval', 'device CA', () => [
  [0, 1],
  [1, 1],
  [2, product],
  [3, 2],
  [4, grant],
  [5, jobId],
  [6, 1_700_000_000],
  [7, 1_800_000_000],
  [8, order],
]);
const endOf = maker('job-end', 'license issuer', () => [
  [0, 1],
  [1, product],
  [2, jobId],
  [3, 500],
  [4, 498],
  [5, 1],
  [6, 520],
  [7, 490],
  [8, 1_750_000_000],
  [9, issuerDigest],
]);
const restoreOf = maker('restore', 'root', () => [
  [0, 1],
  [1, product],
  [2, 4711],
  [3, seededBytes('head of the log', 32)],
  [4, 4802],
  [5, 1_760_000_000],
  [6, 'disk lost, backup of Monday'],
]);

export function approvalCases(): ApprovalCase[] {
  const make =
    (kind: ApprovalCase['kind'], of: Maker, delegation?: Bytes) =>
    (
      name: string,
      fault?: FaultCode,
      change: Change = () => {},
      more: { shell?: ShellChange; delegation?: Bytes; epoch?: number } = {},
    ): ApprovalCase => {
      const { shell = {}, ...rest } = more;
      return {
        ...{ name: `${kind}: ${name}`, kind, object: of(change, shell) },
        ...(delegation ? { delegation } : {}),
        ...rest,
        ...(fault === undefined ? {} : { fault }),
      };
    };
  const policy = make('policy', policyOf);
  const approval = make('approval', approvalOf, approverDelegation);
  const restore = make('restore', restoreOf);
  const end = make('end', endOf, issuerDelegation);
  const by = { shell: { by: 'stranger' as const } };
  const [badPolicy, bad, badEnd] = [
    'approval-policy-malformed',
    'approval-malformed',
    'job-end-malformed',
  ] as const;
  const items = (at: number, value: CborInput) => (f: Fields) =>
    f.set(8, (order as CborInput[]).with(at, value));
  const ofStations = (stations: string[]) => (f: Fields) => f.set(8, [...(order as CborInput[]), stations]);
  const recovery = (f: Fields) => f.set(1, 6).set(5, new Uint8Array(16)).set(8, [thumbprint, 9, 4096]);
  const siteCap = (f: Fields, ...cap: CborInput[]) => f.set(1, 7).set(5, new Uint8Array(16)).set(8, cap);
  return [
    policy('for two'),
    policy('for sixteen, of the highest number', undefined, (f) => f.set(2, 16).set(3, 2 ** 31 - 1)),
    policy('for nobody', badPolicy, (f) => f.set(2, 0)),
    policy('for seventeen', badPolicy, (f) => f.set(2, 17)),
    policy('without a number', badPolicy, (f) => f.delete(3)),
    policy('with a further key', badPolicy, (f) => f.set(4, 1)),
    policy('by a stranger', 'approval-policy-signature-invalid', () => {}, by),
    policy('for another product', 'approval-policy-product-wrong', (f) => f.set(1, 'other')),
    policy('of the type of an epoch statement', badPolicy, () => {}, {
      shell: { typ: 'application/firmseal-epoch' },
    }),
    approval('of an order'),
    approval('of an order without end', undefined, items(4, null)),
    approval('of an order with a ledger policy', undefined, items(5, seededBytes('ledger', 32))),
    approval('of an order for a station and a site', undefined, ofStations(['bench-1', 'shenzhen/*'])),
    approval('of an order for eight stations', undefined, ofStations([...'abcdefgh'])),
    approval('of an order for no station', bad, ofStations([])),
    approval('of an order for nine stations', bad, ofStations([...'abcdefghi'])),
    approval('of an order with a station twice', bad, ofStations(['a', 'a'])),
    approval('of an order with stations out of order', bad, ofStations(['b', 'a'])),
    approval('of an order for a station with a blank', bad, ofStations(['bench 1'])),
    approval('of an order for a station of 33 letters', bad, ofStations(['x'.repeat(33)])),
    approval('of an order with an eighth item', bad, (f) =>
      f.set(8, [...(order as CborInput[]), ['a'], null]),
    ),
    approval('of an order of updates, PASS alone', undefined, (f) =>
      f.set(8, [1, 4, [], manifests, null, null]),
    ),
    approval('of a package', undefined, (f) => f.set(1, 2).set(8, [manifests[0]!])),
    approval('of a void', undefined, (f) => f.set(1, 3).set(8, voided)),
    approval('of an acknowledgement', undefined, (f) => f.set(1, 4).set(8, acknowledged)),
    approval('of a close', undefined, (f) => f.set(1, 5).set(8, [])),
    approval('of one second', undefined, (f) => f.set(7, 1_700_000_000)),
    approval('that ends before it was signed', bad, (f) => f.set(7, 1_699_999_999)),
    approval('of an order that takes every outcome', undefined, items(2, [1, 2, 3, 4, 5, 6])),
    approval('of an order with a seventh outcome', bad, items(2, [7])),
    approval('of a recovery', undefined, (f) => recovery(f)),
    approval('of a recovery of a job', bad, (f) => recovery(f).set(5, jobId)),
    approval('of a recovery without unwraps', bad, (f) => recovery(f).set(8, [thumbprint, 9])),
    approval('of the cap of a site', undefined, (f) => siteCap(f, 'hall', 200, 1_900_000_000, 3)),
    approval('of the cap 0 of a site of 30 letters', undefined, (f) => siteCap(f, 'x'.repeat(30), 0, 1, 1)),
    approval('of the cap of a site, of a job', bad, (f) =>
      siteCap(f, 'hall', 200, 1_900_000_000, 3).set(5, jobId),
    ),
    approval('of the cap of a site of 31 letters', bad, (f) => siteCap(f, 'x'.repeat(31), 200, 1, 1)),
    ...['', 'hall/desk', 'hall*', 'the hall'].map((site) =>
      approval(`of the cap of site "${site}"`, bad, (f) => siteCap(f, site, 200, 1_900_000_000, 3)),
    ),
    approval('of the cap of a site, as change 0', bad, (f) => siteCap(f, 'hall', 200, 1_900_000_000, 0)),
    approval('of the cap of a site without an end', bad, (f) => siteCap(f, 'hall', 200, null, 3)),
    approval('of the cap of a site with a fifth item', bad, (f) => siteCap(f, 'hall', 200, 1, 3, 1)),
    approval('of an eighth kind', bad, (f) => f.set(1, 8)),
    approval('of an order of no job', bad, (f) => f.set(5, new Uint8Array(16))),
    approval('of a seventh kind', bad, (f) => f.set(1, 7)),
    approval('of a close with an item', bad, (f) => f.set(1, 5).set(8, [1])),
    approval('of a package, with an order', bad, (f) => f.set(1, 2)),
    approval('of a void without a reason', bad, (f) => f.set(1, 3).set(8, [3, thumbprint, ''])),
    approval('of a void with a line break', bad, (f) => f.set(1, 3).set(8, [3, thumbprint, 'a\nb'])),
    approval('of an order for no chip', bad, items(0, 0)),
    approval('of an order of a fifth mode', bad, items(1, 5)),
    approval('of an order with outcomes out of order', bad, items(2, [4, 2])),
    approval('of an order with an outcome twice', bad, items(2, [2, 2])),
    approval('of an order without a package', bad, items(3, [])),
    approval('of an order with a package twice', bad, items(3, [manifests[0]!, manifests[0]!])),
    approval(
      'of an order with seventeen packages',
      bad,
      items(
        3,
        Array.from({ length: 17 }, (_, i) => seededBytes(`${i}`, 32)),
      ),
    ),
    approval('of an order that is a map', bad, (f) => f.set(8, new Map([[0, 1]]))),
    approval('for nobody', bad, (f) => f.set(3, 0)),
    approval('without a grant', bad, (f) => f.delete(4)),
    approval('of the type of a license', bad, () => {}, { shell: { typ: 'application/firmseal-license' } }),
    approval('by a stranger', 'approval-signature-invalid', () => {}, by),
    approval('malformed, and by a stranger', 'approval-signature-invalid', (f) => f.clear(), by),
    approval('for another product', 'approval-wrong', (f) => f.set(2, 'other')),
    approval('under another grant', 'approval-wrong', (f) => f.set(4, new Uint8Array(32))),
    approval('by the approver of another product', 'delegation-product-wrong', () => {}, {
      delegation: otherApprover,
    }),
    approval('by one who is no approver', 'delegation-role-wrong', () => {}, {
      delegation: issuerDelegation,
    }),
    approval('by an approver of an ended epoch', 'delegation-revoked', () => {}, { epoch: 2 }),
    restore('of a log'),
    restore('of an empty log, with nothing known', undefined, (f) => f.set(2, 0).set(4, 0)),
    restore('without a reason', 'restore-malformed', (f) => f.set(6, '')),
    restore('with a line break in the reason', 'restore-malformed', (f) => f.set(6, 'a\nb')),
    restore('with a head that is too short', 'restore-malformed', (f) => f.set(3, new Uint8Array(31))),
    restore('with a further key', 'restore-malformed', (f) => f.set(7, 1)),
    restore('of the type of a policy', 'restore-malformed', () => {}, {
      shell: { typ: 'application/firmseal-approval-policy' },
    }),
    restore('by a stranger', 'restore-signature-invalid', () => {}, by),
    restore('for another product', 'restore-wrong', (f) => f.set(1, 'other')),
    end('of a job'),
    end('by a stranger', 'job-end-signature-invalid', () => {}, by),
    end('with counts beyond the limit', badEnd, (f) => f.set(4, 2 ** 31)),
    end('without a time', badEnd, (f) => f.delete(8)),
    end('for another product', 'job-end-wrong', (f) => f.set(1, 'other')),
    end('under another delegation', 'job-end-wrong', (f) => f.set(9, new Uint8Array(32))),
    end('by an approver', 'delegation-role-wrong', () => {}, { delegation: approverDelegation }),
    end('of an ended epoch', 'delegation-revoked', () => {}, { epoch: 2 }),
  ];
}
