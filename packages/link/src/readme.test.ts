// The example of README.md, as it stands there.

import { readFileSync } from 'node:fs';
import { utf8 } from '@firmseal/bytes';
import { expect, test } from 'vitest';
import { serveFrames } from '../test/index.ts';
import { createStreamPair, LinkClient, systemClock } from './index.ts';

test('the example of the README', async () => {
  const [host, agent] = createStreamPair();
  serveFrames(agent, () => ({ payload: utf8('hello') }));
  const link = new LinkClient({ stream: host, clock: systemClock });
  const payload = await link.request('info', new Uint8Array(0));
  expect(payload).toEqual(utf8('hello'));
  const ownText = readFileSync(new URL(import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([^`]*)```/.exec(readme)![1]!;
  for (const line of example.trim().split('\n')) expect(ownText).toContain(line.trim());
});
