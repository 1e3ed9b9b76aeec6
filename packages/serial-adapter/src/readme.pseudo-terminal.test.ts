// README.md's example, on a pseudo-terminal.

import { LinkClient, systemClock } from '@firmseal/link';
import { serveFrames } from '@firmseal/link/testing';
import { expect, test } from 'vitest';
import { openTerminal } from '../test/terminal.ts';
import { openSerial } from './index.ts';

test('the example', async () => {
  const { path, far } = await openTerminal();
  serveFrames(far, () => ({ payload: Uint8Array.of(42) }));
  const port = await openSerial({ path, line: { baud: 115200, parity: 'none' }, clock: systemClock });
  const link = new LinkClient({ stream: port, clock: systemClock });
  expect(await link.request('info', new Uint8Array(0))).toEqual(Uint8Array.of(42));
  await link.close();
  await far.close();
});
