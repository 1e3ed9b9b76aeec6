import { expect, test } from 'vitest';
import { programWidth, widthOf } from './program-width.ts';

function portable(machine: number): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x5a4d, true);
  view.setUint32(0x3c, 128, true);
  view.setUint32(128, 0x4550, true);
  view.setUint16(132, machine, true);
  return bytes;
}

test.each([
  ['a 32-bit program of Windows', portable(0x14c), 32],
  ['a 64-bit program of Windows', portable(0x8664), 64],
  ['a 32-bit program of Linux', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0), 32],
  ['a 64-bit program of Linux', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), 64],
  ['a 64-bit program of macOS', Uint8Array.of(0xcf, 0xfa, 0xed, 0xfe), 64],
  ['a script', Uint8Array.from('#!/bin/sh\n', (letter) => letter.charCodeAt(0)), undefined],
  ['a header that points outside', portable(0x14c).subarray(0, 130), undefined],
  ['nothing', new Uint8Array(), undefined],
] as const)('%s', (_, bytes, width) => {
  expect(widthOf(bytes)).toBe(width);
});

test('a program that is not there has no width', () => {
  expect(programWidth('/nowhere/at/all')).toBeUndefined();
  expect(programWidth(process.execPath)).toBe(64);
});
