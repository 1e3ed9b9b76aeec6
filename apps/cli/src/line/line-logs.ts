// What a line writes beside its journal: one main log, one a socket, a CSV row a chip. A disk that does not
// take them stops nothing: the journal is what installs rest on.

import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@firmseal/fault';
import { systemReason } from '@firmseal/files';
import { csvHead, csvRow, type LineEvent, renderLog, socketOf } from '@firmseal/line';
import { openOutputFolder } from '../output-folder.ts';

/** Appends to one file, in order; what came while the disk was busy goes out at once. */
class LogFile {
  readonly #path: string;
  readonly #failed: (fault: Fault | undefined) => void;
  #waiting = '';
  #busy: Promise<void> | undefined;

  constructor(path: string, failed: (fault: Fault | undefined) => void) {
    this.#path = path;
    this.#failed = failed;
  }

  write(text: string): void {
    this.#waiting += text;
    this.#busy ??= this.#flush();
  }

  async close(): Promise<void> {
    await this.#busy;
  }

  async #flush(): Promise<void> {
    while (this.#waiting !== '') {
      const text = this.#waiting;
      this.#waiting = '';
      try {
        await appendFile(this.#path, text, { mode: 0o644 });
        this.#failed(undefined);
      } catch (error) {
        this.#failed(
          new Fault(
            'line-log-unwritable',
            { file: this.#path, reason: systemReason(error) },
            { cause: error },
          ),
        );
      }
    }
    this.#busy = undefined;
  }
}

export class LineLogs {
  readonly #folder: string;
  readonly #files = new Map<string, LogFile>();
  readonly #alarm: (fault: Fault, raised: boolean) => void;
  /** Names of files that could not be written when last tried. */
  readonly #failing = new Set<string>();
  /** The alarm that is open. */
  #fault: Fault | undefined;

  /**
   * `alarm` is told when writing fails and when it works again. Throws what writing a file there would throw.
   */
  constructor(folder: string, alarm: (fault: Fault, raised: boolean) => void) {
    this.#folder = folder;
    this.#alarm = alarm;
    openOutputFolder(folder, 'line.log');
    openOutputFolder(join(folder, 'sockets'), 'any.log');
  }

  get results(): string {
    return join(this.#folder, 'results.csv');
  }

  take(event: LineEvent): void {
    const lines = renderLog(event);
    const text = lines.map((line) => `${line}\n`).join('');
    if (text !== '') {
      this.#file('line.log').write(text);
      const socket = socketOf(event);
      if (socket !== undefined) this.#file(join('sockets', `${socket}.log`)).write(text);
    }
    if (event.kind !== 'line-cycle') return;
    const isNew = !this.#files.has('results.csv') && !existsSync(this.results);
    this.#file('results.csv').write(`${isNew ? csvHead : ''}${csvRow(event)}`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  #file(name: string): LogFile {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const file = new LogFile(join(this.#folder, name), (fault) => this.#told(name, fault));
    this.#files.set(name, file);
    return file;
  }

  /** One alarm, from the first file that fails until all are written again. */
  #told(name: string, fault: Fault | undefined): void {
    if (fault === undefined) this.#failing.delete(name);
    else this.#failing.add(name);
    if (fault !== undefined && this.#fault === undefined) {
      this.#fault = fault;
      this.#alarm(fault, true);
    } else if (this.#failing.size === 0 && this.#fault !== undefined) {
      this.#alarm(this.#fault, false);
      this.#fault = undefined;
    }
  }
}
