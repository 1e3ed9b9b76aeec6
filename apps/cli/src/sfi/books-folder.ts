// The books of installs through ST's tools, as a folder: for each chip its certificate, its license, the log
// of the tool and a record. Whatever is kept is on the disk when the call returns.

import { appendFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { faultOfFile, holdFile, readBoundedFile, writeWholeFile } from '@firmseal/files';
import { type Books, deliverWaiting, type Ledger, type UnitBook, type UnitRecord } from '@firmseal/sfi';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';
import { openOutputFolder } from '../output-folder.ts';

const mostBytes = 64 * 1024;
/** For license, record and the tool's log of one install. */
const roomBytes = 64 * 1024;
const outcomes = ['DONE-UNPROVEN', 'FAILED', 'UNKNOWN'] as const;

const recordForm = z.strictObject({
  productId: z.string().max(64),
  drawing: z.strictObject({ counterBefore: z.number().int().nonnegative().optional() }).optional(),
  license: z
    .strictObject({ source: z.enum(['card', 'file', 'global']), image: z.string().max(64) })
    .optional(),
  counted: z
    .strictObject({ job: z.string().regex(/^[0-9a-f]{32}$/), unitIndex: z.number().int().nonnegative() })
    .optional(),
  waiting: z
    .array(z.strictObject({ job: z.string().max(32), statement: z.string().regex(/^[0-9a-f]{2,8192}$/) }))
    .max(256)
    .optional(),
  attempts: z.array(
    z.strictObject({
      startedAtMs: z.number(),
      image: z.string().max(64),
      outcome: z.enum(outcomes).optional(),
      reasons: z.array(z.string().max(1000)).optional(),
      causes: z.array(z.string().max(100)).optional(),
    }),
  ),
});

const fileOr = (path: string): Bytes | undefined =>
  existsSync(path) ? readBoundedFile(path, mostBytes) : undefined;

/** Throws `sfi-books-invalid`. */
function readRecord(path: string): UnitRecord | undefined {
  if (!existsSync(path)) return undefined;
  const read = readJsonFile(path, recordForm);
  if ('problem' in read) throw new Fault('sfi-books-invalid', { file: path, reason: read.problem });
  return read.data as UnitRecord;
}

function bookAt(folder: string): UnitBook {
  const at = (name: string) => join(folder, name);
  const keepSecret = (path: string, bytes: Bytes) => writeWholeFile(path, [bytes], { mode: 0o600 });
  return {
    read: () => readRecord(at('record.json')),
    keep: (record) => writeWholeFile(at('record.json'), [utf8(`${JSON.stringify(record, null, 1)}\n`)]),
    licensePath: at('license.bin'),
    readLicense: () => fileOr(at('license.bin')),
    keepLicense: (bytes) => keepSecret(at('license.bin'), bytes),
    draftPath: at('license.draft'),
    readDraft: () => fileOr(at('license.draft')),
    removeDraft: () => rmSync(at('license.draft'), { force: true }),
    refuseFullDisk: () => {
      try {
        writeWholeFile(at('room'), [new Uint8Array(roomBytes)]);
      } finally {
        rmSync(at('room'), { force: true });
      }
    },
    certificatePath: at('certificate.bin'),
    logPath: at('tool.log'),
    appendLog: (line) => {
      try {
        appendFileSync(at('tool.log'), `${line}\n`);
      } catch (error) {
        throw faultOfFile(error, at('tool.log'), 'written');
      }
    },
  };
}

export interface BookedUnit extends UnitRecord {
  readonly unit: string;
}

/** Every chip of a folder of books. Throws `sfi-books-invalid`. */
export function readBooks(folder: string): BookedUnit[] {
  const units = join(folder, 'units');
  const names = existsSync(units) ? readdirSync(units) : [];
  return names.sort().flatMap((unit) => {
    const record = readRecord(join(units, unit, 'record.json'));
    return record === undefined ? [] : [{ unit, ...record }];
  });
}

/**
 * Brings what waits in these books to the authority, of chips too that are not here any more; those that
 * another process works with are left to it. The number of statements that still wait.
 */
export async function deliverBooks(folder: string, ledger: Ledger): Promise<number> {
  let waiting = 0;
  for (const { unit } of readBooks(folder)) {
    const path = join(folder, 'units', unit);
    const lock = await holdFile(join(path, 'record.json'));
    if (!lock.held) continue;
    try {
      const book = bookAt(path);
      const record = book.read();
      if (record === undefined) continue;
      const { waiting: left = [] } = await deliverWaiting({ ledger }, book, record);
      waiting += left.length;
    } finally {
      await lock.release();
    }
  }
  return waiting;
}

/** The folder is made where it is missing. Throws what writing to it would throw. */
export function openBooks(folder: string): Books {
  const certificates = join(folder, 'certificates');
  openOutputFolder(certificates, 'certificate.bin');
  const unitFolder = (unit: string) => join(folder, 'units', unit);
  return {
    newCertificatePath: (port) => {
      const path = join(certificates, `${port.replaceAll(/[^A-Za-z0-9._-]/g, '_')}.bin`);
      rmSync(path, { force: true });
      return path;
    },
    readCertificate: fileOr,
    open: async (unit, certificate) => {
      openOutputFolder(unitFolder(unit), 'record.json');
      const lock = await holdFile(join(unitFolder(unit), 'record.json'));
      if (!lock.held) throw new Fault('sfi-books-held', { process: lock.process, folder: unitFolder(unit) });
      const book = bookAt(unitFolder(unit));
      try {
        writeWholeFile(book.certificatePath, [certificate]);
      } catch (error) {
        await lock.release();
        throw error;
      }
      return { ...book, close: () => lock.release() };
    },
    licensed: () =>
      new Set(
        readBooks(folder)
          .filter(({ license, drawing }) => license !== undefined || drawing !== undefined)
          .map(({ unit }) => unit),
      ),
    nowMs: () => Date.now(),
  };
}
