// Fetches the source packages that the tests need before they begin, so that no suite waits for the network
// and no two fetch the same. `npm test` runs it (tools/set-up). What cannot be had is named on standard
// error; its suites then skip or fail by themselves.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bearssl } from './bearssl.ts';
import { root } from './cache.ts';
import { type DebianSource, debianSourceMissing } from './debian-source.ts';

const vectors = JSON.parse(
  readFileSync(join(root, 'device/agent/port/bearssl/test/vector-sources.json'), 'utf8'),
) as Record<string, DebianSource>;

for (const source of [bearssl, ...Object.values(vectors)]) {
  const missing = debianSourceMissing(source);
  if (missing !== undefined) process.stderr.write(`set-up: a test ${missing}\n`);
}
