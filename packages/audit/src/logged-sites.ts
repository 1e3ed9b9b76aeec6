// Sites as the log tells of them (spec/device.md section 7): the changes of their caps, and the chips that
// were certified for them. Changes and certificates may be logged in another order than the signer decided
// them, so what is in force around the time of a certificate is looked at, and only at the end.

import type { LoggedMoment } from './logged-job.ts';
import { type Fields, must, toleranceMs } from './logged-steps.ts';

export interface LoggedCap extends LoggedMoment {
  readonly product: string;
  readonly site: string;
  readonly cap: number;
  readonly untilMs: number;
  readonly number: number;
}

interface Certified {
  readonly sequence: number;
  readonly timeMs: number;
  /** Certificates of the site with this one. */
  readonly count: number;
}

interface LoggedSite {
  readonly product: string;
  readonly site: string;
  readonly caps: LoggedCap[];
  readonly certified: Certified[];
}

export interface SiteExcess {
  readonly sequence: number;
  readonly detail: string;
}

export class LoggedSites {
  readonly #sites = new Map<string, LoggedSite>();
  /** Product and thumbprint. */
  readonly #devices = new Set<string>();

  #siteOf(fields: Fields): LoggedSite {
    const [product, site] = [fields.text('product'), fields.text('site')];
    const key = `${product} ${site}`; // no name has a blank
    const found = this.#sites.get(key) ?? { product, site, caps: [], certified: [] };
    this.#sites.set(key, found);
    return found;
  }

  setCap(fields: Fields, at: LoggedMoment): void {
    const { product, site, caps } = this.#siteOf(fields);
    const [cap, untilMs] = [fields.number('cap'), fields.number('until')];
    const change = { ...at, product, site, cap, untilMs, number: fields.number('number') };
    const last = caps.at(-1);
    // A change whose answer was lost is logged again.
    const isSame = last?.number === change.number && last.cap === cap && last.untilMs === untilMs;
    const isNewer = last === undefined || last.number < change.number;
    must(isNewer || isSame || at.timeMs - last.timeMs < toleranceMs, 'a change of a cap after a newer one');
    caps.push(change);
  }

  certify(fields: Fields, { sequence, timeMs }: LoggedMoment): void {
    const found = this.#siteOf(fields);
    const device = `${found.product} ${fields.hex('thumbprint')}`;
    must(!this.#devices.has(device), 'a certificate of a chip a second time');
    this.#devices.add(device);
    found.certified.push({ sequence, timeMs, count: found.certified.length + 1 });
  }

  get caps(): LoggedCap[] {
    return [...this.#sites.values()].flatMap(({ caps }) => caps);
  }

  /** Certificates that no authority would have given. */
  get excesses(): SiteExcess[] {
    return [...this.#sites.values()].flatMap((one) =>
      one.certified.flatMap((certificate) => {
        const detail = excessOf(one, certificate);
        return detail === undefined ? [] : [{ sequence: certificate.sequence, detail }];
      }),
    );
  }

  /** What each site has come to. */
  get summaries(): string[] {
    return [...this.#sites.values()].map(({ product, site, caps, certified }) => {
      const last = caps.at(-1);
      const until = last === undefined ? '' : `, until ${new Date(last.untilMs).toISOString()}`;
      return `site ${site}: ${certified.length} of ${last?.cap ?? 0} chips of product ${product} certified${until}`;
    });
  }
}

function excessOf({ product, site, caps }: LoggedSite, { timeMs, count, sequence }: Certified) {
  const before = caps.findLast((one) => one.sequence < sequence);
  const around = caps.filter((one) => Math.abs(one.timeMs - timeMs) < toleranceMs);
  const inForce = [...(before === undefined ? [] : [before]), ...around];
  // One that was replaced a moment ago was in force when the request came.
  const replaced = around.map((one) => caps[caps.indexOf(one) - 1]).filter((one) => one !== undefined);
  const all = [...inForce, ...replaced];
  if (all.length === 0) return `a certificate for site ${site}, which may have none of product ${product}`;
  const most = Math.max(...all.map(({ cap }) => cap));
  if (count > most)
    return `certificate ${count} of product ${product} for site ${site}, whose cap is ${most}`;
  const untilMs = Math.max(...all.map((one) => one.untilMs));
  if (timeMs > untilMs + toleranceMs)
    return `a certificate of product ${product} for site ${site} after ${new Date(untilMs).toISOString()}`;
  return undefined;
}
