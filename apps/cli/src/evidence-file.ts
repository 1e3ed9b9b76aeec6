// A copy of the evidence, kept while an audit reads it. It can be larger than what is held in memory, so it
// is written line by line, and gets its name when it is whole.

import { utf8 } from '@firmseal/bytes';
import { beginWholeFile } from '@firmseal/files';

/**
 * Hands the lines on and keeps each in the file. Throws what writing a file throws, and what the lines throw.
 */
export async function* keepLines(path: string, lines: AsyncIterable<string>): AsyncGenerator<string> {
  const file = beginWholeFile(path);
  try {
    for await (const line of lines) {
      file.write(utf8(`${line}\n`));
      yield line;
    }
    file.finish();
  } finally {
    file.abandon();
  }
}
