// A replica as a process of its own: the same composition as `firmseal authority serve`, with keys from the
// campaign's seed. Arguments: address of a PostgreSQL database or path of an SQLite file, seed.

import { flushCompileCache } from 'node:module';
import {
  createAuthority,
  openPostgresStore,
  openSqliteStore,
  parsePostgresUrl,
  serveAuthority,
} from '@firmseal/authority';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { CampaignOwner } from '../kill/owner.ts';

const [place, seed] = process.argv.slice(2) as [string, string];
const owner = new CampaignOwner(seed);
const store = place.startsWith('postgresql:')
  ? await openPostgresStore({
      ...{ address: parsePostgresUrl(place, { allowPassword: false }), crypto },
      // The campaign starts the server, and in a sample without synchronising its disk.
      ...{ allowUnsynchronized: true, busyTimeoutMs: 5000 },
    })
  : openSqliteStore({ path: place, crypto });
const authority = await createAuthority({
  ...{ store, crypto, kem: owner.kem },
  products: [await owner.product(owner.issuer)],
});
const running = await serveAuthority({ authority, limits: { burst: 1_000_000, perSecond: 1_000_000 } });

// Ends with the campaign, however that ended.
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', async () => {
  await running.stop(1000);
  await store.close();
  process.exit(0);
});
flushCompileCache();
process.send?.({ url: running.url });
