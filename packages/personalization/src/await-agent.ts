// The agent of a chip that was just started or reset: it needs a moment, and on USB
// it leaves the bus for one.

import type { AgentClient } from '@firmseal/agent-client';
import { Fault } from '@firmseal/fault';
import { type Clock, sleep } from '@firmseal/link';

export interface OpenedAgent {
  readonly agent: AgentClient;
  readonly close: () => Promise<void>;
}

export type OpenAgent = () => Promise<OpenedAgent>;

const lookMs = 500;

/** Faults of a chip that is still on its way: nobody answers, or another device stands in its place. */
const isAway = (error: unknown): error is Fault =>
  error instanceof Fault && /^(link-(timeout|closed)|usb-|dfu-|place-|serial-)/.test(error.code);

/** Tries until the time is up. Throws what the last try met. */
export async function awaitAgent(
  openAgent: OpenAgent,
  { clock, withinMs }: { clock: Clock; withinMs: number },
): Promise<OpenedAgent> {
  const endMs = clock.nowMs() + withinMs;
  for (;;) {
    try {
      return await openAgent();
    } catch (error) {
      if (!isAway(error) || clock.nowMs() >= endMs) throw error;
    }
    await sleep(clock, lookMs);
  }
}
