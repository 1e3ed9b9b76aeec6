// Writes the panel's assets to the file named on the command line, the same bits on every machine: only
// integer arithmetic and the exactly defined operations of IEEE 754 are used (no Math.sin, whose last
// bit may vary). Layout, little-endian: magic 'FSPA', version, count, 0; then per asset name[8],
// offset, size, CRC-32; then the assets.

import { writeFileSync } from 'node:fs';

// The characters of a 16-segment display. Segments: a b left and right of the top, c d right side, e f
// bottom right and left, g h left side (lower, upper), i middle vertical upper, j diagonal upper
// right, k middle right, l diagonal lower right, m middle vertical lower, n diagonal lower left, p
// middle left, q diagonal upper left.
// biome-ignore format: a table
const segmentsOf = {
  '0': 'abcdefghjn', '1': 'cdj', '2': 'abckpgfe', '3': 'abcdefk', '4': 'hpkcd', '5': 'abhpkdef', '6': 'abhgfedkp',
  '7': 'abcd', '8': 'abcdefghkp', '9': 'abcdefhkp', A: 'abcdghkp', B: 'abcdefimk', C: 'abefgh', D: 'abcdefim',
  E: 'abefghp', F: 'abghp', G: 'abefghdk', H: 'cdghkp', I: 'abefim', J: 'cdefg', K: 'ghpjl', L: 'efgh', M: 'cdghqj',
  N: 'cdghql', O: 'abcdefgh', P: 'abcghkp', Q: 'abcdefghl', R: 'abcghkpl', S: 'abhpkdef', T: 'abim', U: 'cdefgh',
  V: 'ghnj', W: 'cdghnl', X: 'qjnl', Y: 'qjm', Z: 'abjnfe', '-': 'kp', '+': 'kpim', '/': 'jn', '*': 'qjnlimkp',
  '=': 'kpef', _: 'ef', '%': 'jnahdeip', '(': 'jl', ')': 'qn', "'": 'i', '"': 'hi', '<': 'jl', '>': 'qn', '|': 'im',
  '.': 'dot', ',': 'dot', ':': 'dots', '!': 'exclaim',
};

/** The ends of every segment on a grid of 4 by 8 cells. */
// biome-ignore format: a table
const lineOf = {
  a: [0, 0, 2, 0], b: [2, 0, 4, 0], c: [4, 0, 4, 4], d: [4, 4, 4, 8], e: [2, 8, 4, 8], f: [0, 8, 2, 8],
  g: [0, 4, 0, 8], h: [0, 0, 0, 4], i: [2, 0, 2, 4], j: [4, 0, 2, 4], k: [2, 4, 4, 4], l: [2, 4, 4, 8],
  m: [2, 4, 2, 8], n: [2, 4, 0, 8], p: [0, 4, 2, 4], q: [0, 0, 2, 4],
};
const specialLines = {
  dot: [[2, 8, 2, 8]],
  dots: [
    [2, 2, 2, 2],
    [2, 6, 2, 6],
  ],
  exclaim: [
    [2, 0, 2, 5],
    [2, 8, 2, 8],
  ],
};

function linesOf(character) {
  const segments = segmentsOf[character.toUpperCase()] ?? '';
  return specialLines[segments] ?? [...segments].map((name) => lineOf[name]);
}

