// Asks an authority for its health again and again between 'start' and 'stop', and says then how long the
// longest answer took, in ms. A process of its own: whoever made the history has a heap whose collection
// alone takes longer than an answer may.

import { AuthorityClient } from '@firmseal/authority-client';
import { Secret, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';

export type Message = { readonly url: string; readonly token: string } | 'start' | 'stop';

let client: AuthorityClient | undefined;
let running = false;

async function ask(): Promise<number> {
  let longestMs = 0;
  while (running) {
    const start = performance.now();
    await client!.call('health', {});
    longestMs = Math.max(longestMs, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return longestMs;
}

process.on('message', async (message: Message) => {
  if (message === 'stop') running = false;
  else if (message === 'start') {
    running = true;
    process.send?.('started');
    process.send?.(await ask());
  } else {
    const { url, token } = message;
    client = new AuthorityClient({
      ...{ address: url, token: new Secret(utf8(token)), clock: systemClock, attempts: 1 },
    });
    // The first call loads what a call needs.
    await client.call('health', {});
    process.send?.('ready');
  }
});
