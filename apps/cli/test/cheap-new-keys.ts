// For processes that tests start with `--import`: the passphrase of a new key is hashed fast. The shipped
// cost, a third of a second for each key, is too much for keys that are thrown away.

import { registerHooks } from 'node:module';

const shipped = 'n: 2 ** 17';

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/keys/src/passphrase-key.ts')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    if (!source.includes(shipped))
      throw new Error('the cost of new keys is not where this test looks for it');
    return { ...loaded, source: source.replace(shipped, 'n: 16') };
  },
});
