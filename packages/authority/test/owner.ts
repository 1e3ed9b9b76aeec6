// An owner's desk for tests: root, delegations, sealed packages, content-key files and device CA. Every key
// is a new one; the formats and signatures are the real ones.

import { makeApprovalPolicy } from '@firmseal/approval';
import type { Bytes } from '@firmseal/bytes';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeDelegation, makeEpochStatement, type Role } from '@firmseal/formats';
import type { Signer, Unwrapper } from '@firmseal/keys';
import { sealContentKey } from '@firmseal/license';
import { type Manifest, sealPackage, splitPackage } from '@firmseal/seal';
import type { IssuerKeys } from '../src/index.ts';

const product = 'pump';
export const chipId = 'stm32f427';

export const signerOf = ({ publicKey, privateKey }: KeyPair): Signer => ({
  publicKey,
  sign: async (message) => crypto.signEs256(privateKey, message),
});

export const unwrapperOf = ({ publicKey, privateKey }: KeyPair): Unwrapper => ({
  publicKey,
  ecdh: async (point) => crypto.ecdhP256(privateKey, point),
});

export interface SealedForJob {
  readonly manifest: Manifest;
  readonly header: Bytes;
  readonly contentKeyFile: Bytes;
  readonly contentKey: Bytes;
}

export interface SealChoice {
  readonly firmwareVersion?: string;
  readonly securityCounter?: number;
  readonly leastAgentVersion?: number;
  readonly leastReadoutLevel?: 0 | 1 | 2;
  readonly chips?: string[];
  /** Where the firmware lies and begins; the agent's second bank when left out. */
  readonly address?: number;
  /** SHA-256 of the software bill of materials. */
  readonly sbomDigest?: Bytes;
  /** Lengths of the per-device areas. */
  readonly deviceData?: number[];
  readonly epochStatement?: Bytes;
  readonly signerDelegation?: Bytes;
  /** Of another authority than the owner's own. */
  readonly authorityKemKey?: Bytes;
}

export class Owner {
  readonly product: string;

  constructor(name = product) {
    this.product = name;
  }

  readonly root = crypto.generateP256();
  readonly signer = crypto.generateP256();
  readonly issuer = crypto.generateP256();
  readonly deviceCa = crypto.generateP256();
  /** A test replaces it. */
  kem = crypto.generateP256();

  delegate(
    role: Role,
    publicKey: Bytes,
    more: { counterCap?: number; epoch?: number; product?: string } = {},
  ) {
    const { product: own } = this;
    const delegation = { role, publicKey, product: own, counterCap: 100, epoch: 0, ...more };
    return makeDelegation(crypto, signerOf(this.root), delegation);
  }

  epochStatement(epoch: number): Promise<Bytes> {
    return makeEpochStatement(crypto, signerOf(this.root), { product: this.product, epoch });
  }

  /** Signed by the root: so many approvers. */
  approvalPolicy(threshold: number, number = 1): Promise<Bytes> {
    return makeApprovalPolicy(crypto, signerOf(this.root), { product: this.product, threshold, number });
  }

  async productKeys(): Promise<IssuerKeys> {
    return {
      product: this.product,
      rootPublicKey: this.root.publicKey,
      issuer: signerOf(this.issuer),
      issuerDelegation: await this.delegate('license-issuer', this.issuer.publicKey),
      deviceCaDelegations: [await this.delegate('device-ca', this.deviceCa.publicKey)],
    };
  }

  async seal(choice: SealChoice = {}): Promise<SealedForJob> {
    const { securityCounter = 5, leastAgentVersion = 1, chips = [chipId], deviceData = [] } = choice;
    const { leastReadoutLevel = 1, address = 0x08100000 } = choice;
    const small = deviceData.map((lengthBytes, i) => ({
      area: { kind: 'device-data' as const, address: 0x08140000 + i * 0x20000, lengthBytes },
    }));
    const sealed = await sealPackage(crypto, {
      core: {
        product: this.product,
        chips,
        firmwareVersion: choice.firmwareVersion ?? '1.2.3',
        securityCounter,
        chunkSizeBytes: 1024,
        entry: address,
        optionBytes: [],
        leastReadoutLevel,
        interruption: 'erase',
        leastAgentVersion,
        bootCheck: 'record',
        ...(choice.sbomDigest ? { sbomDigest: choice.sbomDigest } : {}),
      },
      areas: [
        {
          area: { kind: 'firmware', address, lengthBytes: 1536 },
          plaintext: crypto.randomBytes(1536),
        },
        ...small,
      ],
      signer: signerOf(this.signer),
      delegation: choice.signerDelegation ?? (await this.delegate('package-signer', this.signer.publicKey)),
      rootPublicKey: this.root.publicKey,
      ...(choice.epochStatement ? { epoch: choice.epochStatement } : {}),
    });
    const contentKeyFile = sealContentKey(crypto, {
      contentKey: sealed.contentKey,
      manifestDigest: sealed.manifestDigest,
      authorityKemKey: choice.authorityKemKey ?? this.kem.publicKey,
    });
    const { manifest, contentKey } = sealed;
    const { headerBytes } = splitPackage(sealed.parts[0]);
    return { manifest, header: headerBytes, contentKeyFile, contentKey: contentKey.expose() };
  }
}
