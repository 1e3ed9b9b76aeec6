// Frames on the socket between authority and signer: two lengths of 4 bytes, big-endian, then JSON in UTF-8
// of the first length, then bytes. In the JSON `{"bytes": n}` stands for the next n of those bytes. The
// lengths come from the other side and are held to the limit before anything is kept.

import type { Duplex } from 'node:stream';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

const headSizeBytes = 8;

const malformed = (problem: string, cause?: unknown) =>
  new Fault('signer-request-malformed', { problem }, { cause });

/** The value with each byte string replaced; the strings are added to `parts`. */
function withoutBytes(value: unknown, parts: Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    parts.push(value);
    return { bytes: value.length };
  }
  if (Array.isArray(value)) return value.map((one) => withoutBytes(one, parts));
  const plain: Record<string, unknown> = {};
  for (const key of Object.keys(value))
    plain[key] = withoutBytes((value as Record<string, unknown>)[key], parts);
  return plain;
}

function encodeFrame(value: unknown): Buffer {
  const parts: Uint8Array[] = [];
  const json = JSON.stringify(withoutBytes(value, parts));
  const jsonSizeBytes = Buffer.byteLength(json);
  const partsSizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
  const frame = Buffer.allocUnsafe(headSizeBytes + jsonSizeBytes + partsSizeBytes);
  frame.writeUInt32BE(jsonSizeBytes, 0);
  frame.writeUInt32BE(partsSizeBytes, 4);
  frame.write(json, headSizeBytes);
  let at = headSizeBytes + jsonSizeBytes;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

export function writeFrame(socket: Duplex, value: unknown): void {
  socket.write(encodeFrame(value));
}

/** Frames of the same turn of the event loop leave together: a write costs more than a frame. */
export class FrameWriter {
  readonly #socket: Duplex;
  #frames: Buffer[] = [];

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  write(value: unknown): void {
    if (this.#frames.push(encodeFrame(value)) === 1) process.nextTick(() => this.flush());
  }

  flush(): void {
    const [first, ...others] = this.#frames;
    this.#frames = [];
    if (first !== undefined)
      this.#socket.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
  }
}

const text = new TextDecoder('utf-8', { fatal: true });

/** Puts bytes back, in the order in which they were taken out: that of the JSON. */
class PartReader {
  /**
   * Copied once for all of them: what is kept of a frame must not keep the rest of what arrived with it, and
   * memory outside of the heap costs more to ask for than to fill.
   */
  readonly #parts: Bytes;
  #at = 0;

  constructor(parts: Buffer) {
    this.#parts = new Uint8Array(parts);
  }

  #take(size: unknown): Bytes {
    const rest = this.#parts.length - this.#at;
    if (!Number.isInteger(size) || (size as number) < 0 || (size as number) > rest)
      throw malformed('bytes that are not there');
    const start = this.#at;
    this.#at += size as number;
    return this.#parts.subarray(start, this.#at);
  }

  fill(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one) => this.fill(one));
    const keys = Object.keys(value);
    const fields = value as Record<string, unknown>;
    if (keys.length === 1 && keys[0] === 'bytes') return this.#take(fields['bytes']);
    for (const key of keys) fields[key] = this.fill(fields[key]);
    return fields;
  }

  end(): void {
    if (this.#at !== this.#parts.length) throw malformed('bytes without a place');
  }
}

function decodeFrame(frame: Buffer, jsonSizeBytes: number): unknown {
  const endOfJson = headSizeBytes + jsonSizeBytes;
  let value: unknown;
  try {
    value = JSON.parse(text.decode(frame.subarray(headSizeBytes, endOfJson)));
  } catch (cause) {
    throw malformed('a frame that is not JSON', cause);
  }
  const parts = new PartReader(frame.subarray(endOfJson));
  const filled = parts.fill(value);
  parts.end();
  return filled;
}

/** The values that arrive, until the stream ends. Throws `signer-request-malformed`. */
export async function* readFrames(socket: Duplex, mostBytes: number): AsyncGenerator<unknown> {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    while (sizeBytes >= headSizeBytes) {
      if (chunks[0]!.length < headSizeBytes) chunks = [Buffer.concat(chunks)];
      const jsonSizeBytes = chunks[0]!.readUInt32BE(0);
      const lengthBytes = jsonSizeBytes + chunks[0]!.readUInt32BE(4);
      if (lengthBytes > mostBytes) throw malformed(`a frame of ${lengthBytes} bytes`);
      const endBytes = headSizeBytes + lengthBytes;
      if (sizeBytes < endBytes) break;
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks = [all.subarray(endBytes)];
      sizeBytes -= endBytes;
      yield decodeFrame(all.subarray(0, endBytes), jsonSizeBytes);
    }
  }
}
