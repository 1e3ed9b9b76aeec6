// Socket addresses of the command line: `tcp:HOST:PORT` today. Whatever the kind, a socket is where it is
// plugged in, never what is plugged into it.

import { Fault } from '@firmseal/fault';
import type { ByteStream } from '@firmseal/link';
import type { DebugProbe } from '@firmseal/personalization';
import { connectTcp } from '@firmseal/tcp-adapter';
import { virtualProbe } from '@firmseal/virtual-probe';
import { toHostPort } from './options.ts';

/**
 * The place behind `KIND:`. Throws `option-invalid` for another kind and for a place that is no HOST:PORT.
 */
function readPlace(address: string, option: string, kind: string): { host: string; port: number } {
  const place = address.startsWith(`${kind}:`) ? toHostPort(address.slice(kind.length + 1)) : undefined;
  if (place === undefined)
    throw new Fault('option-invalid', { option, value: address, expected: `${kind}:HOST:PORT` });
  return place;
}

/** How to open the link of a socket; its address is checked now. Throws `option-invalid`. */
export function linkOf(socket: string): () => Promise<ByteStream> {
  const { host, port } = readPlace(socket, '--socket', 'tcp');
  return () => connectTcp(host, port);
}

/** The debug port at an address. Throws `option-invalid`. */
export function openProbe(address: string): DebugProbe {
  return virtualProbe(readPlace(address, '--probe', 'virtual'));
}
