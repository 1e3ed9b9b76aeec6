// A chip of the owner's commands: real keys and a certificate of the campaign's device CA, and no flash. It
// takes a unit that it never proves, and signs a receipt for a license that nobody issued.

import type { LineAccess } from '@firmseal/authority-client';
import { type Bytes, toHex } from '@firmseal/bytes';
import { issueDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type Origin, thumbprintOf } from '@firmseal/formats';
import { makeHello, makeReceipt, type VerifiedLicense } from '@firmseal/license';
import type { Manifest } from '@firmseal/seal';
import { virtualProduct } from '@firmseal/virtual-line';
import { type CampaignOwner, chipOfCampaign, type SealedPackage } from './owner.ts';

const witnessed: Origin = { kind: 'witnessed', rehearsal: false };

export class MadeUpChip {
  readonly #signing = nodeCrypto.generateP256();
  readonly #kem = nodeCrypto.generateP256();
  readonly thumbprint = thumbprintOf(nodeCrypto, this.#signing.publicKey, this.#kem.publicKey);
  certificate: Bytes = new Uint8Array(0);

  static async make(owner: CampaignOwner): Promise<MadeUpChip> {
    const chip = new MadeUpChip();
    const device = {
      product: virtualProduct,
      chipId: chipOfCampaign().id,
      signingKey: chip.#signing.publicKey,
      kemKey: chip.#kem.publicKey,
      thumbprint: chip.thumbprint,
      origin: witnessed,
    };
    const inputs = { device, signer: owner.deviceCa, notBefore: new Date(Date.UTC(2026, 0, 1)) };
    chip.certificate = await issueDeviceCertificate(nodeCrypto, inputs);
    return chip;
  }

  readonly #signer = {
    publicKey: this.#signing.publicKey,
    sign: async (message: Uint8Array) => nodeCrypto.signEs256(this.#signing.privateKey, message),
  };

  /** What a line asks for this chip. Each request has a nonce and an id of its own. */
  async request(challenge: Bytes, { manifestDigest }: Pick<SealedPackage, 'manifestDigest'>) {
    const hello = await makeHello(nodeCrypto, this.#signer, {
      challenge,
      nonce: nodeCrypto.randomBytes(16),
      thumbprint: this.thumbprint,
      chipId: chipOfCampaign().id,
      lifeCycle: 'personalized',
      optionBytes: [],
      readoutLevel: 2,
      securityCounter: 0,
      epoch: 0,
      installCount: 0,
      agentVersion: 1,
      origin: witnessed,
      levelKey: false,
      unwraps: 0,
    });
    const requestId = toHex(nodeCrypto.randomBytes(8));
    const { certificate } = this;
    return { hello, certificate, challenge, requestId, manifestDigest };
  }

  /** Takes a unit of the job. */
  async license(line: LineAccess, sealed: SealedPackage): Promise<number> {
    const request = await this.request(await line.giveChallenge('hello'), sealed);
    return (await line.issueLicense(request)).unitIndex;
  }

  /** A receipt as a chip sends it that holds the package. */
  receiptFor({ terms, digest }: VerifiedLicense, manifest: Manifest): Promise<Bytes> {
    return makeReceipt(nodeCrypto, this.#signer, {
      ...this.#saysOfItself,
      ...{ nonce: terms.receiptNonce, manifestDigest: manifest.digest, licenseDigest: digest },
      ...{ licenseId: terms.licenseId, jobId: terms.jobId },
      areas: manifest.areaDigests.map((one) => one!),
      securityCounter: manifest.core.securityCounter,
    });
  }

  get #saysOfItself() {
    const [result, chipId] = ['installed' as const, chipOfCampaign().id];
    return {
      ...{ thumbprint: this.thumbprint, fresh: false, installCount: 1, optionBytes: [], result, chipId },
      ...{ readoutLevel: 2 as const, agentVersion: 1, unprotected: false, measured: false },
      ...{ origin: witnessed, levelKey: false },
    };
  }

  /** A receipt whose signature is good and whose license nobody issued. */
  async receiptOf(licenseId: Bytes, jobId: Bytes, { manifestDigest }: SealedPackage): Promise<Bytes> {
    return makeReceipt(nodeCrypto, this.#signer, {
      ...this.#saysOfItself,
      ...{ nonce: nodeCrypto.randomBytes(32), manifestDigest, licenseId, jobId },
      ...{ areas: [manifestDigest], securityCounter: 1, licenseDigest: nodeCrypto.randomBytes(32) },
    });
  }
}
