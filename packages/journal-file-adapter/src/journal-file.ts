// The journal on disk (Node): appended to, synced before append resolves, held by one process at a time.

import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { faultOfFile, holdFile, systemReason, writeWholeFile } from '@firmseal/files';
import { encodeJournalLine, type Journal, type JournalEntry, readJournalBytes } from '@firmseal/programmer';

/** Append-only; nothing that was appended is kept in memory. */
export interface JournalLog {
  /** What stood in it when it was opened. */
  readonly found: readonly JournalEntry[];
  /** As Journal.append. Entries that come while the disk is busy are synced together. */
  append(entry: JournalEntry): Promise<void>;
  /** Gives the file free for another process. */
  close(): Promise<void>;
}

export interface JournalFile extends Journal {
  /** Gives the file free for another process. */
  close(): Promise<void>;
}

export interface JournalLogOptions {
  /**
   * The entries that are still needed. Where these are less than half of a file longer than
   * `compactAtBytes`, the file is replaced by one that holds them alone.
   */
  readonly needed?: (entries: readonly JournalEntry[]) => readonly JournalEntry[];
  /** Default 16 MiB. */
  readonly compactAtBytes?: number;
}

/** Journals of a line that runs for years stay below it; a device without end does not. */
const journalBytesAtMost = 256 * 1024 * 1024;

/**
 * Throws `journal-in-use`, `journal-damaged`, what writeWholeFile throws, and `file-too-large`. The journal's
 * append rejects with `journal-write-failed`.
 */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const log = await openJournalLog(path);
  const entries: JournalEntry[] = [...log.found];
  return {
    entries,
    async append(entry) {
      await log.append(entry);
      entries.push(entry);
    },
    close: () => log.close(),
  };
}

/** Throws and rejects as openJournalFile. */
export async function openJournalLog(path: string, options: JournalLogOptions = {}): Promise<JournalLog> {
  const lock = await holdFile(path);
  if (!lock.held) throw new Fault('journal-in-use', { process: lock.process });
  try {
    return await openLocked(path, options, () => lock.release());
  } catch (error) {
    await lock.release();
    throw faultOfFile(error, path, 'written');
  }
}

async function openLocked(
  path: string,
  { needed, compactAtBytes = 16 * 1024 * 1024 }: JournalLogOptions,
  release: () => Promise<void>,
): Promise<JournalLog> {
  let { file, found, bytes } = await openSound(path);
  const kept = bytes > compactAtBytes && needed !== undefined ? needed(found) : found;
  if (kept.length < found.length / 2) {
    await file.close();
    writeWholeFile(
      path,
      kept.map((entry) => utf8(encodeJournalLine(entry))),
      { mode: 0o600 },
    );
    ({ file, found, bytes } = await openSound(path));
  }
  await syncFolder(dirname(path));
  const appender = new Appender(file, path);
  return {
    found,
    append: (entry) => appender.append(entry),
    async close() {
      await appender.idle();
      await file.close();
      await release();
    },
  };
}

interface Waiting {
  readonly entry: JournalEntry;
  readonly resolve: () => void;
  readonly reject: (fault: Fault) => void;
}

/** Writes lines in the order of their coming, and syncs all at once that came while it was busy. */
class Appender {
  readonly #file: FileHandle;
  readonly #path: string;
  #waiting: Waiting[] = [];
  #busy: Promise<void> | undefined;
  #broken: Fault | undefined;

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  append(entry: JournalEntry): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
    });
    this.#busy ??= this.#writeAll();
    return written;
  }

  async idle(): Promise<void> {
    await this.#busy;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#write(batch);
    }
    this.#busy = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      // After a failed write the end of the file is unknown: nothing more is promised
      // until it was opened again.
      if (this.#broken !== undefined) throw this.#broken;
      await this.#file.appendFile(batch.map(({ entry }) => encodeJournalLine(entry)).join(''));
      await this.#file.datasync();
    } catch (cause) {
      this.#broken ??= new Fault(
        'journal-write-failed',
        { file: this.#path, reason: systemReason(cause) },
        { cause },
      );
      for (const { reject } of batch) reject(this.#broken);
      return;
    }
    for (const { resolve } of batch) resolve();
  }
}

interface SoundFile {
  readonly file: FileHandle;
  readonly found: readonly JournalEntry[];
  readonly bytes: number;
}

async function openSound(path: string): Promise<SoundFile> {
  const file = await open(path, 'a+', 0o600);
  try {
    const found = await readSound(file, path);
    return { file, found, bytes: (await file.stat()).size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The entries; a torn last line is cut off, since the next entry must begin a line of its own. */
async function readSound(file: FileHandle, path: string): Promise<readonly JournalEntry[]> {
  const stat = await file.stat();
  if (!stat.isFile() || stat.size > journalBytesAtMost)
    throw new Fault('file-too-large', { file: path, mostBytes: journalBytesAtMost });
  const { entries, soundBytes } = readJournalBytes(await file.readFile());
  await file.truncate(soundBytes);
  await file.sync();
  return entries;
}

/** A new file's name is durable only once its folder is synced; systems without that are left alone. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
