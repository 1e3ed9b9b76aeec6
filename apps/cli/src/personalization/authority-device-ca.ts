// The device CA of the authority, which certifies chips of a site and counts them against its cap
// (spec/device.md section 7).

import type { AuthorityClient } from '@firmseal/authority-client';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type GrownTrust, originNumber, verifyAuthority } from '@firmseal/formats';
import type { RemoteDeviceCa } from '@firmseal/personalization';

interface Owner {
  readonly product: string;
  readonly epoch: number;
  readonly rootPublicKey: Bytes;
}

/**
 * The authority's word is not enough: the root lets these keys certify. Throws as AuthorityClient.call and
 * verifyAuthority.
 */
export async function deviceCaOfAuthority(
  client: AuthorityClient,
  { product, epoch, rootPublicKey }: Owner,
): Promise<RemoteDeviceCa> {
  const { delegations } = await client.call('listDeviceCas', { product });
  let trust: GrownTrust = { rootPublicKey, product, epoch, delegations: [] };
  const publicKeys = delegations.map((delegation) => {
    const verified = verifyAuthority(nodeCrypto, { delegation }, { ...trust, role: 'device-ca' });
    trust = verified.trust;
    return verified.delegate.publicKey;
  });
  return {
    publicKeys,
    challenge: async () => (await client.call('giveSiteChallenge', { product })).challenge,
    certify: async ({ device, hello, challenge }) => {
      const { chipId: chip, signingKey, kemKey, origin } = device;
      const proof = { chip, signingKey, kemKey, origin: originNumber(origin), hello, challenge };
      return (await client.call('certifyDevice', { product, ...proof })).certificate;
    },
  };
}
