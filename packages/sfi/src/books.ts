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
