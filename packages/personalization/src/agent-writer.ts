// Who writes the agent into a chip and starts it: a programmer beside this program, or one that works at
// another place and takes whole orders.

import type { Chip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { ChipProgrammer } from '@firmseal/programming';
import { agentAddress, type WriteAgentOptions, writeAgent } from './write-agent.ts';

export interface AgentWriter {
  /** As writeAgent of write-agent.ts, and its faults and those of the way. */
  write(order: WriteAgentOptions): Promise<void>;
  /** Starts the agent of a chip that waits in its ROM bootloader; one that runs already is left alone. */
  start(): Promise<void>;
}

/** Faults of a way that leads nowhere: the chip is protected, or runs its agent. */
export const closedWay: ReadonlySet<string> = new Set([
  ...['bootloader-silent', 'probe-refused', 'probe-failed', 'openocd-no-target', 'openocd-memory-refused'],
  ...['dfu-interface-missing', 'dfu-not-dfuse', 'chip-protected', 'product-state-silent'],
]);

/** Nobody answers as a ROM bootloader does: perhaps the agent, whose words looked like an answer. */
const isNoBootloader = (error: unknown): boolean =>
  error instanceof Fault &&
  (closedWay.has(error.code) || /^bootloader-(lost|timeout|answer-malformed)$/.test(error.code));

/** Through a programmer that is opened for each step. */
export function agentWriter(openProgrammer: () => Promise<ChipProgrammer>, chip: Chip): AgentWriter {
  const through = async (use: (programmer: ChipProgrammer) => Promise<void>) => {
    const programmer = await openProgrammer();
    try {
      await use(programmer);
    } finally {
      await programmer.close().catch(() => undefined);
    }
  };
  return {
    write: (order) => through((programmer) => writeAgent(programmer, order)),
    start: async () => {
      try {
        await through(async (programmer) => {
          // The version of the ROM says how it starts a program.
          await programmer.identify();
          await programmer.boot(agentAddress(chip));
        });
      } catch (error) {
        if (!isNoBootloader(error)) throw error;
      }
    },
  };
}
