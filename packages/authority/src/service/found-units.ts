// Units across jobs, found by their chip or by the version that they were licensed for, and whether a chip
// runs that version: what a recall asks. The newest receipt of a chip decides, in whichever job it came.

import type { FoundUnit, Holds, IdentityView, UnitView } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { parseReceiptUnverified } from '@firmseal/license';
import type { LicenseRecord, PackageRecord, ReceiptRecord } from '../store/records.ts';
import type { Page, UnitFilter, UnitName } from '../store/store.ts';
import type { Authority } from './authority.ts';
import { viewIdentities } from './identities.ts';
import { requireJob } from './jobs.ts';
import { listUnits, sbomOf } from './units.ts';

export interface UnitSearch {
  /** First hexadecimal digits. */
  readonly thumbprint?: string | undefined;
  readonly uniqueId?: string | undefined;
  readonly product?: string | undefined;
  readonly firmwareVersion?: string | undefined;
}

/** Records that hold the bytes of a unique id somewhere; only those that say it is theirs count. */
const mostCandidates = 100;
const thumbprintDigits = 64;

const rangeOf = (start: string) => ({
  first: fromHex(start.padEnd(thumbprintDigits, '0')),
  last: fromHex(start.padEnd(thumbprintDigits, 'f')),
});

/** Of the highest count of installs; of two with the same, the one that arrived later. */
function newestOf(receipts: readonly ReceiptRecord[]): ReceiptRecord | undefined {
  let newest: { receipt: ReceiptRecord; count: number } | undefined;
  for (const receipt of receipts) {
    const count = parseReceiptUnverified(receipt.receipt).installCount;
    if (newest === undefined || count >= newest.count) newest = { receipt, count };
  }
  return newest?.receipt;
}

/** Reads what several units of a page need, once each. */
class Reader {
  readonly #authority: Authority;
  readonly #packages = new Map<string, Promise<PackageRecord[]>>();

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  packages(jobId: Bytes): Promise<PackageRecord[]> {
    const key = toHex(jobId);
    const known = this.#packages.get(key) ?? this.#authority.store.listPackages(jobId);
    this.#packages.set(key, known);
    return known;
  }

  async packageOf(
    license: Pick<LicenseRecord, 'jobId' | 'manifestDigest'>,
  ): Promise<PackageRecord | undefined> {
    const packages = await this.packages(license.jobId);
    return packages.find((one) => equalBytes(one.manifestDigest, license.manifestDigest));
  }

  async versionOf(license: Pick<LicenseRecord, 'jobId' | 'manifestDigest'>): Promise<string> {
    return (await this.packageOf(license))?.firmwareVersion ?? '';
  }

  async newest(thumbprint: Bytes) {
    const { store } = this.#authority;
    const receipt = newestOf(await store.listReceiptsOfDevice(thumbprint));
    const license = receipt && (await store.findLicense(receipt.licenseId));
    if (!receipt || !license) return undefined;
    const item = await this.packageOf(license);
    const firmwareVersion = item?.firmwareVersion ?? '';
    return { receipt, license, firmwareVersion, sbom: sbomOf(this.#authority.crypto, item) };
  }
}

type Newest = Awaited<ReturnType<Reader['newest']>>;

/** `licenses`: of the unit. */
async function holdsOf(
  reader: Reader,
  version: string,
  { unit, newest, licenses }: { unit: UnitView; newest: Newest; licenses: readonly LicenseRecord[] },
): Promise<Holds> {
  if (newest?.firmwareVersion === version) return 'proven';
  if (unit.stated?.result === 'DONE-UNPROVEN' && unit.stated.firmwareVersion === version) return 'stated';
  for (const license of licenses) {
    const isLater = newest === undefined || license.logSequence > newest.license.logSequence;
    if (isLater && (await reader.versionOf(license)) === version) return 'licensed';
  }
  return 'replaced';
}

async function viewFound(
  authority: Authority,
  reader: Reader,
  { name: { jobId, unitIndex }, version }: { name: UnitName; version: string | undefined },
): Promise<FoundUnit> {
  const { product } = await requireJob(authority, jobId);
  const [unit] = await listUnits(authority, jobId, { from: unitIndex, limit: 1 });
  const newest = await reader.newest(unit!.thumbprint);
  const licenses =
    version === undefined
      ? []
      : await authority.store.listLicenses({ jobId, first: unitIndex, last: unitIndex });
  return {
    ...{ job: jobId, product, unit: unit! },
    ...(newest
      ? {
          newest: {
            ...{ job: newest.license.jobId, firmwareVersion: newest.firmwareVersion },
            receiptDigest: newest.receipt.receiptDigest,
            outcome: newest.receipt.outcome,
            ...{ storedAtMs: newest.receipt.storedAtMs, ...newest.sbom },
          },
        }
      : {}),
    ...(version === undefined
      ? {}
      : { holds: await holdsOf(reader, version, { unit: unit!, newest, licenses }) }),
  };
}

async function identitiesWith(authority: Authority, uniqueId: string): Promise<IdentityView[]> {
  const rows = await authority.store.findIdentities(fromHex(uniqueId), mostCandidates);
  return viewIdentities(authority, rows).filter(
    (one) => one !== undefined && one.uniqueId === uniqueId,
  ) as IdentityView[];
}

/**
 * By thumbprint. A chip that was personalized again has several thumbprints, in no
 * order that a page could have.
 */
async function namesOf(
  authority: Authority,
  { thumbprint = '', product, firmwareVersion }: UnitSearch,
  { identities, page }: { identities: readonly IdentityView[] | undefined; page: Page },
): Promise<UnitName[]> {
  const filter: UnitFilter = {
    ...(product === undefined ? {} : { product }),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
  };
  if (identities === undefined)
    return authority.store.findUnits({ ...filter, thumbprints: rangeOf(thumbprint) }, page);
  const own = [...new Set(identities.map((one) => toHex(one.thumbprint)))].filter((one) =>
    one.startsWith(thumbprint),
  );
  const end = page.from + page.limit;
  const found = await Promise.all(
    own
      .sort()
      .map((one) =>
        authority.store.findUnits({ ...filter, thumbprints: rangeOf(one) }, { from: 0, limit: end }),
      ),
  );
  return found.flat().slice(page.from, end);
}

/** One unit more than the page's limit is no error: whoever asks so learns whether there is more. */
export async function findUnits(
  authority: Authority,
  search: UnitSearch,
  page: Page,
): Promise<{ units: FoundUnit[]; identities: IdentityView[] }> {
  const { uniqueId, firmwareVersion: version } = search;
  const identities = uniqueId === undefined ? undefined : await identitiesWith(authority, uniqueId);
  const names = await namesOf(authority, search, { identities, page });
  const reader = new Reader(authority);
  const units: FoundUnit[] = [];
  for (const name of names) units.push(await viewFound(authority, reader, { name, version }));
  return { units, identities: identities ?? [] };
}
