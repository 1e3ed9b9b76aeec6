// A chip of the owner's commands: real keys and a certificate of the campaign's device CA, and no flash. It
// takes a unit that it never proves, and signs a receipt for a license that nobody issued.

import type { LineAccess } from '@firmseal/authority-client';
import { type Bytes, toHex } from '@firmseal/bytes';
import { issueDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type Origin, thumbprintOf } from '@firmseal/formats';
import { makeHello, makeReceipt } from '@firmseal/license';
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

  /** A receipt whose signature is good and whose license nobody issued. */
  async receiptOf(licenseId: Bytes, jobId: Bytes, { manifestDigest }: SealedPackage): Promise<Bytes> {
    return makeReceipt(nodeCrypto, this.#signer, {
      nonce: nodeCrypto.randomBytes(32),
      thumbprint: this.thumbprint,
      fresh: false,
      manifestDigest,
      licenseId,
      jobId,
      installCount: 1,
      areas: [manifestDigest],
      optionBytes: [],
      securityCounter: 1,
      readoutLevel: 2,
      result: 'installed',
      agentVersion: 1,
      chipId: chipOfCampaign().id,
      unprotected: false,
      licenseDigest: nodeCrypto.randomBytes(32),
      measured: false,
      origin: witnessed,
      levelKey: false,
    });
  }
}
