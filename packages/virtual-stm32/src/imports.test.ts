// The virtual chip must not share code with the clients that are tested against it:
// both sides would share a bug.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const allowed = /^(\.\.?(\/[\w-]+)+\.ts|@firmseal\/(bytes|chips|crypto|fault)|rp2040js|node:zlib)$/;
/** Doors are servers: they alone open sockets and terminals. */
const allowedInDoors = /^node:(net|events|child_process|readline|fs)$/;
const allowedInTests =
  /^(vitest|fast-check|node:(fs|net|os|path|child_process|url)|(\.\.\/)+(tools\/toolchain|test\/[\w-]+)\.ts)$/;

test('only formats-free ground is imported', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(50);
  for (const file of sources) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
    for (const [, name] of source.matchAll(/(?:(?<!')from|import\()\s*'([^']+)'/g)) {
      const fine =
        allowed.test(name!) ||
        (file.startsWith('doors/') && allowedInDoors.test(name!)) ||
        ((file.endsWith('.test.ts') || file === 'testing.ts') && allowedInTests.test(name!));
      expect([file, name, fine]).toEqual([file, name, true]);
    }
  }
});
