// A signer as a process of its own, as `firmseal authority signer` runs one, with keys from the
// campaign's seed. Arguments: address of a PostgreSQL database or path of the HTTP side's SQLite
// file, seed, path of its socket.

import { flushCompileCache } from 'node:module';
import {
  openPostgresSignerDatabase,
  openSigner,
  openSqliteSignerDatabase,
  parsePostgresUrl,
  serveSigner,
} from '@firmseal/authority';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { CampaignOwner } from '../kill/owner.ts';

const [place, seed, path] = process.argv.slice(2) as [string, string, string];
const owner = new CampaignOwner(seed);
const database = place.startsWith('postgresql:')
  ? await openPostgresSignerDatabase(parsePostgresUrl(place, { allowPassword: false }), {
      allowUnsynchronized: true,
    })
  : openSqliteSignerDatabase(`${place}.signer`);
const signer = await openSigner({
  ...{ crypto, issuer: owner.issuer, kem: owner.kem, database },
  products: [await owner.product(owner.issuer)],
});
const running = await serveSigner({ path, signer });

// Ends with the campaign, however that ended.
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', async () => {
  await running.stop();
  await signer.close();
  process.exit(0);
});
flushCompileCache();
process.send?.({ signing: path });
