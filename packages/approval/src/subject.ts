// What an approval is about: spec/approval.md section 2, key 8. An array whose form the kind of the approval
// decides.

import type { Bytes } from '@firmseal/bytes';
import {
  arrayOf,
  type CborInput,
  type CborValue,
  integer,
  nullable,
  type Schema,
  textString,
  tuple,
} from '@firmseal/cbor-cose';
import { bytes16, bytes32, count, word } from '@firmseal/formats';

/** In the order of their numbers on the wire, from 1. */
export const approvalKinds = [
  ...(['order', 'package', 'void', 'acknowledgement', 'close'] as const),
  ...(['recovery', 'site-cap'] as const),
] as const;
export type ApprovalKind = (typeof approvalKinds)[number];

/** Modes of a job, in the order of their numbers, from 1. */
export const orderModes = ['session', 'standing', 'station', 'update'] as const;
export type OrderMode = (typeof orderModes)[number];

/** What an owner can take besides PASS, in the order of their numbers, from 1. */
export const orderAccepts = [
  ...(['REHEARSAL', 'UNPROTECTED', 'UNWITNESSED', 'ENROLLED', 'DONE-UNPROVEN'] as const),
  'REPAIRABLE',
] as const;
export type OrderAccept = (typeof orderAccepts)[number];

/** Packages that one order names. */
export const mostOrderPackages = 16;
/** Stations and sites that one order names. */
const mostOrderStations = 8;

/** A job as its approver signs it. */
export interface OrderSubject {
  readonly kind: 'order';
  readonly quota: number;
  readonly mode: OrderMode;
  /** In any order; each once. */
  readonly accepts: readonly OrderAccept[];
  /** Manifest digests, 1 to 16. */
  readonly packages: readonly Bytes[];
  /** No license after it, seconds since 1970. */
  readonly validUntilSeconds?: number | undefined;
  /** SHA-256 of the job's ledger policy (spec/ledger.md section 9). */
  readonly ledgerPolicy?: Bytes | undefined;
  /** Stations and sites that alone may take licenses, 1 to 8, ascending (spec/station.md section 8). */
  readonly stations?: readonly string[] | undefined;
}

interface PackageSubject {
  readonly kind: 'package';
  readonly manifestDigest: Bytes;
}

interface VoidSubject {
  readonly kind: 'void';
  readonly unitIndex: number;
  /** Of the chip that holds the unit. */
  readonly thumbprint: Bytes;
  readonly reason: string;
}

interface AcknowledgementSubject {
  readonly kind: 'acknowledgement';
  /** Its number at the authority. */
  readonly alarm: number;
  readonly licenseId: Bytes;
  readonly thumbprint: Bytes;
  /** Why it was raised. */
  readonly alarmReason: string;
  readonly note: string;
}

interface CloseSubject {
  readonly kind: 'close';
}

/** Of no job: a chip of the product makes a new journal (spec/recovery.md). */
export interface RecoverySubject {
  readonly kind: 'recovery';
  /** Of the chip. */
  readonly thumbprint: Bytes;
  /** Of the new journal, exactly. */
  readonly securityCounter: number;
  readonly unwraps: number;
}

/** Of no job: how many chips of the product a site may have certified (spec/device.md section 7). */
export interface SiteCapSubject {
  readonly kind: 'site-cap';
  readonly site: string;
  /** Certificates in all, those that were given before included. */
  readonly cap: number;
  /** No certificate after it, seconds since 1970. */
  readonly validUntilSeconds: number;
  /** Of the change: one with a lower number than the last is refused. */
  readonly number: number;
}

export type Subject =
  | OrderSubject
  | PackageSubject
  | VoidSubject
  | AcknowledgementSubject
  | CloseSubject
  | RecoverySubject
  | SiteCapSubject;

/** Name of a site: no slash, which ends it in the name of a station. */
export const siteName = /^[!-)+-.0-~]{1,30}$/;

/** 1 to so many printable ASCII characters. */
export const printableText = (most: number): Schema<string> => textString(1, most, /^[ -~]*$/);
const sentence = printableText(200);
const word64 = printableText(64);

