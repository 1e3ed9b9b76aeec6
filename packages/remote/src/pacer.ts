// Keeps the agent's window at the station: of all frames that the line sends ahead, the cable carries one
// that is not answered yet. So a record waits for the cable and never for the way to the line. Bytes are
// passed on as they are; nothing is repeated or answered here. spec/remote.md section 6, spec/link.md.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { answerBit, decodeFrame, FrameReader, pendingType } from '@firmseal/link';

/** What every agent allows. */
const window = 1;
/** The longest frame of a link in COBS, with room: what is longer is no frame and is passed on. */
const longestHeldBytes = 16_384;

interface HeldFrame {
  readonly bytes: Bytes;
  readonly type: number;
  readonly sequence: number;
}

export class Pacer {
  readonly #toChip: (bytes: Bytes) => void;
  readonly #reader = new FrameReader();
  readonly #held: HeldFrame[] = [];
  readonly #unanswered: { readonly type: number; readonly sequence: number }[] = [];
  #partial: Bytes = new Uint8Array(0);

  constructor(toChip: (bytes: Bytes) => void) {
    this.#toChip = toChip;
  }

  /** Bytes that the line sent. */
  fromLine(bytes: Uint8Array): void {
    let rest = this.#partial.length === 0 ? bytes.slice() : concatBytes(this.#partial, bytes);
    for (;;) {
      const end = rest.indexOf(0) + 1;
      if (end === 0) break;
      this.#takeFrame(rest.slice(0, end));
      rest = rest.slice(end);
    }
    this.#partial = rest;
    if (rest.length <= longestHeldBytes) return;
    this.#partial = new Uint8Array(0);
    this.#toChip(rest);
  }

  /** Bytes that the chip sent; they are only looked at. */
  fromChip(bytes: Uint8Array): void {
    this.#reader.push(bytes, ({ type, sequence }) => {
      if (type === pendingType) return;
      // The line keeps its order: an answer says that nothing sent before it will be answered any more.
      const at = this.#unanswered.findIndex(
        (one) => one.sequence === sequence && (one.type | answerBit) === type,
      );
      this.#unanswered.splice(0, at + 1);
      this.#pump();
    });
  }

  #takeFrame(bytes: Bytes): void {
    const frame = decodeFrame(bytes.subarray(0, bytes.length - 1));
    const isRepeat =
      frame !== undefined &&
      this.#unanswered.some((one) => one.type === frame.type && one.sequence === frame.sequence);
    // The line repeats what got no answer: behind the frames that wait for that answer
    // it would wait for ever.
    if (frame === undefined || isRepeat) {
      this.#toChip(bytes);
      return;
    }
    this.#held.push({ bytes, type: frame.type, sequence: frame.sequence });
    this.#pump();
  }

  #pump(): void {
    while (this.#unanswered.length < window) {
      const next = this.#held.shift();
      if (next === undefined) return;
      this.#unanswered.push({ type: next.type, sequence: next.sequence });
      this.#toChip(next.bytes);
    }
  }
}
