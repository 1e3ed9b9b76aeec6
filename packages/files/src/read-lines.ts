// Reads a file line by line, for files that are larger than what is held in memory.

import { createReadStream } from 'node:fs';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from './system-fault.ts';

/**
 * The lines without their ends (LF, or CR LF). Throws `file-too-large` for a line of more than
 * `mostLineBytes` and what readBoundedFile does.
 */
export async function* readLines(path: string, mostLineBytes: number): AsyncGenerator<string> {
  const tooLarge = () => new Fault('file-too-large', { file: path, mostBytes: mostLineBytes });
  let rest = '';
  try {
    for await (const piece of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      if (rest.length > mostLineBytes) throw tooLarge();
      for (const line of lines) {
        if (line.length > mostLineBytes) throw tooLarge();
        yield line.replace(/\r$/, '');
      }
    }
  } catch (error) {
    throw faultOfFile(error, path, 'read');
  }
  if (rest !== '') yield rest;
}