/** 96 glyphs from blank on, 1 bit a pixel, rows top down, leftmost pixel in the high bit. */
function makeFont(widthPixels, heightPixels, penPixels) {
  const strideBytes = widthPixels / 8;
  const font = new Uint8Array(96 * heightPixels * strideBytes);
  const cellX = Math.floor((widthPixels - 2 * penPixels) / 4);
  const cellY = Math.floor((heightPixels - 2 * penPixels) / 8);
  for (let code = 0; code < 96; code++) {
    const glyph = font.subarray(code * heightPixels * strideBytes, (code + 1) * heightPixels * strideBytes);
    for (const [x0, y0, x1, y1] of linesOf(String.fromCharCode(0x20 + code))) {
      const steps = heightPixels * 2;
      for (let step = 0; step <= steps; step++) {
        const x = Math.floor(((x0 * (steps - step) + x1 * step) * cellX) / steps);
        const y = Math.floor(((y0 * (steps - step) + y1 * step) * cellY) / steps);
        for (let dy = 0; dy < penPixels; dy++)
          for (let dx = 0; dx < penPixels; dx++)
            glyph[(y + dy) * strideBytes + ((x + dx) >> 3)] |= 0x80 >> ((x + dx) & 7);
      }
    }
  }
  return font;
}

/** sin(x) for 0 <= x <= pi/2 by its series: additions, multiplications and divisions alone. */
function sine(x) {
  let term = x;
  let sum = x;
  for (let n = 2; n < 30; n += 2) {
    term = (-term * x * x) / (n * (n + 1));
    sum += term;
  }
  return sum;
}

/**
 * A whole turn in 4096 steps, 16 bits signed. The amplitude is even, so that no
 * value lies halfway between two.
 */
function makeSineTable() {
  const table = new DataView(new ArrayBuffer(4096 * 2));
  for (let i = 0; i < 4096; i++) {
    const quarter = i % 1024;
    const angle = (i & 1024 ? 1024 - quarter : quarter) * (Math.PI / 2048);
    const value = Math.floor(sine(angle) * 32766 + 0.5);
    table.setInt16(2 * i, i & 2048 ? -value : value, true);
  }
  return new Uint8Array(table.buffer);
}

/** The start screen, RGB565, 240 by 160: a seal of rings with a serrated rim on a shaded ground. */
function makeLogo(widthPixels, heightPixels) {
  const logo = new DataView(new ArrayBuffer(widthPixels * heightPixels * 2));
  for (let y = 0; y < heightPixels; y++) {
    for (let x = 0; x < widthPixels; x++) {
      const dx = 2 * x - widthPixels + 1;
      const dy = 2 * y - heightPixels + 1;
      const squared = dx * dx + dy * dy;
      // A rim of teeth without trigonometry: the sign of this product changes eight times around the circle.
      const tooth = (dx * dy * (dx * dx - 3 * dy * dy) > 0 ? 1 : 0) * 1500;
      const inSeal = squared < 18000 + tooth;
      const inRing = squared > 11000 && squared < 13000;
      const inCore = squared < 2500;
      const red = inSeal && !inRing ? 25 - ((squared >> 10) & 7) : y >> 4;
      const green = inRing || inCore ? 52 : (x + y) >> 4;
      const blue = inSeal ? 6 : 31 - (y >> 3);
      logo.setUint16(2 * (y * widthPixels + x), (red << 11) | (green << 5) | blue, true);
    }
  }
  return new Uint8Array(logo.buffer);
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const assets = [
  ['font8', makeFont(8, 16, 1)],
  ['font32', makeFont(32, 56, 4)],
  ['sine', makeSineTable()],
  ['logo', makeLogo(240, 160)],
];
const headerSizeBytes = 16 + 20 * assets.length;
const file = new Uint8Array(headerSizeBytes + assets.reduce((size, [, bytes]) => size + bytes.length, 0));
const view = new DataView(file.buffer);
for (const [i, word] of [0x41505346, 1, assets.length, 0].entries()) view.setUint32(4 * i, word, true);
let offset = headerSizeBytes;
for (const [i, [name, bytes]] of assets.entries()) {
  const entry = 16 + 20 * i;
  file.set(new TextEncoder().encode(name), entry);
  for (const [k, word] of [offset, bytes.length, crc32(bytes)].entries())
    view.setUint32(entry + 8 + 4 * k, word, true);
  file.set(bytes, offset);
  offset += bytes.length;
}
writeFileSync(process.argv[2], file);
