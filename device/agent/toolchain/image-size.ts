// What an executable takes of flash and RAM, and how much of that is cryptography: read from the linker's
// map, which names the object that each piece came from.

import { readFileSync } from 'node:fs';
import type { AgentBuild } from './thumb.ts';

export type ImageSize = {
  /** Flash: code, constants, initial values of data. */
  codeBytes: number;
  /** Of that: BearSSL, its port, and what they alone need of the libraries. */
  cryptoBytes: number;
  /** RAM: stack, data, zeroed data. */
  ramBytes: number;
  dataBytes: number;
};

const flashSections = ['.boot', '.text', '.data'];
const ramSections = ['.stack', '.data', '.bss'];
const outputLine = /^(\.[a-z]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)/;
const pieceLine = /^ (?:\.\S+|\*fill\*|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?:\s+(\S.*?))?\s*$/;

interface Piece {
  readonly object: string;
  readonly address: number;
  readonly bytes: number;
}

/**
 * The linker lists strings that it merged twice, once at the first of them: no piece reaches into the next.
 */
function apart(pieces: readonly Piece[]): { object: string; bytes: number }[] {
  const sorted = pieces.filter(({ bytes }) => bytes > 0).sort((a, b) => a.address - b.address);
  return sorted.map(({ object, address, bytes }, i) => {
    const next = sorted[i + 1]?.address ?? Number.POSITIVE_INFINITY;
    return { object, bytes: Math.min(bytes, next - address) };
  });
}

/**
 * Size of each output section, and of its pieces by object. Names longer than the
 * column go to a line of their own.
 */
function readMap(text: string): Map<string, { bytes: number; pieces: Piece[] }> {
  const lines = text
    .slice(text.indexOf('Linker script and memory map'))
    .replaceAll(/^( ?\.\S+)\n\s+(?=0x)/gm, '$1 ')
    .split('\n');
  const sections = new Map<string, { bytes: number; pieces: Piece[] }>();
  let open: { bytes: number; pieces: Piece[] } | undefined;
  for (const line of lines) {
    const output = outputLine.exec(line);
    if (output) {
      open = { bytes: Number.parseInt(output[2]!, 16), pieces: [] };
      sections.set(output[1]!, open);
    } else if (/^\S/.test(line)) open = undefined;
    const piece = open && pieceLine.exec(line);
    if (piece) {
      const [address, bytes] = [Number.parseInt(piece[1]!, 16), Number.parseInt(piece[2]!, 16)];
      open!.pieces.push({ object: piece[3] ?? '', address, bytes });
    }
  }
  return sections;
}

/**
 * Throws when the map's pieces do not add up to its sections, so that nothing is counted wrongly in silence.
 */
export function imageSize(build: AgentBuild): ImageSize {
  const sections = readMap(readFileSync(build.map, 'utf8'));
  const sum = (names: readonly string[]) =>
    names.reduce((total, name) => total + (sections.get(name)?.bytes ?? 0), 0);
  const crypto = new Set(
    build.objects
      .filter(({ source, isOurs }) => !isOurs || source.includes('/port/bearssl/'))
      .map(({ path }) => path),
  );
  let cryptoBytes = 0;
  for (const name of flashSections) {
    const { bytes, pieces: listed } = sections.get(name) ?? { bytes: 0, pieces: [] };
    const pieces = apart(listed);
    const counted = pieces.reduce((total, piece) => total + piece.bytes, 0);
    if (counted > bytes || bytes - counted > 16) {
      throw new Error(
        `the map of ${build.elf} does not add up: ${name} has ${bytes} bytes, its pieces ${counted}`,
      );
    }
    for (const piece of pieces) if (crypto.has(piece.object)) cryptoBytes += piece.bytes;
  }
  return {
    codeBytes: sum(flashSections),
    cryptoBytes,
    ramBytes: sum(ramSections),
    dataBytes: sum(['.data', '.bss']),
  };
}
