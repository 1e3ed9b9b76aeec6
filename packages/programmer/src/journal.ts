// The station's journal: what was about to be done, written and synced before it is done, so
// that after a kill or a power cut the same command finishes the same chips. Nothing secret is
// in it. An adapter keeps it on disk.

import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { originNumber, originOf } from '@firmseal/formats';
import type { Outcome } from '@firmseal/license';
import type { ReceiptKeeper } from './line-authority.ts';
import type { KnownLicense } from './verifier.ts';

/**
 * A license, bytes as lower-case hexadecimal: what a receipt is compared with after a restart.
 */
export interface JournalLicense {
  readonly digest: string;
  readonly jobId: string;
  readonly licenseId: string;
  readonly unitIndex: number;
  readonly manifestDigest: string;
  readonly thumbprint: string;
  readonly mode: 'session' | 'standing';
  readonly nonce: string | null;
  readonly receiptNonce: string;
  readonly counterFloor: number;
  /** Number of the origin (spec/device.md section 1). */
  readonly origin: number;
  readonly ceiling: number;
  readonly delegationDigest: string;
  readonly deviceDataDigests: readonly string[];
}

/** What a chip without agent showed of its protection. */
export interface JournalProtection {
  readonly access: string;
  readonly readoutLevel: number | null;
  readonly optionBytes: readonly (readonly [register: number, value: number])[];
}

interface JournalHead {
  readonly socket: string;
  readonly installId: string;
  readonly time: string;
}

export type JournalBody =
  /** Before the socket is opened. */
  | { readonly kind: 'planned'; readonly manifestDigest: string }
  /** Before a license is asked for. */
  | { readonly kind: 'hello'; readonly thumbprint: string; readonly requestId: string }
  /** Before the license is sent to the chip. */
  | { readonly kind: 'licensed'; readonly license: JournalLicense; readonly newUnit: boolean | null }
  /** Before the chip erases anything. */
  | { readonly kind: 'begun'; readonly licenseId: string }
  /** After the chip accepted the last record. */
  | { readonly kind: 'committed' }
  /** After the receipt was stored, before its outcome is shown. */
  | {
      readonly kind: 'receipt';
      readonly licenseId: string;
      /** Of the chip, hexadecimal. */
      readonly thumbprint: string;
      readonly fresh: boolean;
      readonly outcome: Outcome;
      readonly keptBy: ReceiptKeeper;
    }
  | { readonly kind: 'failed'; readonly code: string }
  /** Chips without agent, written by the station itself: after it got and opened the license. */
  | {
      readonly kind: 'station-licensed';
      readonly holder: string;
      readonly manifestDigest: string;
      readonly jobId: string;
      /** License bundle, whose key nobody has any more once this run is over. */
      readonly bundle: string;
    }
  /** After all of the package was read back, before protection is set. */
  | { readonly kind: 'station-written' }
  /** After the chip was looked at with its protection set. */
  | { readonly kind: 'station-protected'; readonly protection: JournalProtection }
  /** After the statement was signed, before the authority gets it. `done`: it says DONE-UNPROVEN. */
  | {
      readonly kind: 'station-stated';
      readonly statement: string;
      readonly delegation: string;
      readonly done: boolean;
    }
  | { readonly kind: 'station-delivered' };

export type JournalEntry = JournalHead & JournalBody;

export interface Journal {
  /** What stood in it when it was opened, and what was appended since. */
  readonly entries: readonly JournalEntry[];
  /** Resolves once the entry would survive a power cut; rejects with `journal-write-failed`. */
  append(entry: JournalEntry): Promise<void>;
}

export function toJournalLicense({ terms, digest }: KnownLicense): JournalLicense {
  return {
    digest: toHex(digest),
    jobId: toHex(terms.jobId),
    licenseId: toHex(terms.licenseId),
    unitIndex: terms.unitIndex,
    manifestDigest: toHex(terms.manifestDigest),
    thumbprint: toHex(terms.thumbprint),
    mode: terms.mode,
    nonce: terms.nonce === undefined ? null : toHex(terms.nonce),
    receiptNonce: toHex(terms.receiptNonce),
    counterFloor: terms.counterFloor,
    origin: originNumber(terms.origin),
    ceiling: terms.ceiling,
    delegationDigest: toHex(terms.delegationDigest),
    deviceDataDigests: terms.deviceDataDigests.map(toHex),
  };
}

/** The license of a line; undefined for an origin that no license has. */
function fromJournalLicense(line: JournalLicense): KnownLicense | undefined {
  const { mode, unitIndex, counterFloor, ceiling } = line;
  const origin = originOf(line.origin);
  if (origin === undefined) return undefined;
  const terms = {
    jobId: fromHex(line.jobId),
    licenseId: fromHex(line.licenseId),
    unitIndex,
    manifestDigest: fromHex(line.manifestDigest),
    thumbprint: fromHex(line.thumbprint),
    mode,
    ...(line.nonce === null ? {} : { nonce: fromHex(line.nonce) }),
    receiptNonce: fromHex(line.receiptNonce),
    ...{ counterFloor, origin, ceiling },
    delegationDigest: fromHex(line.delegationDigest),
    deviceDataDigests: line.deviceDataDigests.map((text) => fromHex(text)),
  };
  return { terms, digest: fromHex(line.digest) };
}

/** The install that a socket had begun with this package and not ended; its id is used on. */
export function findUnfinished(
  entries: readonly JournalEntry[],
  socket: string,
  manifestDigest: string,
): string | undefined {
  let unfinished: string | undefined;
  for (const entry of entries) {
    if (entry.socket !== socket) continue;
    if (entry.kind === 'planned')
      unfinished = entry.manifestDigest === manifestDigest ? entry.installId : undefined;
    else if (entry.kind === 'receipt' && entry.installId === unfinished) unfinished = undefined;
  }
  return unfinished;
}

/** The chip that an install met, if it got that far. */
export function thumbprintOfInstall(entries: readonly JournalEntry[], installId: string): string | undefined {
  let thumbprint: string | undefined;
  for (const entry of entries)
    if (entry.installId === installId && entry.kind === 'hello') thumbprint = entry.thumbprint;
  return thumbprint;
}

/** Every license that the journal knows for a chip and a package, oldest first. */
export function licensesInJournal(
  entries: readonly JournalEntry[],
  thumbprint: Uint8Array,
  manifestDigest: Uint8Array,
): KnownLicense[] {
  return entries
    .flatMap((entry) => (entry.kind === 'licensed' ? (fromJournalLicense(entry.license) ?? []) : []))
    .filter(
      ({ terms }) =>
        equalBytes(terms.thumbprint, thumbprint) && equalBytes(terms.manifestDigest, manifestDigest),
    );
}
