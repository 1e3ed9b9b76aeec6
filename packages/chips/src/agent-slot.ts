// Where an agent's code stands in its slot: behind a header, which here has no statement,
// as an agent has it that personalization writes.

import type { Chip } from './chip.ts';
import type { Range } from './range.ts';

/** Bytes of the header; a multiple of every write unit and of every alignment of a vector table. */
export const agentHeaderBytes = 1024;

/** Where the vector table of the agent in slot A stands: agents are linked for it. */
export const agentVectors = ({ layout }: Pick<Chip, 'layout'>): number =>
  layout.agent.addressStart + agentHeaderBytes;

/** The code is padded to whole pieces of this size. */
const codeGrainBytes = 32;

/**
 * The header of an agent that nobody signed: magic "FSAG", version 1, no statement, length of the code,
 * counter; zeros to its end. RangeError for code that is no multiple of 32 bytes.
 */
export function agentHeader({ codeBytes, counter }: { codeBytes: number; counter: number }) {
  if (codeBytes % codeGrainBytes !== 0) throw new RangeError(`${codeBytes} bytes of code are not padded`);
  const header = new Uint8Array(agentHeaderBytes);
  const view = new DataView(header.buffer);
  header.set([0x46, 0x53, 0x41, 0x47]);
  view.setUint16(4, 1, true);
  view.setUint32(8, codeBytes, true);
  view.setUint32(12, counter, true);
  return header;
}

/** Bytes of what the agent leaves in RAM for the application: spec/agent.md section 10. */
const statusBytes = 1280;

/** Where that stands: the end of the RAM in which the agent works. */
export function statusPlace({ ram: [first] }: Pick<Chip, 'ram'>): Range {
  return { addressStart: first!.addressStart + first!.length - statusBytes, length: statusBytes };
}
