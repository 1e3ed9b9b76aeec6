// Bundles of units: made from the files of a ledger, and verified with nothing but public keys.

import { type Bytes, equalBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  decodeLogEntry,
  emptyHead,
  formatLedgerProof,
  formatNote,
  type LedgerFiles,
  type LedgerTrust,
  type OpenedEntry,
  TileTree,
} from '@firmseal/ledger';
import {
  encodeLedgerBundle,
  encodeReceiptFile,
  licenseDigestOf,
  readLedgerBundle,
  readReceiptFile,
  verifyLicenseProof,
  verifyReceiptProof,
} from '@firmseal/license';
import { hashSeed, hashSeedSizeBytes } from './keyed-rows.ts';
import { readCheckpoint } from './ledger-audit.ts';
import { LedgerIndex, OpenedReader } from './ledger-index.ts';
import { LoggedState } from './logged-state.ts';
import { type ProvenReceipt, type ReceiptTrust, verifyReceiptFile } from './verify-receipt-file.ts';

type BundleCrypto = Crypto & Pick<Ed25519, 'verifyEd25519'>;

export interface UnitOfLedger {
  /** Hexadecimal. */
  readonly job: string;
  readonly unit: number;
  /** Encoded; of the device CA that certified the chip. */
  readonly deviceCaDelegation: Bytes;
}

type EntryOfUnit = ReturnType<typeof decodeLogEntry> & { readonly opened: OpenedEntry };

/**
 * The bundle of the newest receipt of a unit. Throws `ledger-unit-unknown` where the ledger has no receipt of
 * it, `ledger-file-missing`, and what verifyCheckpoint throws. The caller verifies it as a stranger would.
 */
export async function makeLedgerBundle(
  crypto: BundleCrypto,
  files: LedgerFiles,
  { of, trust }: { of: UnitOfLedger; trust: LedgerTrust },
): Promise<Bytes> {
  const { job, unit, deviceCaDelegation } = of;
  const checkpoint = await readCheckpoint(crypto, files, trust);
  const reader = new OpenedReader(files, checkpoint.size);
  const index = await indexOf(crypto, reader, checkpoint.size);
  const entries: EntryOfUnit[] = [];
  const ofJob = index.jobs.get(job);
  for (const sequence of ofJob === undefined ? [] : index.entriesOf(ofJob, unit)) {
    const opened = await reader.read(sequence);
    entries.push({ opened, ...decodeLogEntry(opened.entry, sequence) });
  }
  const unknown = (what: string) => new Fault('ledger-unit-unknown', { what, unit, job });
  const receipt = entries.findLast(({ kind }) => kind === 'receipt-stored');
  if (receipt === undefined) throw unknown('receipt');
  const license = entries.find(
    ({ kind, fields }) =>
      kind === 'license-issued' && sameBytes(fields['license'], receipt.fields['license']),
  );
  const taken = entries.find(({ kind }) => kind === 'unit-taken');
  const manifest = license?.fields['manifest'];
  const packageAt =
    manifest instanceof Uint8Array ? index.jobs.get(job)?.packages.get(toHex(manifest)) : undefined;
  if (license === undefined || taken === undefined || packageAt === undefined) throw unknown('license');
  const { header } = (await reader.read(packageAt)).objects;
  const { challenge } = receipt.opened.objects;
  const object = (value: unknown, what: string): Bytes => {
    if (value instanceof Uint8Array) return value as Bytes;
    throw unknown(what);
  };
  const receiptFile = encodeReceiptFile({
    ...{ deviceCaDelegation, certificate: object(taken.opened.objects['certificate'], 'certificate') },
    ...{ header: object(header, 'package'), bundle: object(license.opened.objects['bundle'], 'license') },
    receipt: object(receipt.opened.objects['receipt'], 'receipt'),
    ...(challenge instanceof Uint8Array ? { challenge: challenge as Bytes } : {}),
    keptAtSeconds: Math.floor(receipt.timeMs / 1000),
  });
  const tree = new TileTree(crypto, files, checkpoint.size);
  const prove = async ({ sequence, opened }: EntryOfUnit) =>
    utf8(
      formatLedgerProof({
        ...{ index: sequence, path: await tree.proveInclusion(sequence) },
        ...{ checkpoint: formatNote(checkpoint.note), opened },
      }),
    );
  return encodeLedgerBundle({
    ...{ receiptFile, licenseProof: await prove(license), receiptProof: await prove(receipt) },
  });
}

/** An entry that cannot be followed is left out; the audit names it. */
async function indexOf(crypto: Crypto, reader: OpenedReader, size: number): Promise<LedgerIndex> {
  const logged = new LoggedState(crypto);
  const seed = hashSeed(crypto.randomBytes(hashSeedSizeBytes));
  const index = new LedgerIndex(seed, (job, license) => logged.unitOf(job, license));
  for (let sequence = 0; sequence < size; sequence++) {
    const { entry } = await reader.readSealed(sequence);
    try {
      const decoded = decodeLogEntry(entry, sequence);
      logged.add(sequence, decoded, emptyHead); // the head matters after a restore alone
      index.add(sequence, decoded);
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
    }
  }
  return index;
}

const sameBytes = (one: unknown, other: unknown): boolean =>
  one instanceof Uint8Array && other instanceof Uint8Array && equalBytes(one, other);

export interface ProvenBundle extends ProvenReceipt {
  /** Entries of the ledger. */
  readonly licenseEntry: number;
  readonly receiptEntry: number;
  readonly ledgerOrigin: string;
  /** When the authority says that it stored the receipt. */
  readonly storedAtMs: number;
  readonly cosigned: readonly { readonly name: string; readonly timeSeconds: number }[];
}

/**
 * What a bundle proves. Throws `ledger-bundle-malformed`, `receipt-license-wrong` for a receipt file without
 * its license, and what verifyReceiptFile, verifyLicenseProof and verifyReceiptProof throw.
 */
export function verifyLedgerBundle(
  crypto: BundleCrypto,
  bytes: Uint8Array,
  { receipts, ledger }: { receipts: ReceiptTrust; ledger: LedgerTrust },
): ProvenBundle {
  const { receiptFile, licenseProof, receiptProof } = readLedgerBundle(bytes);
  const proven = verifyReceiptFile(crypto, receiptFile, receipts);
  const { bundle } = readReceiptFile(receiptFile);
  if (bundle === undefined || proven.unitIndex === undefined) throw new Fault('receipt-license-wrong');
  const license = verifyLicenseProof(
    crypto,
    {
      ...{ proof: licenseProof, digest: licenseDigestOf(crypto, bundle) },
      ...{ jobId: fromHex(proven.job), unitIndex: proven.unitIndex },
    },
    ledger,
  );
  const text = new TextDecoder().decode(receiptProof);
  const receipt = verifyReceiptProof(crypto, { proof: text, digest: fromHex(proven.receiptDigest) }, ledger);
  return {
    ...proven,
    ...{ licenseEntry: license.index, receiptEntry: receipt.index, ledgerOrigin: receipt.checkpoint.origin },
    ...{ storedAtMs: receipt.timeMs, cosigned: receipt.checkpoint.cosigned },
  };
}
