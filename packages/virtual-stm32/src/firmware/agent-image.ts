// How anchor and agent, compiled to WebAssembly, stand in the chip's flash: 16 bytes (magic "FSWA", length of
// the rest, 8 bytes 0xFF), then the module, deflated: it is longer than machine code. They take the places
// that machine code has on a real chip, the agent behind the header of its slot, so that erasing or altering
// either means the same here as there.
//
// One file holds both: the agent's module, with the anchor's in a custom
// section that WebAssembly passes over.

import { deflateSync, inflateSync } from 'node:zlib';
import {
  agentHeader,
  agentHeaderBytes,
  agentVectors,
  agentVersion,
  type Chip,
  type Range,
} from '@firmseal/chips';

const headerBytes = 16;
const magic = Uint8Array.of(0x46, 0x53, 0x57, 0x41); // "FSWA"
const sectionName = 'firmseal-anchor';
/** Before the first section of a module: magic and version. */
const preambleBytes = 8;

export interface AgentImagePart {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An unsigned LEB128 number at the place, and the place behind it. */
function lengthAt(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7, at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at + 1];
  }
  throw new RangeError('a module with a length of more than five bytes');
}

function leb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(Math.floor(value / 0x80))];
}

/** The agent's module with the anchor's in it: what agentImage takes. */
export function withAnchor(agent: Uint8Array, anchor: Uint8Array): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(sectionName);
  const head = [0, ...leb128(1 + name.length + anchor.length), name.length, ...name];
  const whole = new Uint8Array(agent.length + head.length + anchor.length);
  whole.set(agent);
  whole.set(head, agent.length);
  whole.set(anchor, agent.length + head.length);
  return whole;
}

/** RangeError for a module without an anchor. */
export function splitAnchor(module: Uint8Array): { agent: Uint8Array; anchor: Uint8Array } {
  for (let at = preambleBytes; at < module.length; ) {
    const start = at;
    const [length, content] = lengthAt(module, at + 1);
    at = content + length;
    if (module[start] !== 0) continue;
    const name = module.subarray(content + 1, content + 1 + module[content]!);
    if (new TextDecoder().decode(name) !== sectionName) continue;
    const agent = new Uint8Array(module.length - (at - start));
    agent.set(module.subarray(0, start));
    agent.set(module.subarray(at), start);
    return { agent, anchor: module.slice(content + 1 + name.length, at) };
  }
  throw new RangeError('a module of an agent without its anchor');
}

/** A multiple of 32 bytes, filled with 0xFF. RangeError when it is longer than the room. */
function framed(module: Uint8Array, room: number, what: string): Uint8Array<ArrayBuffer> {
  const packed = deflateSync(module);
  const image = new Uint8Array(Math.ceil((headerBytes + packed.length) / 32) * 32).fill(0xff);
  if (image.length > room) throw new RangeError(`${what} of ${packed.length} bytes, with room for ${room}`);
  image.set(magic);
  new DataView(image.buffer).setUint32(4, packed.length, true);
  image.set(packed, headerBytes);
  return image;
}

/** The code of the agent as it stands behind the header of a slot. */
export function agentCode(module: Uint8Array, chip: Chip): Uint8Array<ArrayBuffer> {
  return framed(
    splitAnchor(module).agent,
    chip.layout.agent.length - agentHeaderBytes,
    `an agent of ${chip.id}`,
  );
}

/**
 * What to write into which place of a blank chip; every part is a multiple of 32 bytes, filled with 0xFF.
 * RangeError when a module is longer than the place that the chip has for it.
 */
export function agentImage(module: Uint8Array, chip: Chip): readonly AgentImagePart[] {
  const { anchor, agent } = chip.layout;
  const code = agentCode(module, chip);
  const slot = new Uint8Array(agentHeaderBytes + code.length);
  slot.set(agentHeader({ codeBytes: code.length, counter: agentVersion }));
  slot.set(code, agentHeaderBytes);
  const first = framed(splitAnchor(module).anchor, anchor.length, `an anchor of ${chip.id}`);
  return [
    { address: anchor.addressStart, bytes: first },
    { address: agent.addressStart, bytes: slot },
  ].sort((a, b) => a.address - b.address);
}

/** Where the chip looks for a module: what a reset starts, and what the anchor jumps to. */
export function modulePlace({ layout }: Chip, address: number): Range | undefined {
  const { anchor, agent } = layout;
  if (address === anchor.addressStart) return anchor;
  if (address !== agentVectors({ layout })) return undefined;
  return { addressStart: address, length: agent.length - agentHeaderBytes };
}

/** Far above every module. */
const moduleMaxBytes = 1 << 20;

/** Undefined for what was altered or erased in part. */
function unpacked(packed: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(inflateSync(packed, { maxOutputLength: moduleMaxBytes }));
  } catch {
    return undefined;
  }
}

/**
 * The module that stands there, read by `read` (undefined: a fault); undefined when no module stands there.
 */
export function readModule(
  { addressStart, length: room }: Range,
  read: (address: number, length: number) => Uint8Array | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  const header = read(addressStart, headerBytes);
  if (header === undefined || !magic.every((byte, i) => header[i] === byte)) return undefined;
  const length = headerBytes + new DataView(header.buffer, header.byteOffset).getUint32(4, true);
  const bytes = length > room ? undefined : read(addressStart, length);
  return bytes === undefined ? undefined : unpacked(bytes.subarray(headerBytes));
}
