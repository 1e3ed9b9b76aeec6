// A long history for a database: one job whose every unit was licensed and proven, written row by row through
// the store, with real keys, certificates, licenses and receipts.

import { openSqliteStore, type Store } from '@firmseal/authority';
import { Owner, TestChip } from '@firmseal/authority/testing';
import { type Bytes, Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { delegationKind, digestOf, openSigned } from '@firmseal/formats';
import type { LogEvent } from '@firmseal/ledger';
import { ceilingFor, issueLicense, makeLicenseBundle, verifyLicense, verifyReceipt } from '@firmseal/license';

export interface History {
  readonly owner: Owner;
  readonly jobId: Bytes;
}

const quietly = (kind: LogEvent['kind'], timeMs: number, fields: LogEvent['fields']): LogEvent => ({
  kind,
  timeMs,
  fields,
});

/** Writes `units` units, each with a license and a receipt, into a database that it makes at `path`. */
export async function makeHistory(path: string, units: number): Promise<History> {
  const owner = new Owner();
  const store = openSqliteStore({ path, crypto });
  try {
    const jobId = crypto.randomBytes(16);
    const sealed = await owner.seal();
    const { manifest, header, contentKeyFile } = sealed;
    const { firmwareVersion, securityCounter } = manifest.core;
    const atMs = Date.now();
    const item = {
      manifestDigest: manifest.digest,
      header,
      contentKeyFile,
      firmwareVersion,
      securityCounter,
    };
    const job = {
      jobId,
      product: owner.product,
      quota: units,
      mode: 'session',
      accepts: [],
      createdAtMs: atMs,
    } as const;
    await store.insertJob(
      { job, package: item, deviceData: [] },
      quietly('job-opened', atMs, {
        ...{ job: jobId, product: owner.product, quota: units, mode: 'session', accepts: '', by: 'bench' },
        manifest: manifest.digest,
      }),
    );
    await store.approveJob(jobId, quietly('job-approved', atMs, { job: jobId, by: 'bench' }));
    const { issuer, issuerDelegation } = await owner.productKeys();
    for (let unitIndex = 0; unitIndex < units; unitIndex++)
      await addUnit(store, {
        owner,
        sealed,
        jobId,
        unitIndex,
        issuer,
        issuerDelegation,
        atMs: atMs + unitIndex,
      });
    return { owner, jobId };
  } finally {
    await store.close();
  }
}

interface UnitInputs {
  readonly owner: Owner;
  readonly sealed: Awaited<ReturnType<Owner['seal']>>;
  readonly jobId: Bytes;
  readonly unitIndex: number;
  readonly issuer: Awaited<ReturnType<Owner['productKeys']>>['issuer'];
  readonly issuerDelegation: Bytes;
  readonly atMs: number;
}

async function addUnit(store: Store, inputs: UnitInputs): Promise<void> {
  const { owner, sealed, jobId, unitIndex, issuer, issuerDelegation, atMs } = inputs;
  const { manifest } = sealed;
  const chip = await TestChip.make(owner);
  const { thumbprint, certificate, nonce } = chip;
  await store.takeUnit({
    ...{ jobId, thumbprint, certificate, atMs },
    event: (unit, kind) => quietly(kind, atMs, { job: jobId, thumbprint, unit }),
  });
  const licenseId = crypto.randomBytes(16);
  const receiptNonce = crypto.randomBytes(32);
  const terms = {
    ...{ jobId, licenseId, unitIndex, thumbprint, nonce, receiptNonce, origin: chip.origin },
    ...{ mode: 'session' as const, counterFloor: 0, ceiling: ceilingFor(0) },
    delegationDigest: digestOf(crypto, openSigned(issuerDelegation, delegationKind)),
  };
  const contentKey = new Secret(sealed.contentKey.slice());
  const kemKey = chip.kem.publicKey;
  const { license } = await issueLicense(crypto, {
    ...{ terms, manifest, kemKey, contentKey, deviceData: [], signer: issuer },
  });
  const bundle = makeLicenseBundle({ license, delegation: issuerDelegation });
  const trusted = { rootPublicKey: owner.root.publicKey, product: owner.product, epoch: 0 };
  const held = verifyLicense(crypto, { bundle, ...trusted });
  const { digest } = held;
  await store.insertLicense(
    {
      ...{ licenseId, jobId, thumbprint, unitIndex, manifestDigest: manifest.digest, nonce, bundle },
      ...{ requestId: `r${unitIndex}`, mode: 'session', licenseDigest: digest, issuedAtMs: atMs },
    },
    quietly('license-issued', atMs, {
      ...{ job: jobId, license: licenseId, digest, thumbprint, unit: unitIndex },
      ...{ manifest: manifest.digest, ceiling: ceilingFor(0) },
    }),
  );
  const receipt = await chip.receipt({ license: held, manifest });
  const device = {
    signingKey: chip.signing.publicKey,
    kemKey,
    thumbprint,
    chipId: 'stm32f427',
    product: owner.product,
    origin: chip.origin,
  };
  const { digest: receiptDigest } = verifyReceipt(crypto, { receipt, device, license: held, manifest });
  await store.insertReceipt(
    { receiptDigest, licenseId, jobId, receipt, fresh: false, outcome: 'PASS', storedAtMs: atMs },
    quietly('receipt-stored', atMs, {
      ...{ job: jobId, license: licenseId, receipt: receiptDigest, fresh: false, outcome: 'PASS' },
    }),
  );
}
