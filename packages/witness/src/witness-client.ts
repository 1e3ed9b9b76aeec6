// What a ledger asks of a witness: a cosignature over its newest checkpoint. A witness that is away may
// answer later; one that refuses says that the ledger is not the one it has seen.

import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  findSignature,
  formatWitnessRequest,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseSignatures,
  type TileTree,
  witnessPath,
  witnessSizeType,
} from '@firmseal/ledger';

export interface WitnessClientOptions {
  readonly crypto: Crypto & Ed25519;
  /** Kind `witness`. */
  readonly key: NoteKey;
  /** Submission prefix of the witness, without a slash at its end. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  /** Of one request; default 5000. */
  readonly timeoutMs?: number;
}

export type Cosigned =
  | { readonly kind: 'cosigned'; readonly signature: NoteSignature }
  /** No answer, or none that helps now. */
  | { readonly kind: 'away'; readonly reason: string };

const answerSizeBytesAtMost = 65_536;
/** The witness may name its size once, and another ledger process may have been quicker once. */
const triesAtMost = 3;

export class WitnessClient {
  readonly #options: WitnessClientOptions;
  /** As the witness said last. */
  #seen = 0;

  constructor(options: WitnessClientOptions) {
    this.#options = options;
  }

  get key(): NoteKey {
    return this.#options.key;
  }

  get name(): string {
    return this.#options.key.name;
  }

  /**
   * Asks for a cosignature over the checkpoint of this tree. Throws `witness-ahead` when the witness has seen
   * a longer ledger, and `witness-refused` when it has seen another one, or does not know this one.
   */
  async cosign(tree: TileTree, checkpoint: string): Promise<Cosigned> {
    for (let attempt = 0; attempt < triesAtMost; attempt++) {
      const proof = await tree.proveConsistency(this.#seen);
      const answer = await this.#post(formatWitnessRequest({ old: this.#seen, proof, checkpoint }));
      if (answer === undefined) return { kind: 'away', reason: 'there is no answer' };
      const { status, type, body } = answer;
      if (status === 200) return this.#take(checkpoint, body, tree.size);
      if (status === 409 && type.startsWith(witnessSizeType)) {
        const seen = /^(0|[1-9]\d{0,15})\n$/.exec(body)?.[1];
        if (seen === undefined) return { kind: 'away', reason: 'its answer names no size' };
        this.#seen = Number(seen);
        if (this.#seen > tree.size)
          throw new Fault('witness-ahead', { witness: this.name, seen: this.#seen, size: tree.size });
        continue;
      }
      if ([403, 404, 409, 422].includes(status))
        throw new Fault('witness-refused', {
          ...{ witness: this.name, size: tree.size, status },
          problem: `status ${status}, ${body.trim().slice(0, 200)}`,
        });
      return { kind: 'away', reason: `status ${status}` };
    }
    return { kind: 'away', reason: 'others ask it for the same ledger' };
  }

  #take(checkpoint: string, body: string, size: number): Cosigned {
    const { crypto, key } = this.#options;
    const { text } = parseNote(checkpoint, 'The checkpoint');
    try {
      const signature = parseSignatures(body, 'The answer of the witness').find(
        (one) => findSignature(crypto, { text, signatures: [one] }, key) !== undefined,
      );
      if (signature === undefined) return { kind: 'away', reason: 'its cosignature is not by its key' };
      this.#seen = size;
      return { kind: 'cosigned', signature };
    } catch {
      return { kind: 'away', reason: 'its answer has no cosignature' };
    }
  }

  async #post(body: string): Promise<{ status: number; type: string; body: string } | undefined> {
    const { fetch: send = fetch, url, timeoutMs = 5000 } = this.#options;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await send(url + witnessPath, { method: 'POST', body, redirect: 'error', signal });
      const type = response.headers.get('content-type') ?? '';
      return { status: response.status, type, body: await boundedText(response) };
    } catch {
      return undefined;
    }
  }
}

/** Throws for a body that is longer than any answer of a witness. */
async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > answerSizeBytesAtMost) throw new Error('the answer is too long');
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
