// A chip as the damage campaign meets it: the agent in C on a virtual chip that holds a former, valid
// firmware, and a package to install over it. Snapshots stand ahead of every message, so that a
// damaged one costs that message alone.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { LicenseTerms } from '@firmseal/license';
import type { SealArea } from '@firmseal/seal';
import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { type Line, personalizedLine } from '../../device/agent/test/line.ts';
import {
  firmware,
  makeLicense,
  makePackage,
  pattern,
  places,
  type TestChipId,
  type TestLicense,
  type TestPackage,
} from '../../device/agent/test/trusted-site.ts';

export interface DamageTarget {
  readonly line: Line;
  readonly sealed: TestPackage;
  readonly license: TestLicense;
  /** Licenses that the issuer signed, but not for this: each with the code of its refusal. */
  readonly foreign: readonly { readonly license: TestLicense; readonly expected: string }[];
  readonly areas: readonly FirmwareArea[];
  readonly former: readonly FirmwareArea[];
  /** Ahead of the package header: the former firmware stands and is valid. */
  readonly beforePackage: ChipSnapshot;
  readonly beforeLicense: ChipSnapshot;
  /** Ahead of record i; the last entry is after all of them. */
  readonly beforeRecord: readonly ChipSnapshot[];
  /** Record i: where its plaintext would be written. */
  readonly chunks: readonly { readonly address: number; readonly plaintext: Bytes }[];
}

export interface FirmwareArea extends SealArea {
  readonly plaintext: Bytes;
}

export interface TargetOptions {
  readonly chipId: TestChipId;
  readonly interruption: 'erase' | 'resume';
  /** Another agent than the one built from the sources. */
  readonly agent?: Uint8Array;
}

const chunkSizeBytes = 1024;

/** Two areas, five records: 1024, 32, 1024, 1024 and 32 bytes of plaintext. */
function areasOf(chipId: TestChipId, seed: number): FirmwareArea[] {
  const { firmware: first, second } = places[chipId];
  return [
    {
      area: { kind: 'firmware', address: first, lengthBytes: 1056 },
      plaintext: firmware(first, 1056, seed),
    },
    { area: { kind: 'firmware', address: second, lengthBytes: 2080 }, plaintext: pattern(2080, seed + 1) },
  ];
}

function chunksOf(areas: readonly FirmwareArea[]) {
  return areas.flatMap(({ area, plaintext }) =>
    Array.from({ length: Math.ceil(plaintext.length / chunkSizeBytes) }, (_, i) => ({
      address: area.address + i * chunkSizeBytes,
      plaintext: plaintext.slice(i * chunkSizeBytes, (i + 1) * chunkSizeBytes),
    })),
  );
}

export async function prepareTarget({ chipId, interruption, agent }: TargetOptions): Promise<DamageTarget> {
  const line = await personalizedLine(chipId, 2, `damage ${chipId}`, agent);
  const former = areasOf(chipId, 40);
  const areas = areasOf(chipId, 1);
  await line.install(await makePackage(chipId, { core: { interruption }, areas: former }));
  const sealed = await makePackage(chipId, { core: { interruption, securityCounter: 6 }, areas });
  const license = await makeLicense(sealed, line.device!);
  const other = async (terms: Partial<LicenseTerms>, expected: string) => ({
    license: await makeLicense(sealed, line.device!, { terms }),
    expected,
  });
  const foreign = [
    await other({ thumbprint: pattern(32, 7) }, 'license-device-wrong'),
    await other({ manifestDigest: pattern(32, 8) }, 'license-manifest-wrong'),
    await other({ mode: 'session', nonce: pattern(16, 9) } as Partial<LicenseTerms>, 'license-nonce-wrong'),
    await other({ counterFloor: 7 }, 'license-counter-floor'),
  ];
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  line.chip.setPin('agent-request', false);
  const { judge } = line.chip;
  const beforePackage = judge.snapshot();
  line.package(sealed);
  const beforeLicense = judge.snapshot();
  line.license(license);
  const beforeRecord = [judge.snapshot()];
  for (const [i, record] of sealed.records.entries()) {
    line.record(i, record);
    beforeRecord.push(judge.snapshot());
  }
  return {
    ...{ line, sealed, license, foreign, areas, former, beforePackage, beforeLicense, beforeRecord },
    chunks: chunksOf(areas),
  };
}

/** Whether the flash holds these areas, whatever the chip says. */
export const holds = ({ line }: DamageTarget, areas: readonly FirmwareArea[]): boolean =>
  areas.every(({ area, plaintext }) =>
    equalBytes(line.chip.judge.flash(area.address, area.lengthBytes), plaintext),
  );

/** Whether any 16 bytes of record i's plaintext stand where they belong. */
export function holdsPlaintext({ line, chunks }: DamageTarget, index: number): boolean {
  const { address, plaintext } = chunks[index]!;
  const found = line.chip.judge.flash(address, plaintext.length);
  for (let at = 0; at < plaintext.length; at += 16)
    if (equalBytes(found.subarray(at, at + 16), plaintext.subarray(at, at + 16))) return true;
  return false;
}
