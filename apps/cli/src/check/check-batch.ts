// A batch before a shift: who signed it, each license, its date, and whether it holds the chips that are to
// come.

import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { Trust } from '@firmseal/formats';
import { checkBatchDate, type LicenseBatch, openLicenseBatch, verifyLicense } from '@firmseal/license';
import { readIdentityRecords } from '../batch/identity-records.ts';
import { readInput } from '../files.ts';
import { showTime } from '../times.ts';
import { type Finding, problem, tried } from './finding.ts';

const dayMs = 86_400_000;
/** Of licenses that are wrong, and of chips without a license. */
const mostNamed = 10;

export interface BatchQuestion {
  readonly file: string;
  /** Of the package where it is at hand. */
  readonly trust: Trust;
  /** Further checks of what was opened; throws their faults. */
  readonly fits?: (batch: LicenseBatch) => void;
  /** Identity records of chips that have to have a license. */
  readonly records?: string | undefined;
}

export function checkBatch({ file, trust, fits, records }: BatchQuestion): Finding[] {
  const findings: Finding[] = [];
  const batch = tried(findings, file, () => {
    const opened = openLicenseBatch(nodeCrypto, { ...trust, bytes: readInput(file), file });
    fits?.(opened);
    return opened;
  });
  if (batch === undefined) return findings;
  const { bundles, jobId } = batch;
  const sound = checkLicenses(findings, batch, trust);
  findings.push({
    ...{ outcome: sound === bundles.size ? 'ok' : 'note', subject: file },
    says: `signed by a license issuer under the root: job ${toHex(jobId)}, licenses: ${sound}`,
  });
  checkDate(findings, file, batch);
  if (records !== undefined) checkCoverage(findings, { file, batch, records });
  return findings;
}

/** How many hold. */
function checkLicenses(findings: Finding[], { bundles }: LicenseBatch, trust: Trust): number {
  let [sound, named] = [0, 0];
  for (const [device, bundle] of bundles) {
    try {
      verifyLicense(nodeCrypto, { ...trust, bundle });
      sound++;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (named++ < mostNamed) findings.push(problem(`license of ${device.slice(0, 16)}`, error));
    }
  }
  return sound;
}

function checkDate(findings: Finding[], file: string, batch: LicenseBatch): void {
  const now = new Date();
  const endMs = batch.notAfterSeconds * 1000;
  const isGood = tried(findings, file, () => {
    checkBatchDate(batch, now);
    return true;
  });
  if (isGood !== true) return;
  const days = Math.floor((endMs - now.getTime()) / dayMs);
  findings.push({
    outcome: 'note',
    subject: file,
    says: `good until ${showTime(endMs)}, ${days} days from now`,
  });
  if (now.getTime() < batch.signedAtSeconds * 1000 - dayMs)
    findings.push({
      ...{ outcome: 'note', subject: file },
      says: `signed ${showTime(batch.signedAtSeconds * 1000)}, which is in the future: look at the clock`,
    });
}

function checkCoverage(
  findings: Finding[],
  { file, batch, records }: { file: string; batch: LicenseBatch; records: string },
): void {
  const chips = tried(findings, records, () => readIdentityRecords(records));
  if (chips === undefined) return;
  const missing = chips.filter(({ thumbprint }) => !batch.bundles.has(thumbprint));
  for (const { thumbprint, line } of missing.slice(0, mostNamed))
    findings.push(problem(`${records} line ${line}`, new Fault('batch-chip-missing', { thumbprint })));
  findings.push({
    ...{ outcome: missing.length === 0 ? 'ok' : 'note', subject: file },
    says: `chips in ${records} with a license: ${chips.length - missing.length} of ${chips.length}`,
  });
}
