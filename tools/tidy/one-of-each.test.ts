import { expect, test } from 'vitest';
import { oneOfEach } from './one-of-each.ts';

const found = (path: string, text: string) => oneOfEach([{ path, text }]);

test.each([
  ['apps/cli/src/a.ts', "const path = '/v1/jobs';"],
  ['apps/cli/src/a.ts', 'const answer = await fetch(url + path);'],
  ['bench/a.ts', 'const { job } = await answer.json();'],
  ['packages/programmer/src/a.test.ts', "import { request } from 'node:https';"],
  ['lab/kill/a.ts', "new URL('v1/log', address);"],
  ['packages/programmer/src/a.test.ts', "post('/v1/jobs', {});"],
  ['bench/a.ts', "const headers = { authorization: 'Bearer ' + token };"],
  ['packages/keys/src/a.ts', "Buffer.from(bytes).toString('base64url');"],
  ['packages/link/src/a.ts', 'const text = btoa(binary);'],
  ['apps/cli/src/a.ts', 'renameSync(temporary, path);'],
  ['packages/keys/src/a.ts', 'await writeFile(path, text);'],
  ['apps/cli/src/a.ts', 'const text = readFileSync(path);'],
  ['apps/cli/src/a.ts', 'const answer = JSON.parse(text);'],
])('a second place: %s: %s', (path, text) => {
  expect(found(path, text)).toHaveLength(1);
});

test.each([
  ['packages/authority-contract/src/a.ts', "path: '/v1/jobs',"],
  ['packages/authority/test/a.ts', "call('GET', '/v1/jobs');"],
  ['packages/authority-client/src/a.ts', 'return fetch(address + path);'],
  ['packages/virtual-stm32/src/a.ts', 'fetch(address: number) { return this.#parts.memory.fetch(address); }'],
  ['packages/bytes/src/base64url.ts', 'return btoa(binary);'],
  ['packages/files/src/a.ts', 'renameSync(temporary, path);'],
  ['packages/keys/src/a.test.ts', 'writeFileSync(path, text);'],
  ['apps/cli/src/a.ts', '// GET /v1/jobs'],
  ['tools/generate/a.ts', 'writeFileSync(path, text); JSON.parse(text);'],
])('not one: %s: %s', (path, text) => {
  expect(found(path, text)).toEqual([]);
});
