// The virtual chip must not share code with the clients that are tested against it: both sides would share a bug.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const allowed = /^(\.\/[\w-]+\.ts|@firmseal\/(bytes|chips|crypto|fault)|rp2040js)$/;
/** Sockets through which other processes reach a chip. */
const allowedInDoors = /^(\.\.?\/[\w-]+\.ts|node:(net|readline))$/;
const allowedInTests = /^(vitest|fast-check|node:fs)$/;

test('only formats-free ground is imported', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
    for (const [, name] of source.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      const fine =
        (file.startsWith('doors/') ? allowedInDoors : allowed).test(name!) ||
        (/(\.test|^test-firmware)\.ts$/.test(file) && allowedInTests.test(name!));
      expect([file, name, fine]).toEqual([file, name, true]);
    }
  }
});
