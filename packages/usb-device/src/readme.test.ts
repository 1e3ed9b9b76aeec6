// The example of README.md, as it stands there.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readConfigurationDescriptor } from './index.ts';

test('the example of the README', () => {
  const bytes = Uint8Array.of(9, 2, 18, 0, 1, 1, 0, 0xc0, 50, 9, 4, 0, 0, 0, 0xfe, 1, 2, 4);
  const { interfaces } = readConfigurationDescriptor(bytes);
  expect(interfaces[0]).toMatchObject({ interfaceClass: 0xfe, nameIndex: 4 });
  const ownText = readFileSync(new URL(import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([^`]*)```/.exec(readme)![1]!;
  for (const line of example.trim().split('\n'))
    if (!line.startsWith('//')) expect(ownText).toContain(line.trim());
});
