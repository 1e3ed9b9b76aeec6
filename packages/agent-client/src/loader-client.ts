// The loader of a chip's anchor, which answers on the agent's line while no slot holds an agent that passes
// (spec/anchor.md section 4). It takes an image in order and checks it; nothing here verifies anything.

import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { boolean, decodeCbor, field, oneOf, readMap, textString } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { LinkClient, type LinkClientOptions } from '@firmseal/link';
import { readPayload } from './payload.ts';

const headerBytes = 1024;
const pieceBytes = 1024;
/** Type, sequence, offset, code, CRC. */
const longestContentBytes = 2 + 4 + pieceBytes + 4;
const infoMaxBytes = 4096;
const none = new Uint8Array(0);

const shape = {
  linkVersion: field(0, oneOf(1)),
  chipId: field(1, textString(1, 32, /^[!-~]+$/)),
  loader: field(32, boolean),
};

/** The chip that waits in its loader, in the payload of an info; undefined where an agent answered. */
export function readLoaderInfo(payload: Uint8Array): string | undefined {
  return readPayload('info', () => {
    const value = decodeCbor(payload, { maxBytes: infoMaxBytes });
    if (!(value instanceof Map) || value.get(32) !== true) return undefined;
    return readMap(value, shape, 'info').chipId;
  });
}

/** Every method rejects with the loader's fault, or with a `link-` fault. */
export class LoaderClient {
  readonly #link: LinkClient;
  readonly chipId: string;

  private constructor(link: LinkClient, chipId: string) {
    this.#link = link;
    this.chipId = chipId;
  }

  /** Takes over the stream. Rejects with `chip-has-agent` where an agent answers, and with `link-` faults. */
  static async connect(options: LinkClientOptions): Promise<LoaderClient> {
    const link = new LinkClient(options);
    try {
      // Twice, as an agent is asked: the first answer may be a repeat.
      await link.request('info', none);
      const chipId = readLoaderInfo(await link.request('info', none));
      if (chipId === undefined) throw new Fault('chip-has-agent');
      link.setLongestContentBytes(longestContentBytes);
      return new LoaderClient(link, chipId);
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /**
   * Sends an image: header, then code. After the last piece the chip has checked the whole, and resets into
   * it. `onProgress`: bytes that the chip holds.
   */
  async load(image: Uint8Array, onProgress: (bytes: number) => void = () => undefined): Promise<void> {
    await this.#link.request('agent-header', image.subarray(0, headerBytes));
    for (let at = headerBytes; at < image.length; ) {
      onProgress(at);
      const piece = image.subarray(at, at + pieceBytes);
      const awaited: Bytes = await this.#link.request('agent-code', concatBytes(u32le(at), piece));
      at += piece.length;
      if (awaited.length !== 4 || new DataView(awaited.buffer, awaited.byteOffset).getUint32(0, true) !== at)
        throw new Fault('link-answer-malformed', { what: 'agent-code' });
    }
    onProgress(image.length);
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
