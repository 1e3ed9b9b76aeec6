// A short look whether a chip is in a socket: opens the place, asks the agent for its info, and closes again.
// Nothing in the chip changes. The unique id tells one chip from the next; anybody can copy it, and it
// decides only whether a result still belongs to the chip that is there.

import { AgentClient } from '@firmseal/agent-client';
import { toHex } from '@firmseal/bytes';
import type { ByteStream, Clock } from '@firmseal/link';
import type { SocketOpener } from '@firmseal/programmer';

/** At a station: a long way, on which a packet may have to be sent again. */
const remotePatienceMs = 8000;

export interface LookOptions {
  readonly opener: SocketOpener;
  readonly clock: Clock;
  /** Of opening and of each answer; default 1,500, and 8,000 at a station. */
  readonly patienceMs?: number;
}

async function openWithin(
  place: string,
  { opener, clock, patienceMs = 1500 }: LookOptions,
): Promise<ByteStream | undefined> {
  const opened = opener.open(place);
  const late = new Promise<undefined>((resolve) => clock.after(patienceMs, () => resolve(undefined)));
  const stream = await Promise.race([opened, late]);
  // What opens too late has no owner.
  if (stream === undefined) opened.then((one) => one.close()).catch(() => undefined);
  return stream;
}

/** The unique id of the chip in the socket, hexadecimal; undefined where no agent answers. */
export async function lookForChip(place: string, given: LookOptions): Promise<string | undefined> {
  const options = place.startsWith('station:') ? { patienceMs: remotePatienceMs, ...given } : given;
  const { clock, patienceMs = 1500 } = options;
  try {
    const stream = await openWithin(place, options);
    if (stream === undefined) return undefined;
    const client = await AgentClient.connect({ stream, clock, answerTimeoutMs: patienceMs / 2, attempts: 2 });
    try {
      return toHex(client.info.uniqueId);
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}
