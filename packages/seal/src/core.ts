// The core of a manifest: every field that depends neither on ciphertext nor on the content key.
// spec/package.md section 2, and step 4 of its checks. Areas and option-byte requirements are read
// later (areas.ts, requirements.ts).

import type { Bytes } from '@firmseal/bytes';
import {
  arrayOf,
  type CborInput,
  type CborValue,
  encodeCbor,
  field,
  integer,
  oneOf,
  optionalField,
  readMap,
  type Schema,
} from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  count,
  orMalformed,
  type ReadoutLevel,
  readItem,
  readoutLevels,
  shortText,
  versionText,
  word,
} from '@firmseal/formats';
import { type Area, encodeAreas } from './areas.ts';
import { encodeRequirements, type OptionRequirement } from './requirements.ts';

export const chunkSizes = [1024, 2048, 4096] as const;
const interruptions = ['erase', 'resume', 'trial'] as const;
const bootChecks = ['record', 'digest'] as const;

export type ChunkSizeBytes = (typeof chunkSizes)[number];

export interface ManifestCore {
  readonly formatVersion: 1;
  readonly suite: 1;
  readonly product: string;
  /** Catalogue ids of the chips that the package is for, 1 to 8. */
  readonly chips: readonly string[];
  /** For people; the security counter decides. */
  readonly firmwareVersion: string;
  readonly securityCounter: number;
  readonly areas: readonly Area[];
  readonly chunkSizeBytes: ChunkSizeBytes;
  /** Address of the vector table in flash, as stored. */
  readonly entry: number;
  readonly optionBytes: readonly OptionRequirement[];
  readonly leastReadoutLevel: ReadoutLevel;
  readonly interruption: (typeof interruptions)[number];
  readonly leastAgentVersion: number;
  readonly bootCheck: (typeof bootChecks)[number];
  /** SHA-256 of a software bill of materials. */
  readonly sbomDigest?: Bytes;
}

/** The core with its areas and requirements still as they were decoded. */
export interface CoreDraft extends Omit<ManifestCore, 'areas' | 'optionBytes'> {
  readonly areasValue: CborValue;
  readonly requirementsValue: CborValue;
}

const unread: Schema<CborValue> = (value) => value;

const coreShape = {
  formatVersion: field(0, oneOf(1)),
  suite: field(1, oneOf(1)),
  product: field(2, shortText),
  chips: field(3, arrayOf(shortText, 1, 8)),
  firmwareVersion: field(4, versionText),
  securityCounter: field(5, count),
  areasValue: field(6, unread),
  chunkSizeBytes: field(7, oneOf(...chunkSizes)),
  entry: field(8, word),
  requirementsValue: field(9, unread),
  leastReadoutLevel: field(10, oneOf(...readoutLevels)),
  interruption: field(11, integer(1, interruptions.length)),
  leastAgentVersion: field(12, count),
  bootCheck: field(13, integer(1, bootChecks.length)),
  sbomDigest: optionalField(14, bytes32),
};

/** Encodes without checking: sealing reads its own manifest back. */
export function encodeCore(core: ManifestCore): Bytes {
  const map = new Map<number, CborInput>([
    [0, core.formatVersion],
    [1, core.suite],
    [2, core.product],
    [3, [...core.chips]],
    [4, core.firmwareVersion],
    [5, core.securityCounter],
    [6, encodeAreas(core.areas)],
    [7, core.chunkSizeBytes],
    [8, core.entry],
    [9, encodeRequirements(core.optionBytes)],
    [10, core.leastReadoutLevel],
    [11, interruptions.indexOf(core.interruption) + 1],
    [12, core.leastAgentVersion],
    [13, bootChecks.indexOf(core.bootCheck) + 1],
  ]);
  if (core.sbomDigest) map.set(14, core.sbomDigest);
  return encodeCbor(map);
}

/**
 * A newer format may differ in all else, so version and suite are told apart before the rest is looked at.
 */
function refuseOtherFormats(value: CborValue): void {
  if (!(value instanceof Map)) throw new Fault('manifest-malformed');
  const [version, suite] = [value.get(0), value.get(1)];
  if (typeof version === 'number' && version !== 1)
    throw new Fault('manifest-version-unsupported', { version });
  if (typeof suite === 'number' && suite !== 1) throw new Fault('suite-unsupported', { suite });
}

/** Throws `manifest-version-unsupported`, `suite-unsupported`, `manifest-malformed`. */
export function decodeCoreDraft(coreBytes: Uint8Array): CoreDraft {
  const value = readItem(coreBytes, 'manifest-malformed');
  refuseOtherFormats(value);
  const shape = orMalformed('manifest-malformed', () => readMap(value, coreShape, 'core'));
  return {
    ...shape,
    interruption: interruptions[shape.interruption - 1]!,
    bootCheck: bootChecks[shape.bootCheck - 1]!,
  };
}
