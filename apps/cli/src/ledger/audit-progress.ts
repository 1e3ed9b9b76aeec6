// How far an audit of a ledger has come, in a file that the next one goes on from.

import { existsSync } from 'node:fs';
import type { AuditProgress } from '@firmseal/audit';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { writeWholeFile } from '@firmseal/files';
import { fromBase64, toBase64 } from '@firmseal/ledger';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';

const progressFormat = 'firmseal-audit-progress-1';

const progressFile = z.strictObject({
  format: z.literal(progressFormat),
  origin: z.string(),
  /** Names the keys that verified the signatures. With other keys the audit starts over. */
  trust: z.string(),
  size: z.int().min(0),
  root: z.string(),
  complete: z.boolean(),
  next: z.record(z.string().regex(/^[0-9a-f]{32}$/), z.int().min(0)),
});

interface Subject {
  readonly origin: string;
  readonly trust: string;
}

/**
 * Undefined where there is no file. Throws `audit-progress-malformed`, also for one
 * of another ledger or trust.
 */
export function readAuditProgress(path: string, { origin, trust }: Subject): AuditProgress | undefined {
  if (!existsSync(path)) return undefined;
  const malformed = (problem: string) => new Fault('audit-progress-malformed', { file: path, problem });
  const read = readJsonFile(path, progressFile);
  if ('problem' in read) throw malformed(read.problem);
  const { size, complete, next, ...data } = read.data;
  const root = fromBase64(data.root);
  if (root?.length !== 32) throw malformed('its root is no hash');
  if (data.origin !== origin) throw malformed(`it is of the ledger ${data.origin}`);
  if (data.trust !== trust) throw malformed('it was made with other keys');
  return { size, root, complete, next };
}

export function writeAuditProgress(path: string, { origin, trust }: Subject, progress: AuditProgress): void {
  const { size, root, complete, next } = progress;
  const file = { format: progressFormat, origin, trust, size, root: toBase64(root), complete, next };
  writeWholeFile(path, [utf8(`${JSON.stringify(file, null, 2)}\n`)]);
}
