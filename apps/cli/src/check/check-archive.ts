// A released line before a shift: its signature and its parts, then all that is known of its line file. What
// it holds is unpacked into a folder for its owner alone, and taken away again.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Face } from '../face.ts';
import { readArchive, unpackArchive } from '../line/released-line.ts';
import { checkLine } from './check-line.ts';
import { type Finding, tried } from './finding.ts';

export interface ArchiveQuestion {
  readonly rootKey: string;
  readonly online: boolean;
  readonly records?: string | undefined;
}

export async function checkArchive(face: Face, path: string, question: ArchiveQuestion): Promise<Finding[]> {
  const { rootKey } = question;
  const findings: Finding[] = [];
  const archive = tried(findings, path, () => readArchive(path, rootKey));
  if (archive === undefined) return findings;
  const parts = archive.files.size + archive.folders.size;
  findings.push({
    ...{ outcome: 'ok', subject: path },
    says: `signed by a package signer of ${archive.product} under the root, all ${parts} parts whole`,
  });
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-check-'));
  try {
    const unpacked = tried(findings, path, () => unpackArchive(archive, { path, rootKey, folder }));
    if (unpacked === undefined) return findings;
    const line = await checkLine(face, join(folder, 'line.json'), question);
    // People know the archive, and not where it was unpacked.
    const named = (text: string) => text.replaceAll(`${folder}/`, '');
    return [
      ...findings,
      ...line.map((one) => ({ ...one, subject: named(one.subject), says: named(one.says) })),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
