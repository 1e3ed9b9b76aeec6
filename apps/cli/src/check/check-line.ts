// A line file before a shift: the file itself, every package with its licenses, tokens and jobs; asked to,
// also whether the authority knows the jobs.

import { existsSync } from 'node:fs';
import { accessForJob } from '@firmseal/authority-client';
import { fromHex } from '@firmseal/bytes';
import { findChip, requireAgent } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { LineFile, LineFilePackage, LinePersonalization } from '@firmseal/line';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';
import { howMany } from '../how-many.ts';
import { jobIdOf, readLineFile } from '../line/read-line-file.ts';
import { readBoard } from '../personalization/board-option.ts';
import { readToken } from '../secret-files.ts';
import { checkPackage } from './check-package.ts';
import { type Finding, problem, tried } from './finding.ts';

export async function checkLine(
  face: Face,
  path: string,
  { online, records }: { online: boolean; records?: string | undefined },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const file = tried(findings, path, () => readLineFile(path));
  if (file === undefined) return findings;
  const { sockets, rootKey, deviceCaDelegation } = file;
  findings.push({
    outcome: 'ok',
    subject: path,
    says: `line ${file.name}, ${howMany(sockets.length, 'socket')}`,
  });
  for (const [name, one] of Object.entries(file.packages)) {
    const { file: sealed, licenses, batch, job } = one;
    const question = { file: sealed, licenses, rootKey, deviceCaDelegation };
    findings.push(...checkPackage({ ...question, batch, job, records }));
    findings.push(...(await checkAccess(face, file, { name, one, online })));
    if (one.personalize !== undefined) checkPersonalization(findings, name, one.personalize);
    if (!sockets.some((socket) => socket.package === name))
      findings.push({ outcome: 'note', subject: name, says: 'no socket installs this package' });
  }
  for (const { name, place } of sockets) {
    const device = /^serial:(\/[^@]+)/.exec(place)?.[1];
    if (device !== undefined && !existsSync(device))
      findings.push({ outcome: 'note', subject: name, says: `${device} is not there now` });
  }
  return findings;
}

/** Chip, board and key file; the key itself is not opened. */
function checkPersonalization(
  findings: Finding[],
  name: string,
  { chip: id, board, level, rehearsal, deviceCa }: LinePersonalization,
): void {
  const chip = tried(findings, name, () => {
    const found = findChip(id);
    requireAgent(found);
    if (board !== undefined) readBoard(board, found);
    return found;
  });
  if (chip === undefined) return;
  const mode = rehearsal === true ? 'as a rehearsal' : `to readout level ${level}`;
  findings.push({
    outcome: 'change',
    subject: name,
    says: `blank chips ${id} are personalized first, ${mode}`,
  });
  if (deviceCa === undefined)
    findings.push({ outcome: 'note', subject: name, says: 'the operator gives the key with --device-ca' });
  else if (!existsSync(deviceCa))
    findings.push({ outcome: 'note', subject: name, says: `${deviceCa} is not there` });
}

interface Access {
  readonly name: string;
  readonly one: LineFilePackage;
  readonly online: boolean;
}

async function checkAccess(face: Face, file: LineFile, { name, one, online }: Access): Promise<Finding[]> {
  const { job, token } = one;
  const findings: Finding[] = [];
  if (job === undefined || token === undefined || file.authority === undefined) return findings;
  const id = tried(findings, name, () => {
    const text = jobIdOf(job);
    readToken(face, token);
    return text;
  });
  const client = tried(findings, name, () =>
    accessAuthority(face, { authority: file.authority!, tokenFile: token }),
  );
  if (id === undefined || client === undefined) return findings;
  if (!online) return [...findings, { outcome: 'ok', subject: name, says: `job ${id} with its token` }];
  try {
    // Nothing is taken by it; the authority refuses jobs that are not approved, and tokens that have ended.
    await accessForJob(client, fromHex(id)).giveChallenge('hello');
    return [...findings, { outcome: 'ok', subject: name, says: `the authority serves job ${id}` }];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [...findings, problem(name, error)];
  }
}
