// The authority on a database that is there, as a process of its own: says its address and an owner's token,
// and when it is asked to, what it has used. Argument: path of the database.

import { createAuthority, createToken, openSqliteStore, serveAuthority } from '@firmseal/authority';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';

const [path] = process.argv.slice(2) as [string];
const store = openSqliteStore({ path, crypto });
const kem = { publicKey: new Uint8Array(65), ecdh: async () => undefined };
const authority = await createAuthority({ store, crypto, kem, products: [] });
const { token } = await createToken(authority, { scope: 'owner', label: 'bench', by: 'local' });
const running = await serveAuthority({ authority });
process.on('message', () => process.send?.(process.resourceUsage()));
process.send?.({ url: running.url, token });
