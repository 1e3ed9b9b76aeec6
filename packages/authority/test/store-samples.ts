// Records for tests of a store: any bytes of the right length, the same in every run.

import { type Bytes, u32be } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { LogEvent } from '@firmseal/ledger';
import type { LicenseRecord, ReceiptRecord } from '../src/store/records.ts';
import type { NewLicense, Store } from '../src/store/store.ts';

/** `length` bytes, others for each number. */
export const id = (n: number, length: number): Bytes => crypto.sha256(u32be(n)).slice(0, length);
export const event = (label: string): LogEvent => ({ timeMs: 1000, kind: 'alarm', fields: { label } });
export const jobId = id(1, 16);
export const manifestDigest = id(2, 32);
export const shown = { firmwareVersion: '1.2', securityCounter: 3 };

/** With its first package, and without per-device data. */
export const newJob = (quota: number): Omit<Parameters<Store['insertJob']>[0], 'deviceData'> => ({
  job: {
    ...{ jobId, product: 'pump', quota, mode: 'session', accepts: ['ENROLLED'] },
    ...{ createdAtMs: 5, validUntilMs: 9000, stations: ['bench-1', 'shenzhen/*'] },
  },
  package: { manifestDigest, header: id(3, 40), contentKeyFile: id(4, 60), ...shown },
});

export const license = (n: number, more: Partial<LicenseRecord> = {}): NewLicense => ({
  licenseId: id(200 + n, 16),
  jobId,
  thumbprint: id(100, 32),
  unitIndex: 0,
  manifestDigest,
  nonce: id(300 + n, 16),
  requestId: `request-${n}`,
  mode: 'session',
  licenseDigest: id(400 + n, 32),
  bundle: id(500 + n, 70),
  issuedAtMs: n,
  ...more,
});

export const receipt = (n: number): ReceiptRecord => ({
  receiptDigest: id(600 + n, 32),
  licenseId: id(200, 16),
  jobId,
  receipt: id(700 + n, 50),
  ...(n > 0 ? { challenge: id(800 + n, 32) } : {}),
  fresh: n > 0,
  outcome: 'PASS',
  storedAtMs: n,
});
