// The supply of per-device data of a job (area kind 3): one set a unit, given by the owner when the job is
// opened. It rests encrypted: a key of the job, wrapped to the authority's KEM key, encrypts each set, so
// a copy of the database shows none.

import { type Bytes, concatBytes, Secret, u32be, utf8 } from '@firmseal/bytes';
import { decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type HpkeMessage, hpkeSeal } from '@firmseal/hpke';
import type { Manifest } from '@firmseal/seal';
import { type KemKeys, openByAny } from '../signer/kem-keys.ts';
import type { JobRecord } from '../store/records.ts';
import type { Authority } from './authority.ts';

/** One byte string for each per-device area, in the manifest's order. */
export type DeviceDataSet = readonly Bytes[];

const info = utf8('firmseal/1 authority device-data');
export const encSizeBytes = 65;
const setSizeBytesAtMost = 2048;

/** Lengths of the per-device areas, in order. */
export function deviceDataLengths(manifest: Manifest): number[] {
  return manifest.core.areas
    .filter(({ kind }) => kind === 'device-data')
    .map(({ lengthBytes }) => lengthBytes);
}

/** Throws `device-data-count-wrong` (one set a unit, or none), `license-data-wrong` (areas and lengths). */
export function checkDeviceData(manifest: Manifest, quota: number, sets: readonly DeviceDataSet[]): void {
  const lengths = deviceDataLengths(manifest);
  const due = lengths.length > 0 ? quota : 0;
  if (sets.length !== due) throw new Fault('device-data-count-wrong', { quota, given: sets.length });
  for (const set of sets) {
    const fits = set.length === lengths.length && set.every((data, i) => data.length === lengths[i]);
    if (!fits) throw new Fault('license-data-wrong');
  }
}

// The unit index is the nonce: a key encrypts each index once, when the job is opened.
const setInputs = (jobId: Bytes, unitIndex: number) => ({
  nonce: concatBytes(new Uint8Array(8), u32be(unitIndex)),
  aad: concatBytes(jobId, u32be(unitIndex)),
});

/** Encrypts every set, and the key of the job to the authority's KEM key (enc || ciphertext). */
export async function sealDeviceData(
  authority: Authority,
  jobId: Bytes,
  sets: readonly DeviceDataSet[],
): Promise<{ deviceDataKey: Bytes; deviceData: Bytes[] }> {
  const { crypto, signer } = authority;
  const recipientPublicKey = await signer.kemPublicKey();
  const key = new Secret(crypto.randomBytes(32));
  const { enc, sealed } = hpkeSeal(crypto, {
    recipientPublicKey,
    info,
    aad: jobId,
    plaintext: key.expose(),
  });
  const deviceData = sets.map((set, unitIndex) =>
    crypto.aes256GcmSeal({ key: key.expose(), plaintext: encodeCbor(set), ...setInputs(jobId, unitIndex) }),
  );
  key.wipe();
  return { deviceDataKey: concatBytes(enc, sealed), deviceData };
}

/** The key of a job's sets as it is wrapped. */
export const messageOfDeviceDataKey = (jobId: Bytes, deviceDataKey: Bytes): HpkeMessage => ({
  ...{ enc: deviceDataKey.subarray(0, encSizeBytes), info, aad: jobId },
  sealed: deviceDataKey.subarray(encSizeBytes),
});

/** The encrypted set of one unit, for whoever has the key; undefined when the job has no such data. */
export async function findSealedData(
  { store }: Pick<Authority, 'store'>,
  { jobId, deviceDataKey }: Pick<JobRecord, 'jobId' | 'deviceDataKey'>,
  unitIndex: number,
): Promise<Bytes | undefined> {
  return deviceDataKey && store.findDeviceData(jobId, unitIndex);
}

/**
 * The set of one unit; empty when the job has no such data. Throws `internal-error` when
 * the rows were tampered with.
 */
export async function openDeviceData(
  { crypto, kems }: { crypto: Crypto; kems: KemKeys },
  { jobId, deviceDataKey }: Pick<JobRecord, 'jobId' | 'deviceDataKey'>,
  { unitIndex, sealed: row }: { unitIndex: number; sealed: Bytes | undefined },
): Promise<Bytes[]> {
  if (!deviceDataKey) return [];
  const key = await openByAny(crypto, kems, messageOfDeviceDataKey(jobId, deviceDataKey));
  const plaintext = key && row && crypto.aes256GcmOpen({ key, sealed: row, ...setInputs(jobId, unitIndex) });
  key?.fill(0);
  const set = plaintext && decodeCbor(plaintext, { maxBytes: setSizeBytesAtMost });
  plaintext?.fill(0);
  if (!Array.isArray(set)) throw new Fault('internal-error', { detail: 'per-device data does not decrypt' });
  return set as Bytes[];
}
