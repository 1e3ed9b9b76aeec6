// What the driver needs of the station: two programs, files, and books that keep for each chip what was asked
// and done. A unit is a chip by its certificate. Everything that is kept is on the
// disk when the call returns.

import type { Bytes } from '@firmseal/bytes';
import type { SfiOutcome } from './outcome.ts';

/** Runs a program and gives its lines as they come. Its exit status is told and never believed. */
export interface StTool {
  /** For people: `STM32_Programmer_CLI`. */
  readonly name: string;
  /** Throws `st-tool-missing`, and `st-tool-silent` for one that was ended because it printed nothing. */
  run(words: readonly string[], onLine: (line: string) => void): Promise<{ readonly status: number | null }>;
}

export interface Attempt {
  readonly startedAtMs: number;
  /** SHA-256, hexadecimal. */
  readonly image: string;
  readonly outcome?: SfiOutcome;
  readonly reasons?: readonly string[];
  /** Ids of the table of causes. */
  readonly causes?: readonly string[];
}

export interface UnitRecord {
  /** First characters of the certificate. */
  readonly productId: string;
  /** A card was asked for a license and nothing is known of its answer. */
  readonly drawing?: { readonly counterBefore?: number };
  readonly license?: { readonly source: LicenseSource['kind']; readonly image: string };
  readonly attempts: readonly Attempt[];
  /** The unit that this chip has of a job, where the authority counts. */
  readonly counted?: CountedUnit;
  /**
   * Statements of this chip that the authority has not got yet, oldest first, as `Ledger.state` made them.
   */
  readonly waiting?: readonly WaitingStatement[];
}

interface WaitingStatement {
  /** Id of its job, hexadecimal. */
  readonly job: string;
  readonly statement: string;
}

export interface CountedUnit {
  /** Id of the job, hexadecimal. */
  readonly job: string;
  readonly unitIndex: number;
}

/** What came of a chip, for whoever keeps the log of a job. */
export interface ToldOutcome {
  readonly certificate: Bytes;
  readonly unit: CountedUnit;
  readonly outcome: SfiOutcome;
  /** Id of the table of causes, or of a fault; undefined for DONE-UNPROVEN. */
  readonly cause?: string | undefined;
  /** SHA-256 of the image, hexadecimal. */
  readonly image: string;
  /** Whether one run saw the chip from its first look to its last. */
  readonly uninterrupted: boolean;
}

/** A job of the owner's authority, which counts the chips that ST's installer writes among its units. */
export interface Ledger {
  /** Id of the job, hexadecimal. */
  readonly job: string;
  /** The chip's unit, taken unless it has one. Throws what the authority refuses. */
  take(certificate: Bytes): Promise<CountedUnit>;
  /** A signed statement as text, to be kept until it was delivered. */
  state(outcome: ToldOutcome): Promise<string>;
  /** False: the authority is away, or did not take it; it is tried again by a later run. */
  deliver(statement: string): Promise<boolean>;
}

export type LicenseSource =
  | { readonly kind: 'card'; readonly slot: number }
  /** One file for this chip, or a global license, which is not counted. */
  | { readonly kind: 'file' | 'global'; readonly bytes: Bytes };

/** One chip's place in the books. Paths are for the tools. */
export interface UnitBook {
  read(): UnitRecord | undefined;
  keep(record: UnitRecord): void;
  /** Where the license of this chip stands. */
  readonly licensePath: string;
  readLicense(): Bytes | undefined;
  keepLicense(bytes: Bytes): void;
  /** Where the tool writes a license before it is kept. */
  readonly draftPath: string;
  readDraft(): Bytes | undefined;
  removeDraft(): void;
  /** Throws the fault of a disk that has no room for a license and the tool's log. */
  refuseFullDisk(): void;
  readonly certificatePath: string;
  readonly logPath: string;
  /** A line of the tool's, as it came. */
  appendLog(line: string): void;
}

export interface Books {
  /** A path for a chip whose name is not known yet, without a file. */
  newCertificatePath(port: string): string;
  readCertificate(path: string): Bytes | undefined;
  /**
   * Opens a chip's place and holds it against other processes. Throws `sfi-books-held`, `sfi-books-invalid`.
   */
  open(unit: string, certificate: Bytes): Promise<UnitBook & { close(): Promise<void> }>;
  /** Chips that have a license, by their names. */
  licensed(): ReadonlySet<string>;
  nowMs(): number;
}
