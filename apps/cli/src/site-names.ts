// Names of sites, and of stations of a site, as options and arguments take them.

import { InvalidArgumentError } from '@commander-js/extra-typings';
import { siteName } from '@firmseal/approval';
import { stationListName } from '@firmseal/station';

export function siteArgument(text: string): string {
  if (siteName.test(text)) return text;
  throw new InvalidArgumentError('A site has 1 to 30 printable ASCII characters without blank, slash and *.');
}

/** `hall` or `hall/desk-1`. */
export function stationAtSite(text: string): string {
  if (stationListName.test(text) && siteName.test(text.split('/')[0]!)) return text;
  throw new InvalidArgumentError('A site is due, or SITE/NAME, of at most 32 characters.');
}
