// Whether level 2 may be set: on a chip of silicon only with an agent that was tried on one, or by whoever
// says that the chip may be lost. A virtual chip costs nothing to make again.

import { Option } from '@commander-js/extra-typings';
import type { Chip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { isTried, readSiliconReport, type SiliconReport, shippedReports } from '@firmseal/silicon';
import { readText } from '../files.ts';
import { collect } from '../options.ts';
import { kindOf } from '../personalization/plugs.ts';

export const siliconReportOption = () =>
  new Option(
    '--silicon-report <file>',
    'report of `firmseal silicon check` on a board of this kind, for level 2 (repeat)',
  ).argParser(collect);

export const neverTriedOption = () =>
  new Option(
    '--never-tried-on-silicon',
    'set level 2 on a real chip though this agent was never tried on one',
  );

export interface TriedOptions {
  readonly siliconReport?: readonly string[] | undefined;
  readonly neverTriedOnSilicon?: true | undefined;
}

/** Throws `silicon-report-invalid` and the faults of files. */
function reports({ siliconReport = [] }: TriedOptions): SiliconReport[] {
  return [...shippedReports, ...siliconReport.map((file) => readSiliconReport(readText(file), file))];
}

const isVirtual = (via: string): boolean => kindOf(via) === 'virtual';

/**
 * For level 2 on the chips at these places. `agentSha256`: of the build that is locked in; undefined where it
 * is not firmseal's. Throws `never-tried-on-silicon`, `silicon-report-invalid`.
 */
export function requireTried(
  chip: Chip,
  { ways, agentSha256 }: { ways: readonly string[]; agentSha256: string | undefined },
  options: TriedOptions,
): void {
  const known = reports(options);
  if (ways.every(isVirtual) || options.neverTriedOnSilicon === true) return;
  if (agentSha256 !== undefined && isTried(known, { chip: chip.id, agentSha256 })) return;
  throw new Fault('never-tried-on-silicon', { chip: chip.id });
}
