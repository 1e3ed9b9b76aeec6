// A chip for tests of the authority: two real keys, a certificate, hellos and receipts as
// spec/device.md and spec/receipt.md have them. It checks licenses with the license package's own
// order of checks; it holds no flash.

import type { Bytes } from '@firmseal/bytes';
import { issueDeviceCertificate } from '@firmseal/certificate';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type Origin, originNumber, thumbprintOf } from '@firmseal/formats';
import {
  checkLicenseForChip,
  type Hello,
  makeHello,
  makeReceipt,
  openLicense,
  type Receipt,
  type VerifiedLicense,
  verifyLicense,
} from '@firmseal/license';
import type { Manifest } from '@firmseal/seal';
import { chipId, type Owner, signerOf } from './owner.ts';

export interface CertificateChoice {
  readonly ca?: KeyPair;
  readonly product?: string;
  readonly notAfter?: Date;
  readonly origin?: Origin;
}

const witnessed: Origin = { kind: 'witnessed', rehearsal: false };

export class TestChip {
  readonly signing = crypto.generateP256();
  readonly kem = crypto.generateP256();
  readonly thumbprint = thumbprintOf(crypto, this.signing.publicKey, this.kem.publicKey);
  readonly #owner: Owner;
  readonly origin: Origin;
  nonce: Bytes = crypto.randomBytes(16);
  certificate: Bytes = new Uint8Array(0);

  private constructor(owner: Owner, origin: Origin) {
    this.#owner = owner;
    this.origin = origin;
  }

  /** A personalized chip. */
  static async make(owner: Owner, choice: CertificateChoice = {}): Promise<TestChip> {
    const chip = new TestChip(owner, choice.origin ?? witnessed);
    const { ca = owner.deviceCa, notAfter } = choice;
    chip.certificate = await issueDeviceCertificate(crypto, {
      device: {
        product: choice.product ?? owner.product,
        chipId,
        signingKey: chip.signing.publicKey,
        kemKey: chip.kem.publicKey,
        thumbprint: chip.thumbprint,
        origin: choice.origin ?? witnessed,
        ...(notAfter ? { notAfter } : {}),
      },
      signer: signerOf(ca),
      notBefore: new Date(Date.UTC(2026, 0, 1)),
    });
    return chip;
  }

  /** A reset: another nonce. */
  reset(): void {
    this.nonce = crypto.randomBytes(16);
  }

  hello(challenge: Bytes, more: Partial<Hello> = {}): Promise<Bytes> {
    return makeHello(crypto, signerOf(this.signing), {
      challenge,
      nonce: this.nonce,
      thumbprint: this.thumbprint,
      chipId,
      lifeCycle: 'personalized',
      optionBytes: [],
      readoutLevel: 2,
      securityCounter: 0,
      epoch: 0,
      installCount: 0,
      agentVersion: 1,
      origin: this.origin,
      levelKey: false,
      unwraps: 0,
      ...more,
    });
  }

  /** What a chip that just made its keys proves of them, as a signer is asked to certify it. */
  async newKeys(challenge: Bytes, more: Partial<Hello> = {}) {
    const [signingKey, kemKey] = [this.signing.publicKey, this.kem.publicKey];
    const hello = await this.hello(challenge, { lifeCycle: 'blank', readoutLevel: 0, ...more });
    return { chipId, origin: originNumber(this.origin), signingKey, kemKey, hello, challenge };
  }

  /**
   * The checks of license.md section 4, as a chip does them. Throws the fault that
   * the chip would answer with.
   */
  accept(bundle: Bytes, manifest: Manifest): { license: VerifiedLicense; contentKey: Bytes; data: Bytes[] } {
    const { publicKey: rootPublicKey } = this.#owner.root;
    const license = verifyLicense(crypto, { bundle, rootPublicKey, product: this.#owner.product });
    const { thumbprint, nonce, origin } = this;
    checkLicenseForChip(license, { manifest, thumbprint, nonce, origin, unwraps: 0 });
    const opened = openLicense(crypto, { license, manifest, recipient: this.kem });
    return { license, contentKey: opened.contentKey.expose(), data: opened.deviceData };
  }

  receipt(
    inputs: { license: Pick<VerifiedLicense, 'terms' | 'digest'>; manifest: Manifest; challenge?: Bytes },
    more: Partial<Receipt> = {},
  ): Promise<Bytes> {
    const { license, manifest, challenge } = inputs;
    const { terms, digest } = license;
    const data = terms.deviceDataDigests.values();
    return makeReceipt(crypto, signerOf(this.signing), {
      nonce: challenge ?? terms.receiptNonce,
      thumbprint: this.thumbprint,
      fresh: challenge !== undefined,
      manifestDigest: manifest.digest,
      licenseId: terms.licenseId,
      jobId: terms.jobId,
      installCount: 1,
      areas: manifest.areaDigests.map((one) => one ?? data.next().value!),
      optionBytes: [],
      securityCounter: manifest.core.securityCounter,
      readoutLevel: 2,
      result: 'installed',
      agentVersion: 1,
      chipId,
      unprotected: false,
      licenseDigest: digest,
      measured: challenge !== undefined,
      origin: this.origin,
      levelKey: false,
      ...more,
    });
  }
}
