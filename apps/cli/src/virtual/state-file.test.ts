// The file of virtual chips: what is written is read; every damaged byte is refused; an
// older or newer version too.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@firmseal/fault';
import { createVirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, expect, test } from 'vitest';
import { readState, writeState } from './state-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-state-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'chips.state');

function kept() {
  const chip = createVirtualChip({ chip: 'stm32h743', seed: 'file' });
  chip.powerOn();
  chip.debug.connect();
  expect(chip.debug.programFlash(0x08000000, new Uint8Array(32).fill(0x5a))).toBe('ok');
  return { chip: 'stm32h743', seed: '7', chips: [chip.keep()] };
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'none';
};

test('is read as it was written, belongs to its owner, and leaves nothing beside it', () => {
  const state = kept();
  writeState(file, state);
  expect(readState(file)).toEqual(state);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['chips.state']);
  expect(readState(join(folder, 'absent'))).toBeUndefined();
});

test('a flipped bit or a missing end is refused wherever it is', () => {
  writeState(file, kept());
  const whole = readFileSync(file);
  const versionAt = whole.indexOf('"version":1') + 10;
  const places = Array.from({ length: 60 }, (_, i) => Math.floor((i * whole.length) / 60));
  for (const at of places) {
    if (at === versionAt) continue;
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1;
    writeFileSync(file, flipped);
    expect([at, codeOf(() => readState(file))]).toEqual([at, 'state-damaged']);
    writeFileSync(file, whole.subarray(0, at));
    expect([at, codeOf(() => readState(file))]).toEqual([at, 'state-damaged']);
  }
});

test('another version is refused by name', () => {
  writeState(file, kept());
  writeFileSync(file, readFileSync(file, 'utf8').replace('"version":1', '"version":2'));
  expect(codeOf(() => readState(file))).toBe('state-version-unknown');
});
