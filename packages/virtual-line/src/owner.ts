// The owner of a virtual line: keys in memory, delegations, an authority on a loopback port with a database
// in a temporary folder, and packages sealed for it. All of it is made for each run and gone after it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Authority,
  createAuthority,
  createToken,
  openSqliteStore,
  type RunningAuthority,
  serveAuthority,
} from '@firmseal/authority';
import { AuthorityClient, accessForJob, type LineAccess } from '@firmseal/authority-client';
import { type Bytes, Secret, toHex, utf8 } from '@firmseal/bytes';
import { type Chip, findChip, type ReadoutLevel } from '@firmseal/chips';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto } from '@firmseal/crypto-node';
import { makeDelegation, type Role } from '@firmseal/formats';
import type { FirmwareImage } from '@firmseal/image';
import type { Signer } from '@firmseal/keys';
import { type AcceptedOutcomes, sealContentKey } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { type InstallPackage, readInstallPackage } from '@firmseal/programmer';
import { type AreaPlan, checkPolicy, planAreas, sealPackage } from '@firmseal/seal';
import type { LineConditions } from './conditions.ts';

export const virtualProduct = 'virtual-line';

const signerOf = ({ publicKey, privateKey }: KeyPair): Signer => ({
  publicKey,
  sign: async (message) => nodeCrypto.signEs256(privateKey, message),
});

/** A sealed package with what the demo's judge may know of it. */
export interface VirtualPackage {
  readonly file: Bytes;
  readonly sealed: InstallPackage;
  readonly contentKeyFile: Bytes;
  /** A judge's copy, to look for it where it must not be. */
  readonly contentKey: Bytes;
  readonly leastReadoutLevel: ReadoutLevel;
}

export interface VirtualJob {
  readonly id: Bytes;
  readonly name: string;
  /** The authority as a line with a token of this job sees it. */
  readonly line: LineAccess;
  /** The same for a line in another process. */
  readonly access: { readonly address: string; readonly token: Secret };
}

export interface VirtualOwner {
  readonly chip: Chip;
  readonly plan: AreaPlan;
  readonly rootPublicKey: Bytes;
  readonly deviceCa: Signer;
  readonly authority: Authority;
  /** The image of the owner, or an update of it. */
  seal(leastReadoutLevel: ReadoutLevel, update?: VirtualUpdate): Promise<VirtualPackage>;
  /**
   * An approved job with a line token. `accepts`: outcomes that the owner takes
   * besides PASS, none by default.
   */
  openJob(sealed: VirtualPackage, quota: number, accepts?: AcceptedOutcomes): Promise<VirtualJob>;
  end(): Promise<void>;
}

export interface VirtualUpdate {
  readonly image: FirmwareImage;
  readonly firmwareVersion: string;
  readonly securityCounter: number;
}

interface OwnerKeys {
  readonly root: KeyPair;
  readonly signer: KeyPair;
  readonly issuer: KeyPair;
  readonly deviceCa: KeyPair;
  readonly kem: KeyPair;
}

const makeKeys = (): OwnerKeys => ({
  root: nodeCrypto.generateP256(),
  signer: nodeCrypto.generateP256(),
  issuer: nodeCrypto.generateP256(),
  deviceCa: nodeCrypto.generateP256(),
  kem: nodeCrypto.generateP256(),
});

const delegate = (keys: OwnerKeys, role: Role, { publicKey }: KeyPair): Promise<Bytes> =>
  makeDelegation(nodeCrypto, signerOf(keys.root), {
    role,
    publicKey,
    product: virtualProduct,
    counterCap: 0x7fffffff,
    epoch: 0,
  });

interface SealOptions {
  readonly plan: AreaPlan;
  readonly leastReadoutLevel: ReadoutLevel;
  readonly version?: Pick<VirtualUpdate, 'firmwareVersion' | 'securityCounter'>;
}

const firstVersion = { firmwareVersion: '1.0.0', securityCounter: 1 } as const;

