// What stands in a chip's flash before personalization: the anchor, and an agent behind the header of slot A.

import { readFileSync } from 'node:fs';
import { agentHeader, agentHeaderBytes, agentVectors, agentVersion, type Chip } from '@firmseal/chips';
import { readImage, type Segment } from '@firmseal/image';
import { anchorTargetOf } from './targets.ts';
import { buildAgent } from './thumb.ts';

const codeGrainBytes = 32;

/** The code of an agent's executable, from its vectors on, padded as its header counts it. */
export function codeOf(elf: string, chip: Chip): Uint8Array<ArrayBuffer> {
  const { segments } = readImage(readFileSync(elf));
  const start = agentVectors(chip);
  const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
  const code = new Uint8Array(Math.ceil((end - start) / codeGrainBytes) * codeGrainBytes).fill(0xff);
  for (const { address, bytes } of segments) code.set(bytes, address - start);
  return code;
}

/** Header and code of an agent's executable as they stand in slot A. */
export function agentSlot(elf: string, chip: Chip, counter = agentVersion): Segment {
  const code = codeOf(elf, chip);
  const bytes = new Uint8Array(agentHeaderBytes + code.length);
  bytes.set(agentHeader({ codeBytes: code.length, counter }));
  bytes.set(code, agentHeaderBytes);
  return { address: chip.layout.agent.addressStart, bytes };
}

/** The anchor of the sources, or another executable, and the agent of an executable. */
export function shippedSegments(
  elf: string,
  chip: Chip,
  anchorElf = buildAgent(anchorTargetOf(chip.id)).elf,
): readonly Segment[] {
  const anchor = readImage(readFileSync(anchorElf)).segments;
  return [...anchor, agentSlot(elf, chip)].sort((a, b) => a.address - b.address);
}
