// The manifest: payload codec and the part of the order of checks that needs no signature and no chip
// (spec/package.md section 2; steps 4 to 6 of section 6).

import type { Bytes } from '@firmseal/bytes';
import { arrayOf, byteString, type CborInput, encodeCbor, field, nullable } from '@firmseal/cbor-cose';
import { agentHeaderBytes } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { bytes32, readObject, type SignedKind } from '@firmseal/formats';
import { type Area, areaCountMax, checkEntry, hasRecords, readAreas } from './areas.ts';
import { type CoreDraft, decodeCoreDraft, type ManifestCore } from './core.ts';
import { countRecords, recordCountMax } from './record-plan.ts';
import { readRequirements } from './requirements.ts';

const manifestPayloadMaxBytes = 2048;
export const manifestKind: SignedKind = {
  typ: 'application/firmseal-manifest',
  payloadMaxBytes: manifestPayloadMaxBytes,
  malformed: 'manifest-malformed',
  invalid: 'manifest-signature-invalid',
  tooLarge: 'manifest-too-large',
};

export interface Manifest {
  readonly core: ManifestCore;
  /** As encoded; the core digest is over these. */
  readonly coreBytes: Bytes;
  readonly coreDigest: Bytes;
  readonly firstRecordHash: Bytes;
  /** Keyed digest of each area of firmware, null for the other kinds; in the core's order. */
  readonly areaDigests: readonly (Bytes | null)[];
  readonly salt: Bytes;
  readonly commitment: Bytes;
  /** Of the delegation under which it was made (delegation.md section 1), 32 bytes. */
  readonly grant: Bytes;
  /**
   * Digest of the signed object (encoding.md section 2): the name of the package in licenses and receipts.
   */
  readonly digest: Bytes;
  /** The signed object as encoded. */
  readonly signed: Bytes;
}

export interface ManifestPayload {
  readonly coreBytes: Bytes;
  readonly firstRecordHash: Bytes;
  readonly areaDigests: readonly (Bytes | null)[];
  readonly salt: Bytes;
  readonly commitment: Bytes;
  readonly grant: Bytes;
}

export function encodeManifestPayload(payload: ManifestPayload): Bytes {
  return encodeCbor(
    new Map<number, CborInput>([
      [0, payload.coreBytes],
      [1, payload.firstRecordHash],
      [2, [...payload.areaDigests]],
      [3, payload.salt],
      [4, payload.commitment],
      [5, payload.grant],
    ]),
  );
}

const payloadShape = {
  coreBytes: field(0, byteString(0, manifestPayloadMaxBytes)),
  firstRecordHash: field(1, bytes32),
  areaDigests: field(2, arrayOf(nullable(bytes32), 1, areaCountMax)),
  salt: field(3, bytes32),
  commitment: field(4, bytes32),
  grant: field(5, bytes32),
};

/** Step 4: shape of payload and core, all but what the core's keys 6 and 9 hold. */
export function decodeManifestPayload(payload: Uint8Array): ManifestPayload & { draft: CoreDraft } {
  const shape = readObject(payload, 'manifest-malformed', 'manifest', payloadShape);
  return { ...shape, draft: decodeCoreDraft(shape.coreBytes) };
}

/** The area of a package that brings an agent; undefined for one that brings firmware. */
export const agentAreaOf = ({ areas }: Pick<ManifestCore, 'areas'>): Area | undefined =>
  areas[0]?.kind === 'agent' ? areas[0] : undefined;

/** An agent comes alone, and asks for nothing. Throws `agent-package-invalid`. */
function checkAgentPackage(core: ManifestCore): void {
  const { areas, interruption, bootCheck, optionBytes, securityCounter } = core;
  if (areas.every(({ kind }) => kind !== 'agent')) return;
  const alone = areas.length === 1 && areas[0]!.lengthBytes > agentHeaderBytes;
  const plain = interruption === 'erase' && bootCheck === 'record';
  if (!alone || !plain || optionBytes.length > 0 || securityCounter !== 0)
    throw new Fault('agent-package-invalid');
}

/**
 * Step 6. Throws, in this order: `area-malformed` and `area-misaligned` (area by area), `manifest-malformed`
 * (digests and kinds disagree), `entry-outside-firmware`, `manifest-malformed` (requirements; number of
 * records; a first hash of zeros), `agent-package-invalid`.
 */
export function finishCore(payload: ManifestPayload & { draft: CoreDraft }): ManifestCore {
  const { areasValue, requirementsValue, ...rest } = payload.draft;
  const areas = readAreas(areasValue);
  const agree =
    payload.areaDigests.length === areas.length &&
    areas.every((area, i) => hasRecords(area) === (payload.areaDigests[i] !== null));
  if (!agree) throw new Fault('manifest-malformed');
  checkEntry(rest.entry, areas);
  const core = { ...rest, areas, optionBytes: readRequirements(requirementsValue) };
  const records = countRecords(core);
  if (records > recordCountMax) throw new Fault('manifest-malformed', { records });
  if (payload.firstRecordHash.every((byte) => byte === 0)) throw new Fault('manifest-malformed');
  checkAgentPackage(core);
  return core;
}

/** Core digest: SHA-256 of the encoded core; 32 bytes. */
export function coreDigestOf(crypto: Crypto, coreBytes: Uint8Array): Bytes {
  return crypto.sha256(coreBytes);
}