const orderItems = [
  integer(1, 0x7fffffff),
  integer(1, orderModes.length),
  arrayOf(integer(1, orderAccepts.length), 0, orderAccepts.length),
  arrayOf(bytes32, 1, mostOrderPackages),
  nullable(word),
  nullable(bytes32),
] as const;
const order = tuple(...orderItems);
/** An order that names no station has no such item. */
const orderOfStations = tuple(...orderItems, arrayOf(textString(1, 32, /^[!-~]*$/), 1, mostOrderStations));
const voided = tuple(count, bytes32, sentence);
const recovery = tuple(bytes32, count, count);
const siteCap = tuple(textString(1, 30, siteName), integer(0, 0x7fffffff), word, integer(1, 0x7fffffff));
const acknowledgement = tuple(count, bytes16, bytes32, word64, sentence);

const rises = <T extends number | string>(items: readonly T[]) =>
  items.every((one, i) => i === 0 || items[i - 1]! < one);

const readers: { readonly [K in ApprovalKind]: Schema<Extract<Subject, { kind: K }> | undefined> } = {
  order: (value, what) => {
    const isOfStations = Array.isArray(value) && value.length > orderItems.length;
    const [quota, mode, accepts, packages, until, ledger, stations] = isOfStations
      ? orderOfStations(value, what)
      : ([...order(value, what), undefined] as const);
    const distinct = new Set(packages.map((one) => one.join())).size === packages.length;
    if (!rises(accepts) || !distinct || (stations && !rises(stations))) return undefined;
    return {
      ...{ kind: 'order', quota, mode: orderModes[mode - 1]!, packages },
      accepts: accepts.map((one) => orderAccepts[one - 1]!),
      ...(until === null ? {} : { validUntilSeconds: until }),
      ...(ledger === null ? {} : { ledgerPolicy: ledger }),
      ...(stations === undefined ? {} : { stations }),
    };
  },
  package: (value, what) => {
    const [manifestDigest] = tuple(bytes32)(value, what);
    return { kind: 'package', manifestDigest };
  },
  void: (value, what) => {
    const [unitIndex, thumbprint, reason] = voided(value, what);
    return { kind: 'void', unitIndex, thumbprint, reason };
  },
  acknowledgement: (value, what) => {
    const [alarm, licenseId, thumbprint, alarmReason, note] = acknowledgement(value, what);
    return { kind: 'acknowledgement', alarm, licenseId, thumbprint, alarmReason, note };
  },
  close: (value, what) => {
    arrayOf(count, 0, 0)(value, what);
    return { kind: 'close' };
  },
  recovery: (value, what) => {
    const [thumbprint, securityCounter, unwraps] = recovery(value, what);
    return { kind: 'recovery', thumbprint, securityCounter, unwraps };
  },
  'site-cap': (value, what) => {
    const [site, cap, validUntilSeconds, number] = siteCap(value, what);
    return { kind: 'site-cap', site, cap, validUntilSeconds, number };
  },
};

/** Undefined, or the fault of a schema, for a value that is no subject of the kind. */
export const readSubject = (kind: ApprovalKind, value: CborValue): Subject | undefined =>
  readers[kind](value, 'subject');

/** The array of key 8. */
export function subjectInput(subject: Subject): CborInput {
  switch (subject.kind) {
    case 'order': {
      const accepts = subject.accepts.map((one) => orderAccepts.indexOf(one) + 1).sort((a, b) => a - b);
      return [
        ...[subject.quota, orderModes.indexOf(subject.mode) + 1, accepts, [...subject.packages]],
        ...[subject.validUntilSeconds ?? null, subject.ledgerPolicy ?? null],
        ...(subject.stations === undefined ? [] : [[...subject.stations]]),
      ];
    }
    case 'package':
      return [subject.manifestDigest];
    case 'void':
      return [subject.unitIndex, subject.thumbprint, subject.reason];
    case 'acknowledgement':
      return [...[subject.alarm, subject.licenseId, subject.thumbprint, subject.alarmReason], subject.note];
    case 'close':
      return [];
    case 'recovery':
      return [subject.thumbprint, subject.securityCounter, subject.unwraps];
    case 'site-cap':
      return [subject.site, subject.cap, subject.validUntilSeconds, subject.number];
  }
}
