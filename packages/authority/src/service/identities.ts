// Records of identities that sites bring: verified under a device CA of a product that is served here, kept
// once, and shown. They say which chips the owner's sites let go, and how; a license does not ask for them.

import type { IdentityView } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { verifyIdentityOf } from '@firmseal/certificate';
import { Fault } from '@firmseal/fault';
import type { IdentityRow } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import type { Authority, ProductTrust } from './authority.ts';

/** Under the product whose device CA signed it. Throws `identity-record-*`, and of certificate and hello. */
function verifyServed(authority: Authority, record: Bytes) {
  const { crypto, products } = authority;
  let refused: unknown = new Fault('identity-record-signature-invalid');
  for (const trust of products.values())
    try {
      return { trust, ...verifyIdentityOf(crypto, record, trust) };
    } catch (fault) {
      // Another product's device CA may have signed it; what else is wrong with it is worth telling.
      const isOther = fault instanceof Fault && fault.code === 'identity-record-signature-invalid';
      if (!isOther) refused = fault;
    }
  throw refused;
}

/**
 * Verifies and keeps a record; the same one again changes nothing. Throws `identity-record-malformed`,
 * `identity-record-signature-invalid`, the faults of certificate and hello.
 */
export async function storeIdentity(
  authority: Authority,
  record: Bytes,
): Promise<{ thumbprint: Bytes; stored: boolean }> {
  const { store, clock } = authority;
  const { trust, device, digest: recordDigest } = verifyServed(authority, record);
  const { product } = trust;
  const { thumbprint } = device;
  const storedAtMs = clock.nowMs();
  const stored = await store.insertIdentity(
    { recordDigest, product, thumbprint, record, storedAtMs },
    { timeMs: storedAtMs, kind: 'identity-stored', fields: { product, thumbprint, record: recordDigest } },
  );
  return { thumbprint, stored };
}

/** Of a record that was verified when it came in. */
function viewIdentity(
  authority: Authority,
  trust: ProductTrust,
  row: { record: Bytes; storedAtMs: number },
): IdentityView {
  const { record, device, hello, digest } = verifyIdentityOf(authority.crypto, row.record, trust);
  const { uniqueId, board, madeAt } = record;
  const { thumbprint, chipId, product, origin } = device;
  return {
    ...{ product, thumbprint, chip: chipId, origin, readoutLevel: hello.readoutLevel },
    ...{ uniqueId: toHex(uniqueId), board, madeAtMs: madeAt * 1000 },
    ...{ recordDigest: digest, storedAtMs: row.storedAtMs },
  };
}

/** Undefined stands for one of a product that is not served any more. */
export const viewIdentities = (
  authority: Authority,
  rows: readonly IdentityRow[],
): (IdentityView | undefined)[] =>
  rows.map((row) => {
    const trust = authority.products.get(row.product);
    return trust && viewIdentity(authority, trust, row);
  });

/** Newest first; as viewIdentities. */
export async function listIdentities(
  authority: Authority,
  page: Page,
): Promise<(IdentityView | undefined)[]> {
  return viewIdentities(authority, await authority.store.listIdentities(page));
}
