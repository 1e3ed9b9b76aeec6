import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generateChipHeaders } from './chip-headers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test.each([...generateChipHeaders()])('%s is what the catalogue generates', (path, text) => {
  expect(readFileSync(root + path, 'utf8')).toBe(text);
});

test('the constants that the agent is built around', () => {
  const text = generateChipHeaders().get('device/agent/port/stm32h743/fs_chip.h')!;
  for (const line of [
    /^#define FS_CHIP_ID +"stm32h743"$/m,
    /^#define FS_WRITE_UNIT_BYTES +32u$/m,
    /^#define FS_IDENTITY_START +0x081FC000u$/m,
    /^#define FS_RDP_MASK +0x0000FF00u$/m,
    /^ {2}X\(2u, 7u, 7u, 0x081E0000u, 131072u, 6u, 7u\)$/m,
    /^ {2}X\(0x08000000u, 1703936u, 0x08000000u, 0\)$/m,
  ])
    expect(text).toMatch(line);
});

test('pages in ranges: no bit of their own, and the ranges of both banks', () => {
  const text = generateChipHeaders().get('device/agent/port/stm32g0b1/fs_chip.h')!;
  for (const line of [
    /^ {2}X\(2u, 127u, 127u, 0x0807F800u, 2048u, 255u, 255u\)$/m,
    /^ {2}X\(2u, 10u, 0u, 16u, 127u\)$/m,
    /^#define FS_JOURNAL_1_UNIT +36u/m,
    /^#define FS_JOURNAL_1_UNIT_COUNT +4u$/m,
    /^#define FS_HAS_RANDOM_GENERATOR +0$/m,
  ])
    expect(text).toMatch(line);
});

test('a chip whose bits protect units has no ranges; a chip with product states has no header', () => {
  const headers = generateChipHeaders();
  expect(headers.get('device/agent/port/stm32f405/fs_chip.h')).not.toContain('FS_WRITE_PROTECT_RANGES');
  expect([...headers.keys()].some((path) => path.includes('stm32h563'))).toBe(false);
});
