// The owner of a campaign: keys from its seed, the same in every process and after every kill, and one
// small package of three records. What the files of a real owner hold, the processes of a campaign
// derive or read from their folder.

import type { IssuerKeys } from '@firmseal/authority';
import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';
import { type Chip, findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { nodeCrypto } from '@firmseal/crypto-node';
import { makeDelegation, type Role } from '@firmseal/formats';
import type { Signer, Unwrapper } from '@firmseal/keys';
import { sealContentKey } from '@firmseal/license';
import { planAreas, sealPackage, splitPackage } from '@firmseal/seal';
import { virtualProduct } from '@firmseal/virtual-line';

const recordBytes = 1024;
const recordCount = 3;

export const chipOfCampaign = (): Chip => findChip('stm32f427');

export interface SealedPackage {
  readonly file: Bytes;
  readonly header: Bytes;
  readonly manifestDigest: Bytes;
  readonly contentKeyFile: Bytes;
}

/** Everything that the owner's keys can do in a campaign. */
export class CampaignOwner {
  readonly #seed: string;
  readonly root: Signer;
  readonly deviceCa: Signer;
  readonly issuer: Signer;

  constructor(seed: string) {
    this.#seed = seed;
    this.root = this.#signer('root');
    this.deviceCa = this.#signer('device-ca');
    this.issuer = this.#signer('license-issuer');
  }

  #pair(name: string) {
    const pair = nodeCrypto.p256FromPrivate(nodeCrypto.sha256(utf8(`kill campaign ${this.#seed}: ${name}`)));
    if (pair === undefined) throw new Error('this seed makes no key');
    return pair;
  }

  #signer(name: string): Signer {
    const { publicKey, privateKey } = this.#pair(name);
    return { publicKey, sign: async (message) => nodeCrypto.signEs256(privateKey, message) };
  }

  get kem(): Unwrapper {
    const { publicKey, privateKey } = this.#pair('authority-kem');
    return { publicKey, ecdh: async (point) => nodeCrypto.ecdhP256(privateKey, point) };
  }

  delegation(role: Role, { publicKey }: Pick<Signer, 'publicKey'>): Promise<Bytes> {
    const cap = { counterCap: 1000, epoch: 0 };
    return makeDelegation(nodeCrypto, this.root, {
      role,
      publicKey: Uint8Array.from(publicKey),
      product: virtualProduct,
      ...cap,
    });
  }

  /** `issuer`: who signs licenses with the issuer's key; the authority's process puts its wire around it. */
  async product(issuer: Signer): Promise<IssuerKeys> {
    return {
      product: virtualProduct,
      rootPublicKey: Uint8Array.from(this.root.publicKey),
      issuer,
      issuerDelegation: await this.delegation('license-issuer', issuer),
      deviceCaDelegations: [await this.delegation('device-ca', this.deviceCa)],
    };
  }

  async seal(firmwareVersion: string): Promise<SealedPackage> {
    const chip = chipOfCampaign();
    const signer = this.#signer('package-signer');
    const content = Uint8Array.from(
      { length: recordCount * recordBytes },
      (_, i) => (i * 31 + (i >> 8)) & 0xff,
    );
    const bytes = withVectorTable(chip, 0x0800_0000, content);
    const { areas, entry } = planAreas([{ address: 0x0800_0000, bytes }], chip);
    const { parts, contentKey, manifestDigest } = await sealPackage(nodeCrypto, {
      core: {
        product: virtualProduct,
        chips: [chip.id],
        firmwareVersion,
        securityCounter: 1,
        chunkSizeBytes: recordBytes,
        entry,
        optionBytes: [],
        leastReadoutLevel: 2,
        interruption: 'erase',
        leastAgentVersion: 0,
        bootCheck: 'record',
      },
      areas,
      signer,
      delegation: await this.delegation('package-signer', signer),
      rootPublicKey: this.root.publicKey,
    });
    const authorityKemKey = Uint8Array.from(this.kem.publicKey);
    const contentKeyFile = sealContentKey(nodeCrypto, { contentKey, manifestDigest, authorityKemKey });
    contentKey.wipe();
    const file = concatBytes(...parts);
    return { file, header: splitPackage(file).headerBytes, manifestDigest, contentKeyFile };
  }
}
