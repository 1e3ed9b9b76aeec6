// The code of an agent, from its vector table on, out of what personalization writes: spec/agent-image.md.

import { readAgentImage as readSlot } from '@firmseal/agent-image';
import type { Bytes } from '@firmseal/bytes';
import { type AgentBuild, type Chip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Segment } from '@firmseal/image';
import { readAgentImage } from './agent-image.ts';
import { readImageFile } from './image-file.ts';

/** Slot A as the segments fill it; the rest is erased. */
function slotOf({ layout }: Chip, segments: readonly Segment[]): Uint8Array {
  const { addressStart, length } = layout.agent;
  const slot = new Uint8Array(length).fill(0xff);
  for (const { address, bytes } of segments) {
    const from = Math.max(address, addressStart);
    const to = Math.min(address + bytes.length, addressStart + length);
    if (from < to) slot.set(bytes.subarray(from - address, to - address), from - addressStart);
  }
  return slot;
}

/** Of an agent in this installation. Throws as readAgentImage of ./agent-image.ts. */
export const agentCodeOf = (chip: Chip, build: AgentBuild): Bytes =>
  readSlot(slotOf(chip, readAgentImage(chip, build))).code;

/**
 * Of a file as `firmseal agent export` writes it. Throws `agent-file-foreign`, and what readImageFile does.
 */
export function agentCodeOfFile(chip: Chip, file: string): Bytes {
  const { segments } = readImageFile(file, {});
  try {
    return readSlot(slotOf(chip, segments)).code;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const address = hexAddress(chip.layout.agent.addressStart);
    throw new Fault('agent-file-foreign', { file, chip: chip.id, address }, { cause });
  }
}
