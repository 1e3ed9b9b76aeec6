// Which of several lines leads to an agent: each is opened and asked, one after the other, with little
// patience. Most serial ports have something else behind them.

import { AgentClient } from '@firmseal/agent-client';
import { Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import type { SocketOpener } from '@firmseal/programmer';

const answerTimeoutMs = 400;

async function answers(opener: SocketOpener, socket: string, clock: Clock): Promise<boolean> {
  try {
    const stream = await opener.open(socket);
    const agent = await AgentClient.connect({ stream, clock, answerTimeoutMs, attempts: 2 });
    await agent.close();
    return true;
  } catch (error) {
    // A port that is in use, or silent, is not the one.
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** The sockets where an agent answered, in their order. */
export async function findAgent(
  opener: SocketOpener,
  sockets: readonly string[],
  clock: Clock,
): Promise<string[]> {
  const found: string[] = [];
  for (const socket of sockets) if (await answers(opener, socket, clock)) found.push(socket);
  return found;
}
