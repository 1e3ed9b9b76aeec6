// Options and values of options that several commands share. A value that cannot be read is commander's own
// error: the command line was wrong, and nothing has begun.

import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { isProductName } from '@firmseal/formats';
import { type AcceptedOutcomes, weaknesses } from '@firmseal/license';
import { stationListEntry, stationListMost, stationListName } from '@firmseal/station';

export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ firmseal ${line}`).join('\n')}\n`;

/** For an option that may be given several times. */
export const collect = (value: string, all: string[] = []): string[] => [...all, value];

/** The next value of `--accept`: an outcome that an owner takes besides PASS, each once. */
export function collectAccepted(text: string, all: AcceptedOutcomes = []): AcceptedOutcomes[number][] {
  const acceptable = [...weaknesses, 'DONE-UNPROVEN'] as const;
  const found = acceptable.find((one) => one === text.toUpperCase());
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${acceptable.join(', ')}.`);
  return [...all.filter((one) => one !== found), found];
}

/** Name of a station in the list of a job. */
export function listedStation(text: string): string {
  if (stationListName.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 32 printable letters without blank and asterisk.');
}

/** The next value of `--station` of a job: a station, or a site. */
export function collectStations(text: string, all: string[] = []): string[] {
  if (!stationListEntry.test(text))
    throw new InvalidArgumentError('It must be the name of a station, or SITE/* for all stations of a site.');
  if (all.length >= stationListMost)
    throw new InvalidArgumentError(`A job lists at most ${stationListMost} stations and sites.`);
  return [...all, text];
}

const decimalOrHex = /^(0x[0-9a-fA-F]+|\d+)$/;

/** Decimal or 0x-hexadecimal within the bounds; undefined for anything else. */
export function toNumber(text: string, { least = 0, most = 0x7fffffff } = {}): number | undefined {
  const value = decimalOrHex.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;
}

/** Reads a number within the bounds. */
export const number =
  (bounds: { least?: number; most?: number } = {}) =>
  (text: string): number => {
    const value = toNumber(text, bounds);
    if (value !== undefined) return value;
    const { least = 0, most = 0x7fffffff } = bounds;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };

export const address = number({ most: 0xffff_ffff });
export const port = number({ most: 65535 });
export const level = (text: string): 0 | 1 | 2 => number({ most: 2 })(text) as 0 | 1 | 2;

/** `HOST:PORT`, IPv6 in brackets; undefined for anything else. */
export function toHostPort(text: string): { host: string; port: number } | undefined {
  const [, host, digits = ''] = /^(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(text) ?? [];
  const found = toNumber(digits, { most: 65535 });
  return host === undefined || found === undefined
    ? undefined
    : { host: host.replace(/^\[|\]$/g, ''), port: found };
}

export function hostPort(text: string): { host: string; port: number } {
  const found = toHostPort(text);
  if (found === undefined) throw new InvalidArgumentError('It must be HOST:PORT.');
  return found;
}

// Each command gets objects of its own: commander keeps them.
/** Where a server listens; `address` is HOST:PORT, as --help shows it. */
export const listenOption = (address: string) =>
  new Option('--listen <host:port>', 'address to listen on; port 0 lets the system choose')
    .argParser(hostPort)
    .default(hostPort(address), address);
export const authorityOption = () =>
  new Option('--authority <url>', 'address of the authority').makeOptionMandatory();
export const tokenOption = () =>
  new Option('--token-file <file>', 'file with the token').makeOptionMandatory();
export const rootKeyOption = () =>
  new Option('--root-key <file>', "the root's public key").makeOptionMandatory();
export function productName(text: string): string {
  if (isProductName(text)) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 32 letters, digits, dots, dashes or underscores, and begin with a letter or a digit.',
  );
}
export const productOption = () =>
  new Option('--product <name>', 'product').argParser(productName).makeOptionMandatory();
export const lifeOption = (usual: number) =>
  new Option('--days <number>', 'how long the token lives')
    .default(usual)
    .argParser(number({ least: 1, most: 3650 }));
export const entryOption = () =>
  new Option(
    '--entry <address>',
    'where the vector table is linked, for an image with a header before it',
  ).argParser(address);
export function stationName(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 63 small letters, digits, - or _, and begin with a letter or digit.',
  );
}
export const stationsOption = () =>
  new Option(
    '--stations <file>',
    'how stations are reached, for places that begin with station: (docs/remote.md)',
  );
export const passphraseOption = (key: string) =>
  new Option('--passphrase-file <file>', `first line is the passphrase of ${key}`);
