// Frames on the socket between authority and signer: 4 bytes of length, big-endian, then so many bytes of
// JSON in UTF-8. The length comes from the other side and is held to the limit before anything is kept.

import type { Duplex } from 'node:stream';
import { Fault } from '@firmseal/fault';

const headSizeBytes = 4;

const malformed = (problem: string, cause?: unknown) =>
  new Fault('signer-request-malformed', { problem }, { cause });

export function writeFrame(socket: Duplex, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(headSizeBytes);
  head.writeUInt32BE(body.length);
  socket.write(Buffer.concat([head, body]));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed('a frame that is not JSON', cause);
  }
}

/** The JSON values that arrive, until the stream ends. Throws `signer-request-malformed`. */
export async function* readFrames(socket: Duplex, mostBytes: number): AsyncGenerator<unknown> {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    while (sizeBytes >= headSizeBytes) {
      if (chunks[0]!.length < headSizeBytes) chunks = [Buffer.concat(chunks)];
      const lengthBytes = chunks[0]!.readUInt32BE(0);
      if (lengthBytes > mostBytes) throw malformed(`a frame of ${lengthBytes} bytes`);
      const endBytes = headSizeBytes + lengthBytes;
      if (sizeBytes < endBytes) break;
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks = [all.subarray(endBytes)];
      sizeBytes -= endBytes;
      yield parse(all.subarray(headSizeBytes, endBytes));
    }
  }
}
