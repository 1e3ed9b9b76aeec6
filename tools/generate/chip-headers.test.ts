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
