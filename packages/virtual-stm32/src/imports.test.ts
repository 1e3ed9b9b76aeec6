// The virtual chip must not share code with the clients that are tested against it: both sides would share a bug.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const allowed = /^(\.{1,2}\/([\w-]+\/)*[\w-]+\.ts|@firmseal\/(bytes|chips|fault)|rp2040js)$/;
const allowedInTests = /^(vitest|fast-check|node:fs)$/;
/** Doors lead out of the process. */
const allowedInDoors = /^node:(net|child_process|events|readline)$/;

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
        (/(\.test|^test-firmware)\.ts$/.test(file) && allowedInTests.test(name!)) ||
        (file.startsWith('doors') && allowedInDoors.test(name!));
      expect([file, name, fine]).toEqual([file, name, true]);
    }
  }
});
