// Where an authority is: the one place that decides which addresses a token may be sent to.

import { Fault } from '@firmseal/fault';

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

/**
 * The address without a slash at its end; calls are appended to it, so it keeps a path (`https://host/firmseal`). Throws
 * `authority-address-invalid`, and `authority-url-insecure` for http to another machine than this one: a
 * token would cross the network in clear.
 */
export function readAuthorityAddress(text: string): string {
  const invalid = (problem: string) => new Fault('authority-address-invalid', { problem });
  if (!URL.canParse(text)) throw invalid('it is not a URL');
  const { protocol, hostname, origin, pathname, username, password, search, hash } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') throw invalid('it begins with neither https nor http');
  if (username !== '' || password !== '') throw invalid('it names a user');
  if (search !== '' || hash !== '') throw invalid('it has a query or a fragment');
  if (protocol === 'http:' && !isLoopback(hostname)) throw new Fault('authority-url-insecure');
  return origin + pathname.replace(/\/+$/, '');
}
