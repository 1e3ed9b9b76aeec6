// A witness (c2sp.org/tlog-witness): remembers of each ledger the newest checkpoint that it cosigned, and
// cosigns another one only when the ledger has kept every entry of it. It sees no entries, only hashes.

import { equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  findSignature,
  formatSignatures,
  type NoteKey,
  type NoteSigner,
  parseCheckpoint,
  parseNote,
  parseWitnessRequest,
  signNote,
  type TreeHead,
  verifyConsistency,
} from '@firmseal/ledger';

/** What a witness remembers: durable when `keep` returns. */
export interface WitnessState {
  find(origin: string): TreeHead | undefined;
  keep(origin: string, head: TreeHead, checkpoint: string): void;
}

export interface WitnessOptions {
  readonly crypto: Crypto & Ed25519;
  /** Key of kind `witness`. */
  readonly signer: NoteSigner;
  /** Keys of the ledgers that it serves; the name of a key is the origin. */
  readonly logs: readonly NoteKey[];
  readonly state: WitnessState;
  readonly nowMs?: () => number;
}

export class Witness {
  readonly #options: WitnessOptions;
  /** Ends when the request before has: looking and keeping are one step. */
  #previous: Promise<unknown> = Promise.resolve();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /**
   * Answers `add-checkpoint`: lines with its cosignature, once the checkpoint is kept. Throws
   * `witness-request-malformed`, `witness-log-unknown`, `witness-log-key-unknown`, `witness-size-wrong`
   * (field `seen` is the size that it has cosigned), `witness-fork-refused`, `witness-proof-refused`, and
   * what keeping throws; nothing is kept or signed then.
   */
  addCheckpoint(request: string): Promise<string> {
    const run = this.#previous.then(() => this.#addCheckpoint(request));
    this.#previous = run.catch(() => undefined);
    return run;
  }

  async #addCheckpoint(request: string): Promise<string> {
    const { crypto, signer, logs, state, nowMs = Date.now } = this.#options;
    const { old, proof, checkpoint: text } = parseWitnessRequest(request);
    const { note, head, origin } = readNote(text);
    const keys = logs.filter(({ name }) => name === origin);
    if (keys.length === 0) throw new Fault('witness-log-unknown', { log: origin });
    if (!keys.some((key) => findSignature(crypto, note, key) !== undefined))
      throw new Fault('witness-log-key-unknown', { log: origin });
    if (old > head.size)
      throw new Fault('witness-request-malformed', {
        problem: 'its old size is above that of the checkpoint',
      });
    const seen = state.find(origin);
    if (old !== (seen?.size ?? 0))
      throw new Fault('witness-size-wrong', { seen: seen?.size ?? 0, old, log: origin });
    const from = seen ?? { size: 0, root: head.root };
    if (seen?.size === head.size && !equalBytes(seen.root, head.root))
      throw new Fault('witness-fork-refused', { size: head.size, log: origin, root: toHex(head.root) });
    if (!verifyConsistency(crypto, { from, to: head, proof }))
      throw new Fault('witness-proof-refused', { old, size: head.size, log: origin });
    state.keep(origin, head, text);
    const timeSeconds = Math.floor(nowMs() / 1000);
    return formatSignatures([await signNote(crypto, signer, { text: note.text, timeSeconds })]);
  }
}

/** Throws `witness-request-malformed` for whatever is no checkpoint. */
function readNote(text: string) {
  try {
    const note = parseNote(text, 'The checkpoint');
    const { origin, size, root } = parseCheckpoint(note.text);
    return { note, origin, head: { size, root } };
  } catch (cause) {
    const problem = cause instanceof Fault ? cause.message : 'its text is no checkpoint';
    throw new Fault('witness-request-malformed', { problem }, { cause });
  }
}
