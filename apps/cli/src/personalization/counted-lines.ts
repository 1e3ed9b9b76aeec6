// A file with a line for each thing that a device CA gave away, written before it does
// so and held by one process.

import { appendFileSync, existsSync } from 'node:fs';
import { Fault } from '@firmseal/fault';
import { faultOfFile, holdFile } from '@firmseal/files';
import { readText } from '../files.ts';

export interface LineForm {
  readonly file: string;
  readonly form: RegExp;
  /** What a line of another form is. */
  readonly damaged: (line: number) => Fault;
}

/**
 * The lines of a file; an empty list when the file is not there. Throws `damaged` and the faults of files.
 */
export function linesOf({ file, form, damaged }: LineForm): string[] {
  if (!existsSync(file)) return [];
  const text = readText(file);
  const lines = text === '' ? [] : text.split('\n');
  const wrong = lines.findIndex((line) => !form.test(line));
  if (wrong !== -1) throw damaged(wrong + 1);
  return lines;
}

export class CountedLines {
  readonly #file: string;
  readonly #release: () => Promise<void>;
  readonly #lines: string[];

  private constructor(file: string, lines: string[], release: () => Promise<void>) {
    this.#file = file;
    this.#lines = lines;
    this.#release = release;
  }

  /** Holds the file until `close`. Throws `state-in-use`, `damaged` and the faults of files. */
  static async open(form: LineForm): Promise<CountedLines> {
    const { file } = form;
    const lock = await holdFile(file);
    if (!lock.held) throw new Fault('state-in-use', { file, process: lock.process });
    const release = () => lock.release();
    try {
      return new CountedLines(file, linesOf(form), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** It is in the file when this returns. Throws the faults of files. */
  add(line: string): void {
    try {
      appendFileSync(this.#file, `${line}\n`, { flush: true, mode: 0o600 });
    } catch (error) {
      throw faultOfFile(error, this.#file, 'written');
    }
    this.#lines.push(line);
  }

  close(): Promise<void> {
    return this.#release();
  }
}
