// A replica as a process of its own: the same composition as `firmseal authority serve`, without keys.
// Arguments: address of a PostgreSQL database or path of an SQLite file, seed, socket of its signer.

import { flushCompileCache } from 'node:module';
import {
  createAuthority,
  createRemoteSigner,
  openPostgresStore,
  openSqliteStore,
  parsePostgresUrl,
  serveAuthority,
} from '@firmseal/authority';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { CampaignOwner } from '../kill/owner.ts';

const [place, seed, socket] = process.argv.slice(2) as [string, string, string];
const owner = new CampaignOwner(seed);
const store = place.startsWith('postgresql:')
  ? await openPostgresStore({
      ...{ address: parsePostgresUrl(place, { allowPassword: false }), crypto },
      // The campaign starts the server, and in a sample without synchronising its disk.
      ...{ allowUnsynchronized: true, busyTimeoutMs: 5000 },
    })
  : openSqliteStore({ path: place, crypto });
const authority = await createAuthority({
  ...{ store, crypto, signer: createRemoteSigner({ path: socket }) },
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