async function seal(
  keys: OwnerKeys,
  chip: Chip,
  { plan, leastReadoutLevel, version = firstVersion }: SealOptions,
): Promise<VirtualPackage> {
  const core = {
    product: virtualProduct,
    chips: [chip.id],
    firmwareVersion: version.firmwareVersion,
    securityCounter: version.securityCounter,
    chunkSizeBytes: 4096,
    entry: plan.entry,
    optionBytes: [],
    leastReadoutLevel,
    interruption: 'erase',
    leastAgentVersion: 0,
    bootCheck: 'record',
  } as const;
  // Below its tier's level the chip does not keep its promises: the owner has to say that he means it.
  checkPolicy(core, [chip], {
    allowUnprotected: leastReadoutLevel === 1,
    allowOpen: leastReadoutLevel === 0,
  });
  const { parts, contentKey, manifestDigest } = await sealPackage(nodeCrypto, {
    core,
    areas: plan.areas,
    signer: signerOf(keys.signer),
    delegation: await delegate(keys, 'package-signer', keys.signer),
    rootPublicKey: keys.root.publicKey,
  });
  const file = new Uint8Array(Buffer.concat(parts));
  return {
    file,
    sealed: readInstallPackage(nodeCrypto, file, { rootPublicKey: keys.root.publicKey }),
    contentKeyFile: sealContentKey(nodeCrypto, {
      contentKey,
      manifestDigest,
      authorityKemKey: keys.kem.publicKey,
    }),
    contentKey: contentKey.expose(),
    leastReadoutLevel,
  };
}

const accessTo = (server: RunningAuthority, token: string) => ({
  address: server.url,
  token: new Secret(utf8(token)),
});

async function openVirtualJob(
  { server, client }: { server: RunningAuthority; client: AuthorityClient },
  { sealed, contentKeyFile }: VirtualPackage,
  { quota, accepts }: { quota: number; accepts: AcceptedOutcomes },
): Promise<VirtualJob> {
  const request = { header: sealed.headerBytes, contentKeyFile, quota, accepts: [...accepts] };
  const { job } = await client.call('openJob', request);
  await client.call('approveJob', { job });
  const { token } = await client.call('createLineToken', { job, label: 'virtual line' });
  const access = accessTo(server, token);
  const lineClient = new AuthorityClient({ ...access, clock: systemClock });
  return { id: job, name: toHex(job), line: accessForJob(lineClient, job), access };
}

/**
 * Starts everything that the owner has. `entry`: where the vector table is linked, for an image that does not
 * begin with it. Throws what planAreas throws.
 */
export async function createOwner(
  image: FirmwareImage,
  chipId: string,
  conditions: LineConditions,
  { entry }: { entry?: number | undefined } = {},
): Promise<VirtualOwner> {
  const chip = findChip(chipId);
  const plan = planAreas(image.segments, chip, entry === undefined ? {} : { entry });
  const keys = makeKeys();
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-line-'));
  const store = conditions.wrapStore(
    openSqliteStore({ path: join(folder, 'authority.sqlite'), crypto: nodeCrypto }),
  );
  const { kem } = keys;
  const authority = await createAuthority({
    store,
    crypto: nodeCrypto,
    kem: { publicKey: kem.publicKey, ecdh: async (point) => nodeCrypto.ecdhP256(kem.privateKey, point) },
    products: [
      {
        product: virtualProduct,
        rootPublicKey: keys.root.publicKey,
        issuer: signerOf(keys.issuer),
        issuerDelegation: await delegate(keys, 'license-issuer', keys.issuer),
        deviceCaDelegations: [await delegate(keys, 'device-ca', keys.deviceCa)],
      },
    ],
  });
  // A virtual line asks as fast as it can: the burst that the server bears from one token
  // is no part of what is shown.
  const server = await serveAuthority({ authority, limits: { burst: 100_000, perSecond: 100_000 } });
  const { token } = await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' });
  const client = new AuthorityClient({ ...accessTo(server, token), clock: systemClock });
  return {
    chip,
    plan,
    rootPublicKey: keys.root.publicKey,
    deviceCa: signerOf(keys.deviceCa),
    authority,
    seal: (leastReadoutLevel, update) =>
      seal(
        keys,
        chip,
        update === undefined
          ? { plan, leastReadoutLevel }
          : { plan: planAreas(update.image.segments, chip), leastReadoutLevel, version: update },
      ),
    openJob: (sealed, quota, accepts = []) => openVirtualJob({ server, client }, sealed, { quota, accepts }),
    async end() {
      await server.stop(0);
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
