// A copy of the evidence, kept while an audit reads it. It can be larger than what is held in memory, so it
// is written line by line, and gets its name when it is whole.

import { utf8 } from '@firmseal/bytes';
import { beginWholeFile } from '@firmseal/files';

/** Lines are written together: a history has tens of thousands. */
const pieceLetters = 65_536;

/**
 * Hands the lines on and keeps each in the file. Throws what writing a file throws, and what the lines throw.
 */
export async function* keepLines(path: string, lines: AsyncIterable<string>): AsyncGenerator<string> {
  const file = beginWholeFile(path);
  try {
    let piece = '';
    for await (const line of lines) {
      piece += `${line}\n`;
      if (piece.length >= pieceLetters) {
        file.write(utf8(piece));
        piece = '';
      }
      yield line;
    }
    file.write(utf8(piece));
    file.finish();
  } finally {
    file.abandon();
  }
}
