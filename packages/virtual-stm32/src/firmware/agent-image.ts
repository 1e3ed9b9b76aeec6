// How an agent that is compiled to WebAssembly stands in the chip's flash: 16 bytes of header (magic
// "FSWA", length of the module, 8 bytes 0xFF), then the module, laid over the agent ranges of the
// catalogue in order. It takes the place that machine code has on a real chip, so that erasing or altering
// the agent means the same here as there.

import type { Chip } from '@firmseal/chips';

const headerBytes = 16;
const magic = Uint8Array.of(0x46, 0x53, 0x57, 0x41); // "FSWA"

export interface AgentImagePart {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * What to write into which place of a blank chip; every part is a multiple of 32 bytes, filled with 0xFF.
 * RangeError when the module is longer than the agent ranges of the chip.
 */
export function agentImage(module: Uint8Array, chip: Chip): readonly AgentImagePart[] {
  const image = new Uint8Array(Math.ceil((headerBytes + module.length) / 32) * 32).fill(0xff);
  image.set(magic);
  new DataView(image.buffer).setUint32(4, module.length, true);
  image.set(module, headerBytes);
  const parts: AgentImagePart[] = [];
  let offset = 0;
  for (const { addressStart, length } of chip.layout.agent) {
    const bytes = image.slice(offset, offset + length);
    if (bytes.length > 0) parts.push({ address: addressStart, bytes });
    offset += bytes.length;
  }
  if (offset < image.length)
    throw new RangeError(`a module of ${module.length} bytes does not fit the agent ranges of ${chip.id}`);
  return parts;
}

/** The module that stands in flash, read by `read` (undefined: a fault); undefined when there is none. */
export function readAgentImage(
  chip: Chip,
  read: (address: number, length: number) => Uint8Array | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  const header = read(chip.layout.agent[0]!.addressStart, headerBytes);
  if (header === undefined || !magic.every((byte, i) => header[i] === byte)) return undefined;
  const length = headerBytes + new DataView(header.buffer, header.byteOffset).getUint32(4, true);
  const room = chip.layout.agent.reduce((sum, range) => sum + range.length, 0);
  if (length > room) return undefined;
  const image = new Uint8Array(length);
  let offset = 0;
  for (const range of chip.layout.agent) {
    const size = Math.min(range.length, length - offset);
    if (size === 0) break;
    const bytes = read(range.addressStart, size);
    if (bytes === undefined) return undefined;
    image.set(bytes, offset);
    offset += size;
  }
  return image.slice(headerBytes);
}
