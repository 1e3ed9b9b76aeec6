// A chip with an application, and two packages that it can stage: one that replaces
// it, one on trial beside it.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { attachLicense } from '@firmseal/seal';
import { blankLine } from './line.ts';
import { StagingPlayer, unitsOf } from './staging-player.ts';
import { applicationPackage } from './trial-application.ts';
import { makeLicense, type TestLicense, type TestPackage } from './trusted-site.ts';

/** The package with a license of the chip in its header. */
export const withLicense = ({ file }: TestPackage, { bundle }: TestLicense): Bytes =>
  concatBytes(...attachLicense(file, bundle));

/**
 * An application of counter 5 stands in the first unit of the chip's first slot and runs; packages of
 * counter 8 for the first unit (`next`, policy resume or erase) and the second (`beside`, policy trial).
 * `agent`: another than that of the sources.
 */
export async function stagedBench(
  chipId: string,
  { interruption = 'resume', agent }: { interruption?: 'resume' | 'erase'; agent?: Uint8Array } = {},
) {
  const player = new StagingPlayer();
  const line = await blankLine(chipId, 'staged', agent, [player]);
  await line.personalize(1);
  const [first, second, third] = unitsOf(findChip(chipId)) as [number, number, number];
  const former = await applicationPackage(chipId, first, { securityCounter: 5 });
  await line.install(former);
  line.chip.reset();
  const next = await applicationPackage(chipId, first, { securityCounter: 8, interruption });
  const license = await makeLicense(next, line.device!);
  const beside = await applicationPackage(chipId, second, { securityCounter: 8, interruption: 'trial' });
  const trial = await makeLicense(beside, line.device!);
  return {
    ...{ chipId, line, player, first, second, third, next, license },
    ...{ replacing: withLicense(next, license), trying: withLicense(beside, trial) },
    from: line.chip.judge.snapshot(),
  };
}

export type StagedBench = Awaited<ReturnType<typeof stagedBench>>;

/** As it was made. */
export function again({ line, player, from }: StagedBench): void {
  line.chip.judge.restore(from);
  player.confirms = true;
}

/** What the application that started last found. */
export const lastOf = ({ player }: StagedBench) => player.started.at(-1)!;
