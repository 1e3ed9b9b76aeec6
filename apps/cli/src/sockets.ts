// Socket addresses of the command line: `tcp:HOST:PORT` today. Whatever the kind, a socket is where it is plugged in,
// never what is plugged into it.

import { Fault } from '@firmseal/fault';
import type { ByteStream } from '@firmseal/link';
import { connectTcp } from '@firmseal/tcp-adapter';
import { readHostPort } from './numbers.ts';

/** Opens the link of a socket. Throws `option-invalid`, and the link's own faults. */
export function openSocket(socket: string): Promise<ByteStream> {
  const [, kind, place] = /^(\w+):(.+)$/.exec(socket) ?? [];
  if (kind !== 'tcp' || place === undefined) {
    throw new Fault('option-invalid', { option: '--socket', value: socket, expected: 'tcp:HOST:PORT' });
  }
  const { host, port } = readHostPort(place, '--socket');
  return connectTcp(host, port);
}
