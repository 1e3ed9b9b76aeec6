// One receipt with everything that verifies it besides the root's key: the file that
// `firmseal verify receipt` and the console's page take.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { verifyDevice } from '@firmseal/certificate';
import { Fault } from '@firmseal/fault';
import { encodeReceiptFile } from '@firmseal/license';
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

/** Throws `receipt-unknown`, `product-not-served`, `certificate-signature-invalid`. */
export async function showReceipt(
  authority: Authority,
  receiptDigest: Bytes,
): Promise<{ job: Bytes; unitIndex: number; storedAtMs: number; file: Bytes }> {
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
  return { job: license.jobId, unitIndex: license.unitIndex, storedAtMs: record.storedAtMs, file };
}
