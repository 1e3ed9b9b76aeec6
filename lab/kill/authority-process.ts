// The authority as a process of its own: the same composition as `firmseal authority`, with keys from the
// campaign's seed and a wire around store, keys and answers that kills the process where the campaign says.
// Arguments: folder, port, seed. Started again with the same ones after a kill.

import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { createAuthority, openSqliteStore, type Store, serveAuthority } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { Signer, Unwrapper } from '@firmseal/keys';
import type { Arm } from './kill-point.ts';
import { CampaignOwner } from './owner.ts';
import { TripWire } from './trip-wire.ts';

const [folder, port, seed] = process.argv.slice(2) as [string, string, string];
const wire = new TripWire();

/** The point of a call of the store; challenges by what they are for. */
function pointOf(method: string, input: unknown): string {
  if (method !== 'insertChallenge') return `store/${method}`;
  return `store/insertChallenge-${(input as { purpose: string }).purpose}`;
}

/**
 * A point before and after every method; those of reading are never armed. Looking up
 * the token begins each request.
 */
function wireStore(inner: Store): Store {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return (...inputs: unknown[]): Promise<unknown> => {
        if (name === 'findToken') wire.reach('request/any/arrived');
        return wire.around(pointOf(name, inputs[0]), () => member.apply(target, inputs));
      };
    },
  });
}

const wireSigner = (inner: Signer): Signer => ({
  publicKey: inner.publicKey,
  sign: (message) => wire.around('key/sign', () => inner.sign(message)),
});

const wireUnwrapper = (inner: Unwrapper): Unwrapper => ({
  publicKey: inner.publicKey,
  ecdh: (point) => wire.around('key/unwrap', () => inner.ecdh(point)),
});

const owner = new CampaignOwner(seed);
const store = openSqliteStore({ path: join(folder, 'authority.sqlite'), crypto: nodeCrypto });
const authority = await createAuthority({
  store: wireStore(store),
  crypto: nodeCrypto,
  kem: wireUnwrapper(owner.kem),
  products: [await owner.product(wireSigner(owner.issuer))],
});
const running = await serveAuthority({
  authority,
  port: Number(port),
  limits: { burst: 100_000, perSecond: 100_000 },
  // The answer is made and has not left.
  onRequest: ({ route }) => wire.reach(`request/${route.split('/').at(-1)}/answered`),
});

process.on('message', ({ arm }: { arm: Arm | null }) => {
  wire.set(arm ?? undefined);
  process.send?.({ event: 'armed' });
});
// Ends with the campaign, however that ended.
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', async () => {
  await running.stop(0);
  await store.close();
  process.exit(0);
});
flushCompileCache(); // a process that is killed leaves nothing to the next one otherwise
process.send?.({ event: 'serving', port: running.port });
