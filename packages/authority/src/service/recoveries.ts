// Recovery of chips whose journal is lost (spec/recovery.md). The authority holds no key for it: it answers
// how far a device was licensed, and writes down that a statement was made, before a chip gets it.

import type { RecoveryFloor } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { verifyDevice } from '@firmseal/certificate';
import { Fault } from '@firmseal/fault';
import { digestOf, openSigned, readRecoveryBundle, recoveryKind, verifyRecovery } from '@firmseal/formats';
import { readLicenseBundle, readLicenseTermsUnverified, verifyHello } from '@firmseal/license';
import type { LicenseRecord } from '../store/records.ts';
import { type Authority, requireProduct } from './authority.ts';
import { requireRecoverySigned, viewRecoveryApprovals } from './recovery-approvals.ts';

const jobsAtOnce = 100;

/** Every job of the product that licenses chips with an agent. */
async function* jobsOf({ store }: Authority, product: string) {
  for (let from = 0; ; from += jobsAtOnce) {
    const jobs = await store.listJobs({ from, limit: jobsAtOnce });
    yield* jobs.filter((job) => job.product === product && job.mode !== 'station');
    if (jobs.length < jobsAtOnce) return;
  }
}

async function licensesUnder(
  { store }: Authority,
  jobId: Bytes,
  thumbprint: Bytes,
): Promise<LicenseRecord[]> {
  const unit = await store.findUnit(jobId, thumbprint);
  if (unit === undefined) return [];
  return store.listLicenses({ jobId, first: unit.unitIndex, last: unit.unitIndex });
}

interface DeviceOfProduct {
  readonly product: string;
  readonly thumbprint: Bytes;
}

/** Throws `product-not-served`. A device that was never licensed has the floors 0. */
export async function recoveryFloor(
  authority: Authority,
  { product, thumbprint }: DeviceOfProduct,
): Promise<Omit<RecoveryFloor, 'approvalsNeeded' | 'approvals'>> {
  const { epoch } = requireProduct(authority, product);
  const found = { licenses: 0, securityCounter: 0, unwraps: 0 };
  for await (const { jobId } of jobsOf(authority, product)) {
    const licenses = await licensesUnder(authority, jobId, thumbprint);
    if (licenses.length === 0) continue;
    const packages = await authority.store.listPackages(jobId);
    const counters = new Map(packages.map((one) => [toHex(one.manifestDigest), one.securityCounter]));
    for (const { manifestDigest, bundle } of licenses) {
      found.licenses++;
      found.securityCounter = Math.max(found.securityCounter, counters.get(toHex(manifestDigest)) ?? 0);
      found.unwraps = Math.max(
        found.unwraps,
        readLicenseTermsUnverified(readLicenseBundle(bundle).license).ceiling,
      );
    }
  }
  return { ...found, epoch };
}

/** The same with what approvers have signed of it. */
export async function answerFloor(authority: Authority, device: DeviceOfProduct): Promise<RecoveryFloor> {
  const trust = requireProduct(authority, device.product);
  const floor = await recoveryFloor(authority, device);
  return { ...floor, ...(await viewRecoveryApprovals(authority, trust, device.thumbprint)) };
}

export interface RecoveryRequest {
  readonly product: string;
  readonly certificate: Bytes;
  /** The one that the statement answers. */
  readonly hello: Bytes;
  readonly bundle: Bytes;
  /** Id of the token that asks. */
  readonly by: string;
}

/**
 * Verifies and logs. Throws `product-not-served`, the faults of certificate and hello, those of
 * verifyRecovery, `recovery-below-licensed`, and where the root asks for approvals, as requireRecoverySigned.
 */
export async function recordRecovery(
  authority: Authority,
  { product, certificate, hello: encoded, bundle, by }: RecoveryRequest,
): Promise<{ thumbprint: Bytes; statementDigest: Bytes }> {
  const { crypto, clock, store } = authority;
  const trust = requireProduct(authority, product);
  const device = verifyDevice(crypto, trust, { certificate, atMs: clock.nowMs() });
  const hello = verifyHello(crypto, { hello: encoded, device });
  const { thumbprint } = device;
  const { rootPublicKey, epoch } = trust;
  const stated = verifyRecovery(crypto, bundle, {
    trust: { rootPublicKey, product, epoch },
    ...{ thumbprint, nonce: hello.nonce, securityCounter: hello.securityCounter, unwraps: hello.unwraps },
  });
  const floor = await recoveryFloor(authority, { product, thumbprint });
  if (stated.securityCounter < floor.securityCounter || stated.unwraps < floor.unwraps)
    throw new Fault('recovery-below-licensed', {
      ...{ counter: stated.securityCounter, unwraps: stated.unwraps },
      ...{ licensedCounter: floor.securityCounter, licensedUnwraps: floor.unwraps },
    });
  const { securityCounter, unwraps } = stated;
  await requireRecoverySigned(authority, trust, { kind: 'recovery', thumbprint, securityCounter, unwraps });
  const { statement } = readRecoveryBundle(bundle);
  const statementDigest = digestOf(crypto, openSigned(statement, recoveryKind));
  await store.logEvent({
    timeMs: clock.nowMs(),
    kind: 'recovery-stated',
    fields: {
      ...{ product, thumbprint, statement: statementDigest, by },
      ...{ counter: stated.securityCounter, epoch: stated.epoch, unwraps: stated.unwraps },
    },
  });
  return { thumbprint, statementDigest };
}
