// What a line remembers, from the one journal of its engine: installs that have not ended, licenses without a
// stored receipt, and which chips passed when. An entry that nothing asks for any more stays on the disk and
// leaves memory, so a shift of any length needs the same.

import { toHex } from '@firmseal/bytes';
import type { Journal, JournalEntry } from '@firmseal/programmer';
import { saysFailure } from './outcome.ts';

const keyOf = (manifestDigest: string, thumbprint: string): string => `${manifestDigest} ${thumbprint}`;

interface Install {
  readonly id: string;
  readonly manifestDigest: string;
  /** As the engine would find them in the whole journal. */
  entries: JournalEntry[];
  failed: boolean;
}

interface License {
  readonly entry: JournalEntry;
  readonly licenseId: string;
}

/** When a chip passed, and where. */
export interface Passed {
  readonly atMs: number;
  readonly socket: string;
}

/** Counts of the part of the journal that belongs to the shift. */
export interface JournalCounts {
  readonly passed: number;
  readonly passedFirst: number;
  readonly failed: number;
}

export interface LineJournalOptions {
  readonly found: readonly JournalEntry[];
  /** Written and synced when it resolves. */
  readonly append: (entry: JournalEntry) => Promise<void>;
}

export class LineJournal {
  readonly #append: (entry: JournalEntry) => Promise<void>;
  /** By socket. */
  readonly #installs = new Map<string, Install>();
  /** By package and chip. */
  readonly #licenses = new Map<string, License[]>();
  readonly #passed = new Map<string, Passed>();
  /** Chips by package whose receipt is stored, however long ago. */
  readonly #proven = new Map<string, Set<string>>();
  /** Chips by package that got a license ever: each is one unit. */
  readonly #units = new Map<string, Set<string>>();

  constructor({ found, append }: LineJournalOptions) {
    this.#append = append;
    for (const entry of found) this.#take(entry);
  }

  /** The journal of one socket's engine: what it may ask for, and nothing of other sockets. */
  of(socket: string): Journal {
    const self = this;
    return {
      get entries() {
        const licenses = [...self.#licenses.values()].flat().map(({ entry }) => entry);
        return [...(self.#installs.get(socket)?.entries ?? []), ...licenses];
      },
      append: async (entry) => {
        await self.#append(entry);
        self.#take(entry);
      },
    };
  }

  passed(manifestDigest: Uint8Array, thumbprint: string): Passed | undefined {
    return this.#passed.get(keyOf(toHex(manifestDigest), thumbprint));
  }

  /** Whether the chip got a license for the package already: it takes no further unit. */
  hasUnit(manifestDigest: Uint8Array, thumbprint: string): boolean {
    return this.#units.get(toHex(manifestDigest))?.has(thumbprint) === true;
  }

  /** Whether a receipt of the chip for the package was ever stored. */
  hasReceipt(manifestDigest: Uint8Array, thumbprint: string): boolean {
    return this.#proven.get(toHex(manifestDigest))?.has(thumbprint) === true;
  }

  /** Chips that got a license for the package at this line. */
  unitsOf(manifestDigest: Uint8Array): number {
    return this.#units.get(toHex(manifestDigest))?.size ?? 0;
  }

  /** Of a socket: the chip that its unended install has met. */
  chipIn(socket: string): string | undefined {
    const install = this.#installs.get(socket);
    const hello = install?.entries.findLast(({ kind }) => kind === 'hello');
    return hello?.kind === 'hello' ? hello.thumbprint : undefined;
  }

  /** Forgets that chips passed before the time. */
  forgetPassedBefore(atMs: number): void {
    for (const [key, passed] of this.#passed) if (passed.atMs < atMs) this.#passed.delete(key);
  }

  #take(entry: JournalEntry): void {
    const { socket, installId } = entry;
    if (entry.kind === 'planned') {
      const open = this.#installs.get(socket);
      if (open?.id === installId) return;
      const { manifestDigest } = entry;
      this.#installs.set(socket, { id: installId, manifestDigest, entries: [entry], failed: false });
      return;
    }
    const install = this.#installs.get(socket);
    if (install?.id !== installId) return;
    if (entry.kind === 'hello') install.entries = [install.entries[0]!, entry];
    if (entry.kind === 'licensed') this.#takeLicense(entry);
    if (entry.kind === 'receipt') this.#takeReceipt(install, entry);
  }

  #takeLicense(entry: Extract<JournalEntry, { kind: 'licensed' }>): void {
    const { manifestDigest, thumbprint, licenseId } = entry.license;
    const key = keyOf(manifestDigest, thumbprint);
    const known = this.#licenses.get(key) ?? [];
    this.#licenses.set(key, [...known.filter((one) => one.licenseId !== licenseId), { entry, licenseId }]);
    const units = this.#units.get(manifestDigest) ?? new Set();
    this.#units.set(manifestDigest, units.add(thumbprint));
  }

  #takeReceipt(install: Install, entry: Extract<JournalEntry, { kind: 'receipt' }>): void {
    // Journals of earlier versions do not name the chip: its hello does.
    const hello = install.entries.find(({ kind }) => kind === 'hello');
    const thumbprint = entry.thumbprint ?? (hello?.kind === 'hello' ? hello.thumbprint : undefined);
    this.#installs.delete(entry.socket);
    if (thumbprint === undefined) return;
    const key = keyOf(install.manifestDigest, thumbprint);
    this.#licenses.delete(key);
    const proven = this.#proven.get(install.manifestDigest) ?? new Set();
    this.#proven.set(install.manifestDigest, proven.add(thumbprint));
    this.#passed.set(key, { atMs: Date.parse(entry.time), socket: entry.socket });
  }
}

/**
 * The entries that a line needs when it begins again: installs and licenses without a receipt, and for each
 * chip that got one the lines that say so.
 */
export function neededEntries(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const ended = new Set<string>();
  for (const { kind, installId } of entries) if (kind === 'receipt') ended.add(installId);
  const lastPlanned = new Map<string, string>();
  for (const { kind, socket, installId } of entries)
    if (kind === 'planned') lastPlanned.set(socket, installId);
  const seen = new Set<string>();
  return entries.filter(({ kind, socket, installId }) => {
    if (kind === 'receipt' || kind === 'licensed') return true;
    if (kind === 'planned') {
      const isFirst = !seen.has(installId);
      seen.add(installId);
      return isFirst;
    }
    return kind === 'hello' && (!ended.has(installId) || lastPlanned.get(socket) === installId);
  });
}

/**
 * Counts of what ended since a time, by install: one that failed and then passed is passed, and not at first.
 * A station whose clock went back has entries in the future; they count.
 */
export function countSince(entries: readonly JournalEntry[], sinceMs: number): JournalCounts {
  const failed = new Set<string>();
  let passed = 0;
  let passedFirst = 0;
  for (const entry of entries) {
    if (Date.parse(entry.time) < sinceMs) continue;
    if (entry.kind === 'failed' && saysFailure(entry.code)) failed.add(entry.installId);
    if (entry.kind !== 'receipt') continue;
    passed++;
    if (!failed.delete(entry.installId)) passedFirst++;
  }
  return { passed, passedFirst, failed: failed.size };
}
