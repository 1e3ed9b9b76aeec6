// Packages with an epoch statement: forged ones, which must be refused, and a good
// one, which must not be ignored.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeEpochStatement } from '@firmseal/formats';
import { delegate, product, root } from '../../device/agent/test/trusted-site.ts';
import { headerWith, packageRequest } from './requests.ts';
import type { Made } from './scenario.ts';
import type { Target } from './target.ts';
import type { Update } from './update.ts';

const raised = 2;

export async function statements(target: Target, { sealed: older }: Update): Promise<Made[]> {
  const statement = await makeEpochStatement(crypto, root, { product, epoch: raised });
  const elsewhere = await makeEpochStatement(crypto, root, { product: 'radio', epoch: raised });
  const delegation = await delegate('package-signer', 'package signer', { epoch: raised });
  const { headerBytes } = await target.package(
    { securityCounter: 6 },
    { seed: 2, delegation, epoch: statement },
  );
  const header = packageRequest(headerBytes);
  const before = target.after([], () => target.state());
  const [session, state] = target.after([header], () => [target.session(), target.state()]);
  return [
    {
      name: 'epoch statement altered',
      request: packageRequest(target.alteredStatement(headerBytes)),
      refusal: 'epoch-signature-invalid',
    },
    {
      name: 'epoch statement of another product',
      request: packageRequest(headerWith(headerBytes, 2, elsewhere)),
      refusal: 'epoch-product-wrong',
    },
    {
      name: 'delegation older than the epoch statement that comes with it',
      request: packageRequest(headerWith(older.headerBytes, 2, statement)),
      refusal: 'delegation-revoked',
    },
    {
      name: 'good package with an epoch statement, taken with other terms',
      request: header,
      statusIsNothing: true,
      // A glitch that makes the agent ignore the statement gains nothing: the attacker can leave it away.
      isBad: (now) =>
        now.phase() === 'package' && (now.session() !== session || ![before, state].includes(now.state())),
    },
  ];
}
