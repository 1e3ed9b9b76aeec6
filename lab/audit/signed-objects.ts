// The signed objects of units in a large ledger. Each has a signature of its own that holds: chips have keys
// and certificates of their own, licenses and receipts are signed one by one. What no audit looks at is
// shared: the second key of the chips, and what is sealed to it.

import { generateKeyPairSync, sign } from 'node:crypto';
import { Owner, type SealedForJob, signerOf } from '@firmseal/authority/testing';
import { type Bytes, Secret } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import { issueDeviceCertificate } from '@firmseal/certificate';
import { type Crypto, lowS } from '@firmseal/crypto';
import { nodeCrypto } from '@firmseal/crypto-node';
import { delegationKind, digestOf, type Origin, openSigned, thumbprintOf } from '@firmseal/formats';
import {
  ceilingFor,
  issueLicense,
  type LicenseTerms,
  licenseDigestOf,
  makeLicenseBundle,
  makeReceipt,
  receiptKind,
} from '@firmseal/license';

const pointSizeBytes = 65;
const chipId = 'stm32f427';
const origin: Origin = { kind: 'witnessed', rehearsal: false };
const notBefore = new Date(Date.UTC(2026, 0, 1));

/**
 * Whoever signs looks at the signature again. Here the audit does, and the key
 * agreements are all the same one.
 */
function cryptoInHaste(): Crypto {
  let agreed: Bytes | undefined;
  return {
    ...nodeCrypto,
    verifyEs256: () => true,
    ecdhP256: (privateKey, publicKey) => {
      agreed ??= nodeCrypto.ecdhP256(privateKey, publicKey);
      return agreed;
    },
  };
}

type ChipSigner = CoseSigner & { readonly publicKey: Bytes };

/** A fresh key that never leaves OpenSSL: to import it again would cost more than all that it signs. */
function freshSigner(): ChipSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(spki.subarray(-pointSizeBytes)),
    sign: async (message) =>
      lowS(new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }))),
  };
}

export interface MadeChip {
  readonly signing: ChipSigner;
  readonly thumbprint: Bytes;
  readonly certificate: Bytes;
}

export interface MadeLicense {
  readonly terms: LicenseTerms;
  readonly bundle: Bytes;
  readonly digest: Bytes;
}

export class SignedObjects {
  readonly owner: Owner;
  readonly sealed: SealedForJob;
  readonly issuerDelegation: Bytes;
  readonly delegationDigest: Bytes;
  readonly #crypto = cryptoInHaste();
  readonly #kem = nodeCrypto.generateP256();
  readonly #ephemeral = nodeCrypto.generateP256();

  private constructor(owner: Owner, sealed: SealedForJob, issuerDelegation: Bytes) {
    this.owner = owner;
    this.sealed = sealed;
    this.issuerDelegation = issuerDelegation;
    this.delegationDigest = digestOf(nodeCrypto, openSigned(issuerDelegation, delegationKind));
  }

  static async make(): Promise<SignedObjects> {
    const owner = new Owner();
    const issuerDelegation = await owner.delegate('license-issuer', owner.issuer.publicKey);
    return new SignedObjects(owner, await owner.seal(), issuerDelegation);
  }

  async chip(): Promise<MadeChip> {
    const signing = freshSigner();
    const { publicKey: kemKey } = this.#kem;
    const thumbprint = thumbprintOf(nodeCrypto, signing.publicKey, kemKey);
    const { product, deviceCa } = this.owner;
    const certificate = await issueDeviceCertificate(this.#crypto, {
      device: { product, chipId, signingKey: signing.publicKey, kemKey, thumbprint, origin },
      ...{ signer: signerOf(deviceCa), notBefore },
    });
    return { signing, thumbprint, certificate };
  }

  async license(chip: MadeChip, of: { jobId: Bytes; unitIndex: number }): Promise<MadeLicense> {
    const random = nodeCrypto.randomBytes(64);
    const contentKey = new Secret(this.sealed.contentKey.slice());
    const { license, terms } = await issueLicense(this.#crypto, {
      terms: {
        ...{ ...of, licenseId: random.slice(0, 16), thumbprint: chip.thumbprint, mode: 'session', origin },
        ...{ nonce: random.slice(16, 32), receiptNonce: random.slice(32), counterFloor: 0 },
        ...{ ceiling: ceilingFor(0), delegationDigest: this.delegationDigest },
      },
      ...{ manifest: this.sealed.manifest, kemKey: this.#kem.publicKey, contentKey, deviceData: [] },
      ...{ signer: signerOf(this.owner.issuer), ephemeral: this.#ephemeral },
    });
    const bundle = makeLicenseBundle({ license, delegation: this.issuerDelegation });
    return { terms, bundle, digest: licenseDigestOf(nodeCrypto, bundle) };
  }

  async receipt(chip: MadeChip, { terms, digest }: MadeLicense): Promise<{ receipt: Bytes; digest: Bytes }> {
    const { manifest } = this.sealed;
    const receipt = await makeReceipt(this.#crypto, chip.signing, {
      ...{ nonce: terms.receiptNonce, thumbprint: chip.thumbprint, fresh: false },
      ...{ manifestDigest: manifest.digest, licenseId: terms.licenseId, jobId: terms.jobId, installCount: 1 },
      ...{ areas: manifest.areaDigests.map((one) => one!), optionBytes: [] },
      ...{ securityCounter: manifest.core.securityCounter, readoutLevel: 2, result: 'installed' },
      ...{ agentVersion: 1, chipId, unprotected: false, licenseDigest: digest, measured: false, origin },
      levelKey: false,
    });
    return { receipt, digest: digestOf(nodeCrypto, openSigned(receipt, receiptKind)) };
  }
}
