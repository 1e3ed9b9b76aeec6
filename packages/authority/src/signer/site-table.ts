// Caps of sites in the signer's table (spec/device.md section 7): how many chips of a product a site may have
// certified, the certificates that it got, and the challenges that chips answer. One transaction decides
// about a certificate, and is durable before the certificate leaves.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { StopKey } from '../store/store.ts';
import type { SiteCap, SiteView } from './issuing-signer.ts';
import type { SignerDatabase, SignerQuery } from './signer-database.ts';
import { refuseStopped } from './signer-table.ts';

export interface SiteOfProduct {
  readonly product: string;
  readonly site: string;
}

/** Of one site: whoever asks without an end fills no disk. */
const challengesAtMost = 4096;

type Row = Record<string, unknown>;

const viewOf = (row: Row): SiteView => ({
  ...{ product: row['product'] as string, site: row['site'] as string },
  ...{ cap: Number(row['cap']), certified: Number(row['certified']) },
  ...{ validUntilMs: Number(row['valid_until_ms']), number: Number(row['change']) },
});

async function find(query: SignerQuery, { product, site }: SiteOfProduct): Promise<SiteView | undefined> {
  const sql = 'SELECT * FROM signer_sites WHERE product = $1 AND site = $2 /*lock*/';
  const [row] = (await query(sql, [product, site])).rows;
  return row && viewOf(row);
}

/** Why no chip is certified for the site. Throws `site-not-opened`, `site-expired`, `site-cap-used`. */
function refuse({ product, site }: SiteOfProduct, found: SiteView | undefined, atMs: number): asserts found {
  if (found === undefined) throw new Fault('site-not-opened', { product, site });
  const { certified, cap, validUntilMs } = found;
  if (atMs > validUntilMs)
    throw new Fault('site-expired', { product, site, until: new Date(validUntilMs).toISOString() });
  if (certified >= cap) throw new Fault('site-cap-used', { site, product, certified, cap });
}

/** Of the chip, where the site got it. Throws `certified-elsewhere`. */
async function findCertificate(
  query: SignerQuery,
  { product, site, thumbprint }: SiteOfProduct & { readonly thumbprint: Bytes },
): Promise<Bytes | undefined> {
  const sql = 'SELECT site, certificate FROM signer_certificates WHERE product = $1 AND thumbprint = $2';
  const [row] = (await query(sql, [product, thumbprint])).rows;
  if (row === undefined) return undefined;
  const given = row['site'] as string;
  if (given !== site) throw new Fault('certified-elsewhere', { site: given });
  return new Uint8Array(row['certificate'] as Uint8Array);
}

export class SiteTable {
  readonly #database: SignerDatabase;

  constructor(database: SignerDatabase) {
    this.#database = database;
  }

  /** The same change again changes nothing. Throws `site-change-older`. */
  setCap({ product, site, cap, validUntilMs, number }: SiteCap): Promise<void> {
    return this.#database.transaction(async (query) => {
      const values = [product, site, cap, validUntilMs, number];
      await query(
        'INSERT INTO signer_sites VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (product, site) DO NOTHING',
        values,
      );
      const { changed } = await query(
        `UPDATE signer_sites SET cap = $3, valid_until_ms = $4, change = $5
         WHERE product = $1 AND site = $2
           AND (change < $5 OR (change = $5 AND cap = $3 AND valid_until_ms = $4))`,
        values,
      );
      if (changed > 0) return;
      const last = (await find(query, { product, site }))!.number;
      throw new Fault('site-change-older', { site, number, last });
    });
  }

  list(): Promise<SiteView[]> {
    return this.#database.transaction(async (query) => {
      const { rows } = await query('SELECT * FROM signer_sites ORDER BY product, site', []);
      return rows.map(viewOf);
    });
  }

  /**
   * Keeps the challenge, where a certificate could be given now, and forgets those that ended. Throws
   * `issue-stopped`, and as `refuse`.
   */
  keepChallenge(
    of: SiteOfProduct & { readonly challenge: Bytes; readonly endsAtMs: number },
    { stops, atMs }: { readonly stops: readonly StopKey[]; readonly atMs: number },
  ): Promise<void> {
    const { product, site, challenge, endsAtMs } = of;
    return this.#database.transaction(async (query) => {
      await refuseStopped(query, stops);
      refuse(of, await find(query, of), atMs);
      await query('DELETE FROM signer_challenges WHERE ends_at_ms < $1', [atMs]);
      await query(
        `DELETE FROM signer_challenges WHERE product = $1 AND site = $2 AND challenge NOT IN (
           SELECT challenge FROM signer_challenges WHERE product = $1 AND site = $2
           ORDER BY ends_at_ms DESC LIMIT ${challengesAtMost - 1})`,
        [product, site],
      );
      await query('INSERT INTO signer_challenges VALUES ($1, $2, $3, $4)', [
        ...[challenge, product, site, endsAtMs],
      ]);
    });
  }

  /**
   * The certificate that the chip was given, or the one that `sign` makes, which is counted and kept. The
   * count and its comparison with the cap are one statement. Throws `issue-stopped`, `certified-elsewhere`,
   * `certifying-challenge-unknown`, as `refuse`, and what `sign` throws; then nothing was counted.
   */
  certify(
    claim: SiteOfProduct & {
      readonly thumbprint: Bytes;
      readonly challenge: Bytes;
      readonly stops: readonly StopKey[];
      readonly atMs: number;
    },
    sign: () => Promise<Bytes>,
  ): Promise<Bytes> {
    const { product, site, thumbprint, challenge, stops, atMs } = claim;
    return this.#database.transaction(async (query) => {
      await refuseStopped(query, stops);
      const known = await findCertificate(query, claim);
      if (known !== undefined) return known;
      const [asked] = (
        await query('SELECT * FROM signer_challenges WHERE challenge = $1 AND ends_at_ms >= $2', [
          ...[challenge, atMs],
        ])
      ).rows;
      if (asked?.['product'] !== product || asked['site'] !== site)
        throw new Fault('certifying-challenge-unknown', { site });
      const { changed } = await query(
        `UPDATE signer_sites SET certified = certified + 1
         WHERE product = $1 AND site = $2 AND certified < cap AND valid_until_ms >= $3`,
        [product, site, atMs],
      );
      if (changed === 0) {
        // The same request may have had the last one while this one waited.
        const given = await findCertificate(query, claim);
        if (given !== undefined) return given;
        refuse(claim, await find(query, claim), atMs);
        throw new Fault('site-not-opened', { product, site }); // cannot be: the row is locked
      }
      const certificate = await sign();
      await query('INSERT INTO signer_certificates VALUES ($1, $2, $3, $4, $5)', [
        ...[product, thumbprint, site, certificate, atMs],
      ]);
      return certificate;
    });
  }
}
