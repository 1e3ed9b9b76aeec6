// The network address that a request came from, as a name for limits. Behind a proxy it is the proxy's.

import type { Context } from 'hono';

interface NodeBindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

/** An IPv4 address; the first 64 bits of an IPv6 address, which one user has whole. */
export function addressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as NodeBindings;
  const address = (incoming?.socket?.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  if (!address.includes(':')) return address;
  const [head = ''] = address.split('%');
  const [left = '', right = ''] = head.split('::');
  const start = left === '' ? [] : left.split(':');
  const end = right === '' ? [] : right.split(':');
  const zeros = Array(Math.max(0, 8 - start.length - end.length)).fill('0');
  return `${[...start, ...zeros, ...end].slice(0, 4).join(':')}::/64`;
}
