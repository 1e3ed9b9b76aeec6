import { utf8 } from '@firmseal/bytes';
import { describe, expect, it } from 'vitest';
import { decodeDigits, digitOf, recordLines, sumOf } from './record-lines.ts';

const lines = (text: string) => [...recordLines(utf8(text))];

describe('recordLines', () => {
  it('counts lines as an editor does, whatever ends them, and leaves blank ones out', () => {
    for (const lineEnd of ['\n', '\r', '\r\n'])
      expect(lines(['ab', '', 'c \t', ' ', 'd'].join(lineEnd)).map((line) => line.number)).toEqual([1, 3, 5]);
  });

  it('gives the range without the blanks at its end', () => {
    expect(lines('\n ab \t\r\ncd')).toEqual([
      { number: 2, start: 1, end: 4 },
      { number: 3, start: 8, end: 10 },
    ]);
    expect(lines('')).toEqual([]);
  });
});

describe('decodeDigits', () => {
  const decode = (text: string, sizeMaxBytes: number) =>
    decodeDigits(utf8(text), lines(text)[0]!, { start: 0, sizeMaxBytes, format: 'test' });
  const refusal = (detail: string) =>
    expect.objectContaining({ fields: { line: 1, format: 'test', detail } });

  it('decodes both cases', () => {
    expect(decode('09afAF', 3)).toEqual(Uint8Array.of(0x09, 0xaf, 0xaf));
  });

  it('refuses a line by its length before it looks at the digits', () => {
    expect(() => decode('zz'.repeat(4), 3)).toThrow(refusal('it is too long'));
    expect(() => decode('abc', 3)).toThrow(refusal('it has an odd number of digits'));
    expect(() => decode('0g', 3)).toThrow(refusal('it has a character that is no hexadecimal digit'));
  });

  it('knows exactly the 22 digits', () => {
    const digits = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => digitOf(byte) >= 0);
    expect(String.fromCharCode(...digits)).toBe('0123456789ABCDEFabcdef');
    expect(digits.map(digitOf)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 10, 11, 12, 13, 14, 15,
    ]);
  });

  it('sums modulo 256', () => {
    expect(sumOf(Uint8Array.of(255, 255, 3))).toBe(1);
  });
});
