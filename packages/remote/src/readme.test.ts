// README.md's example.

import { createStreamPair } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { expect, test } from 'vitest';
import { RemoteSite } from '../test/index.ts';

test('the example', async () => {
  const clock = new TestClock();
  const [cable, chip] = createStreamPair();
  const site = new RemoteSite(clock);
  site.cables.set('tcp:chip:1', async () => cable);
  void site.start();
  const stream = await clock.run(site.line().openLink('tcp:chip:1'));
  await stream.write(Uint8Array.of(0));
  const got = new Promise((resolve) => chip.listen({ data: resolve, closed: () => undefined }));
  expect(await clock.run(got)).toEqual(Uint8Array.of(0));
  site.end();
});
