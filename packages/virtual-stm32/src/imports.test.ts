// The virtual chip must not share code with the clients that are tested against it: both sides would share a bug.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const allowed = /^(\.{1,2}\/([\w-]+\/)?[\w-]+\.ts|@firmseal\/(bytes|chips|crypto|fault)|rp2040js)$/;
/** Doors serve the chip to other programs; the chip itself knows no system. */
const allowedInDoors = /^node:(net|readline)$/;
const allowedInTests = /^(vitest|fast-check|node:fs)$/;

test('only formats-free ground is imported', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
    for (const [, name] of source.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      const fine =
        allowed.test(name!) ||
        (file.startsWith('doors/') && allowedInDoors.test(name!)) ||
        (/(\.test|^test-firmware)\.ts$/.test(file) && allowedInTests.test(name!));
      expect([file, name, fine]).toEqual([file, name, true]);
    }
  }
});
