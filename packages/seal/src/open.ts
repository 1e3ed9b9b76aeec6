// Opens a package with its content key: spec/package.md section 6, steps 11 and 12. Whole, or
// chunk by chunk as an agent would get it; nothing of a record is released before its hash, its
// tag and its next hash were checked.

import { equalBytes, type Secret } from '@firmseal/bytes';
import type { Chip } from '@firmseal/chips';
import type { Crypto, Hasher } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { Trust } from '@firmseal/formats';
import { type Area, hasRecords } from './areas.ts';
import { checkForChip } from './check-chip.ts';
import { type PackageKeys, packageKeys } from './key-schedule.ts';
import type { Manifest } from './manifest.ts';
import { splitPackage } from './package-file.ts';
import { fileRecords, openRecord, RecordChain } from './records.ts';
import { type VerifiedHeader, verifyHeader } from './verify-header.ts';

export interface OpenedChunk {
  readonly areaOrdinal: number;
  /** Flash address of its first byte. */
  readonly address: number;
  readonly plaintext: Uint8Array;
}

export interface OpenedPackage extends VerifiedHeader {
  /** Plaintext of the areas of firmware, in order. */
  readonly areas: readonly {
    readonly ordinal: number;
    readonly area: Area;
    readonly plaintext: Uint8Array;
  }[];
}

/** Step 11. Throws `key-commitment-wrong`. */
export function openContentKeys(crypto: Crypto, manifest: Manifest, contentKey: Secret): PackageKeys {
  const { salt, coreDigest, commitment } = manifest;
  const keys = packageKeys(crypto, { contentKey, salt, coreDigest });
  if (!equalBytes(keys.commitment, commitment)) throw new Fault('key-commitment-wrong');
  return keys;
}

/** Hashes each area of firmware as its chunks pass. */
class AreaHashes {
  readonly #hashers: readonly (Hasher | undefined)[];

  constructor(crypto: Crypto, { core }: Manifest) {
    this.#hashers = core.areas.map((area) => (hasRecords(area) ? crypto.createSha256() : undefined));
  }

  update(chunk: OpenedChunk): void {
    this.#hashers[chunk.areaOrdinal]?.update(chunk.plaintext);
  }

  /** Throws `area-digest-wrong`. */
  check({ areaDigests }: Manifest, keys: PackageKeys): void {
    for (const [area, hasher] of this.#hashers.entries())
      if (hasher && !equalBytes(keys.areaDigest(area, hasher.digest()), areaDigests[area]!))
        throw new Fault('area-digest-wrong', { area });
  }
}

/**
 * Steps 11 and 12 on a file whose header was verified, in constant memory beside the file: `onChunk` gets
 * each chunk in order and owns it. Throws `key-commitment-wrong`, then by record `package-truncated`,
 * `record-hash-wrong`, `record-tag-wrong`, then `package-overlong`, `area-digest-wrong`.
 */
export function openRecords(
  crypto: Crypto,
  inputs: { file: Uint8Array; recordsOffset: number; manifest: Manifest; contentKey: Secret },
  onChunk: (chunk: OpenedChunk) => void,
): void {
  const { file, recordsOffset, manifest, contentKey } = inputs;
  const { core, coreDigest } = manifest;
  const keys = openContentKeys(crypto, manifest, contentKey);
  const areaKeys = core.areas.map((_, i) => keys.areaKey(i));
  const chain = new RecordChain(crypto, manifest);
  const hashes = new AreaHashes(crypto, manifest);
  try {
    for (const record of fileRecords(file, recordsOffset, core)) {
      const { areaOrdinal, offset } = record.plan;
      chain.checkHash(record);
      const plaintext = openRecord(crypto, record, { areaKey: areaKeys[areaOrdinal]!, coreDigest });
      chain.advance(record);
      const chunk = { areaOrdinal, address: core.areas[areaOrdinal]!.address + offset, plaintext };
      hashes.update(chunk);
      onChunk(chunk);
    }
    hashes.check(manifest, keys);
  } finally {
    for (const key of areaKeys) key.fill(0);
  }
}

/**
 * All the checks of a tool away from a chip, in order (steps 1 to 6; 7 and 9 when a chip is given; 11 and
 * 12), and the plaintext of every area of firmware. Throws the first fault in that order.
 */
export function openPackage(
  crypto: Crypto,
  inputs: { file: Uint8Array; trust: Trust; contentKey: Secret; chip?: Chip },
): OpenedPackage {
  const { file, trust, contentKey, chip } = inputs;
  const { header, recordsOffset } = splitPackage(file);
  const verified = verifyHeader(crypto, header, trust);
  const { manifest } = verified;
  if (chip) checkForChip(manifest, chip);
  const areas = [...manifest.core.areas.entries()]
    .filter(([, area]) => hasRecords(area))
    .map(([ordinal, area]) => ({ ordinal, area, plaintext: new Uint8Array(area.lengthBytes) }));
  openRecords(crypto, { file, recordsOffset, manifest, contentKey }, (chunk) => {
    const target = areas.find(({ ordinal }) => ordinal === chunk.areaOrdinal)!;
    target.plaintext.set(chunk.plaintext, chunk.address - target.area.address);
  });
  return { ...verified, areas };
}
