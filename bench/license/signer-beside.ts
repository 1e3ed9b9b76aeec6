// The signer beside the measured process: started, given its keys, asked what it has used.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createRemoteSigner, type ProductKeys, type RemoteSigner } from '@firmseal/authority';
import type { Owner } from '@firmseal/authority/testing';
import type { Bytes } from '@firmseal/bytes';
import type { PublicKeys, SignerMessage, SignerPlace } from './signer-process.ts';

export class SignerBeside {
  readonly client: RemoteSigner;
  /** What the authority serves. */
  readonly product: ProductKeys;
  readonly kemKey: Bytes;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, inputs: { socket: string; product: ProductKeys; kemKey: Bytes }) {
    this.#child = child;
    this.client = createRemoteSigner({ path: inputs.socket });
    this.product = inputs.product;
    this.kemKey = inputs.kemKey;
  }

  static async start(owner: Owner, place: SignerPlace): Promise<SignerBeside> {
    const script = fileURLToPath(new URL('./signer-process.ts', import.meta.url));
    const child = fork(script, [], { serialization: 'advanced' });
    const { issuer, kem } = owner;
    const keys = await ask<PublicKeys>(child, { kind: 'keys', place, issuer, kem });
    const issuerDelegation = await owner.delegate('license-issuer', keys.issuer);
    const { issuer: _, ...rest } = await owner.productKeys();
    const product = { ...rest, issuerDelegation };
    await ask(child, { kind: 'serve', product });
    return new SignerBeside(child, { socket: place.socket, product, kemKey: keys.kem });
  }

  /** Microseconds of CPU so far. */
  async cpuUs(): Promise<number> {
    const { user, system } = await ask<NodeJS.CpuUsage>(this.#child, { kind: 'usage' });
    return user + system;
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

async function ask<T>(child: ChildProcess, message: SignerMessage): Promise<T> {
  const stopWaiting = new AbortController();
  const { signal } = stopWaiting;
  const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the signer ended')));
  const answered = once(child, 'message', { signal });
  child.send(message);
  try {
    return ((await Promise.race([answered, ended])) as [T])[0];
  } finally {
    stopWaiting.abort();
    ended.catch(() => undefined);
  }
}
