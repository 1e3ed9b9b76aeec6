// A row of the table of causes as people and programs read it.

import type { Cause } from '@firmseal/sfi';

/** The table is written for a page: links become their text. */
const plain = (text: string): string => text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');

/** Threads end without an answer, too. */
const helps = (remedy: string | undefined): remedy is string =>
  remedy !== undefined && !/^not (?:known|solved)/.test(remedy);

export const causeLines = ({ on, cause, remedy, license, source }: Cause): string[] => [
  `  Cause${on === undefined ? '' : `, seen on ${plain(on)}`}: ${plain(cause)} (${plain(source)})`,
  ...(!helps(remedy) ? [] : [`  What to do: ${plain(remedy)}`]),
  ...(license === undefined ? [] : [`  License in the published case: ${plain(license)}`]),
];

export const causeEvent = ({ id, on, cause, remedy, license, source }: Cause) => ({
  id,
  ...(on === undefined ? {} : { on }),
  cause,
  ...(remedy === undefined ? {} : { remedy }),
  ...(license === undefined ? {} : { license }),
  source,
});

/** The remedy of a fault that has this cause. */
export const remedyOf = (found: Cause | undefined, otherwise: string): string =>
  !helps(found?.remedy)
    ? otherwise
    : `${plain(found.cause)}: ${plain(found.remedy)} (${plain(found.source)}).`;
