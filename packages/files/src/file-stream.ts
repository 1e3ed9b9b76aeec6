// A file or a device as a stream that is written whole: Node's own stream for files takes a short write,
// as on a full disk, for a whole one.

import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** Writes to an open file by its number, and leaves it open. Its `error` is the system's. */
export class FileStream extends Writable {
  readonly #file: number;

  constructor(file: number) {
    super({ decodeStrings: true });
    this.#file = file;
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#file, chunk, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}
