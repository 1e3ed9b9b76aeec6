// One receipt with everything that verifies it besides the root's key: the file that
// `firmseal verify receipt` and the console's page take.

import type { CallAnswer } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex, utf8 } from '@firmseal/bytes';
import { verifyDevice } from '@firmseal/certificate';
import { Fault } from '@firmseal/fault';
import { decodeLogEntry } from '@firmseal/ledger';
import { encodeReceiptFile } from '@firmseal/license';
import type { LicenseRecord, ReceiptRecord } from '../store/records.ts';
import { type Authority, type ProductTrust, requireProduct } from './authority.ts';
import { requireJob } from './jobs.ts';

/** The delegation of the device CA that signed the certificate. Throws `certificate-signature-invalid`. */
function delegationFor(
  { crypto }: Authority,
  { product, deviceCaKeys, deviceCaDelegations }: ProductTrust,
  device: { certificate: Bytes; atMs: number },
): Bytes {
  const index = deviceCaKeys.findIndex((key) => {
    try {
      verifyDevice(crypto, { product, deviceCaKeys: [key] }, device);
      return true;
    } catch {
      return false;
    }
  });
  // One that was taken out of the configuration since.
  const delegation = deviceCaDelegations[index];
  if (delegation === undefined) throw new Fault('certificate-signature-invalid');
  return delegation;
}

/** How far behind its license the entry of a receipt is looked for. */
const mostEntriesBetween = 4096;
const entriesAtOnce = 256;

/**
 * Sequence of the entry that tells of the receipt. Receipts come soon after their license, or are not found.
 */
async function sequenceOf(
  authority: Authority,
  receipt: ReceiptRecord,
  after: number,
): Promise<number | undefined> {
  const end = after + mostEntriesBetween;
  for (let from = after + 1; from < end; from += entriesAtOnce) {
    const rows = await authority.store.readLog(from, entriesAtOnce);
    for (const { sequence, entry } of rows) {
      const { kind, fields } = decodeLogEntry(entry, sequence);
      const digest = kind === 'receipt-stored' ? fields['receipt'] : undefined;
      if (digest instanceof Uint8Array && equalBytes(digest, receipt.receiptDigest)) return sequence;
    }
    if (rows.length < entriesAtOnce) return undefined;
  }
  return undefined;
}

/** As many as the ledger can prove now: one that awaits its witnesses proves later. */
async function proofsOf(
  authority: Authority,
  license: LicenseRecord,
  receipt: ReceiptRecord,
): Promise<{ licenseProof?: Bytes; receiptProof?: Bytes }> {
  const { ledger } = authority;
  if (ledger === undefined) return {};
  const sequence = await sequenceOf(authority, receipt, license.logSequence);
  try {
    return {
      licenseProof: utf8(await ledger.prove(license.logSequence)),
      ...(sequence === undefined ? {} : { receiptProof: utf8(await ledger.prove(sequence)) }),
    };
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'witness-awaited') return {};
    throw fault;
  }
}

/** Throws `receipt-unknown`, `product-not-served`, `certificate-signature-invalid`. */
export async function showReceipt(
  authority: Authority,
  receiptDigest: Bytes,
): Promise<CallAnswer<'showReceipt'>> {
  const { store } = authority;
  const record = await store.findReceipt(receiptDigest);
  const license = record && (await store.findLicense(record.licenseId));
  const device = license && (await store.findDevice(license.thumbprint));
  if (!record || !license || !device) throw new Fault('receipt-unknown', { receipt: toHex(receiptDigest) });
  const { product } = await requireJob(authority, license.jobId);
  const trust = requireProduct(authority, product);
  const packages = await store.listPackages(license.jobId);
  const item = packages.find((one) => equalBytes(one.manifestDigest, license.manifestDigest))!;
  const { certificate, firstSeenAtMs: atMs } = device;
  const file = encodeReceiptFile({
    deviceCaDelegation: delegationFor(authority, trust, { certificate, atMs }),
    ...{ certificate, header: item.header, bundle: license.bundle, receipt: record.receipt },
    ...(record.challenge ? { challenge: record.challenge } : {}),
    keptAtSeconds: Math.floor(record.storedAtMs / 1000),
  });
  return {
    ...{ job: license.jobId, unitIndex: license.unitIndex, storedAtMs: record.storedAtMs, file },
    ...(await proofsOf(authority, license, record)),
  };
}
