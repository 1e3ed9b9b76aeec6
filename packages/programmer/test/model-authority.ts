// An authority for tests of the engine: real licenses and checks, quota by chip, everything in memory. It
// keeps the interface that the engine sees, not the HTTP under it.

import { type Bytes, equalBytes, type Secret, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, delegationKind, digestOf, openSigned } from '@firmseal/formats';
import {
  ceilingFor,
  issueLicense,
  type LicenseInputs,
  licenseKind,
  makeLicenseBundle,
  verifyHello,
  verifyReceipt,
} from '@firmseal/license';
import type { Manifest } from '@firmseal/seal';
import { delegate, testSigner } from '@firmseal/seal/testing';
import type {
  KeptReceipt,
  KnownLicense,
  LicenseRequest,
  LineAuthority,
  ReceiptDelivery,
} from '../src/index.ts';
import { deviceDataBytes } from './small-package.ts';

const issuer = testSigner('license issuer');

export interface ModelAuthorityOptions {
  readonly manifest: Manifest;
  readonly contentKey: Secret;
  readonly quota?: number;
  readonly verifyCertificate: (certificate: Uint8Array) => DevicePublic;
}

export class ModelAuthority implements LineAuthority {
  /** Thumbprints that took a unit, in order. */
  readonly units: string[] = [];
  readonly licenses: KnownLicense[] = [];
  /** License ids with a stored receipt; storing again adds nothing. */
  readonly receipts = new Set<string>();
  /** Thrown by the next call of that name, once each. */
  readonly failures: {
    call: 'giveChallenge' | 'issueLicense' | 'storeReceipt';
    after: boolean;
    fault: Fault;
  }[] = [];
  readonly #challenges = new Set<string>();
  readonly #certificates = new Map<string, Bytes>();
  readonly #options: ModelAuthorityOptions;

  constructor(options: ModelAuthorityOptions) {
    this.#options = options;
  }

  giveChallenge(): Promise<Bytes> {
    return this.#call('giveChallenge', async () => {
      const challenge = crypto.randomBytes(32);
      this.#challenges.add(toHex(challenge));
      return challenge;
    });
  }

  issueLicense(request: LicenseRequest): Promise<{ bundle: Bytes; newUnit: boolean }> {
    return this.#call('issueLicense', () => this.#issue(request));
  }

  storeReceipt({ licenseId, receipt, challenge }: ReceiptDelivery): Promise<KeptReceipt> {
    return this.#call('storeReceipt', async () => {
      const license = this.licenses.find(({ terms }) => equalBytes(terms.licenseId, licenseId));
      if (license === undefined) throw new Fault('receipt-license-wrong');
      if (challenge !== undefined && !this.#challenges.has(toHex(challenge)))
        throw new Fault('receipt-challenge-wrong');
      const device = this.#options.verifyCertificate(
        this.#certificates.get(toHex(license.terms.thumbprint))!,
      );
      const { manifest } = this.#options;
      verifyReceipt(crypto, { receipt, device, license, manifest, ...(challenge && { challenge }) });
      this.receipts.add(toHex(licenseId));
      return { keptBy: 'authority' };
    });
  }

  async #issue({ hello, certificate, challenge, thumbprint }: LicenseRequest) {
    const device = this.#options.verifyCertificate(certificate);
    if (!this.#challenges.delete(toHex(challenge))) throw new Fault('hello-challenge-wrong');
    const { nonce, unwraps } = verifyHello(crypto, { hello, device, challenge });
    const name = toHex(thumbprint);
    const newUnit = !this.units.includes(name);
    if (newUnit && this.units.length >= (this.#options.quota ?? 1000))
      throw new Fault('license-device-wrong');
    if (newUnit) this.units.push(name);
    this.#certificates.set(name, certificate);
    const { manifest, contentKey } = this.#options;
    const terms: GivenTerms = {
      jobId: new Uint8Array(16).fill(7),
      licenseId: crypto.randomBytes(16),
      unitIndex: this.units.indexOf(name),
      thumbprint,
      mode: 'session',
      nonce,
      receiptNonce: crypto.randomBytes(32),
      counterFloor: 0,
      origin: device.origin,
      ceiling: ceilingFor(unwraps),
    };
    const { bundle, license } = await makeBundle({ terms, manifest, kemKey: device.kemKey, contentKey });
    this.licenses.push(license);
    return { bundle, newUnit };
  }

  async #call<T>(name: 'giveChallenge' | 'issueLicense' | 'storeReceipt', act: () => Promise<T>): Promise<T> {
    const at = this.failures.findIndex(({ call }) => call === name);
    const [failure] = at === -1 ? [] : this.failures.splice(at, 1);
    if (failure !== undefined && !failure.after) throw failure.fault;
    const result = await act();
    if (failure !== undefined) throw failure.fault;
    return result;
  }
}

type GivenTerms = Omit<LicenseInputs['terms'], 'delegationDigest'>;

/** A bundle signed by the issuer of the tests, and the license in it. */
export async function makeBundle(inputs: {
  terms: GivenTerms;
  manifest: Manifest;
  kemKey: Bytes;
  contentKey: Secret;
}): Promise<{ bundle: Bytes; license: KnownLicense }> {
  const deviceData = inputs.manifest.core.areas
    .filter(({ kind }) => kind === 'device-data')
    .map(() => new Uint8Array(deviceDataBytes).fill(inputs.terms.unitIndex));
  const delegation = await delegate('license-issuer', 'license issuer');
  const delegationDigest = digestOf(crypto, openSigned(delegation, delegationKind));
  const { license, terms } = await issueLicense(crypto, {
    ...inputs,
    terms: { ...inputs.terms, delegationDigest },
    deviceData,
    signer: issuer,
  });
  const digest = digestOf(crypto, openSigned(license, licenseKind));
  return { bundle: makeLicenseBundle({ license, delegation }), license: { terms, digest } };
}
