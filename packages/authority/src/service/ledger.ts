// The log of the store, published as a ledger of tiles (spec/ledger.md): files first, then the checkpoint,
// which witnesses cosign. A checkpoint is published only when as many witnesses as the settings ask for have
// cosigned it. Whoever waits for the same moment shares one round.

import { equalBytes } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  decodeEntryBundle,
  formatCheckpoint,
  formatLedgerProof,
  formatNote,
  formatNoteKey,
  growOpened,
  growTiles,
  type LedgerFolder,
  type LedgerTrust,
  type NoteKey,
  type NoteSignature,
  parseNote,
  signNote,
  TileTree,
  tilePath,
  tileWidth,
  verifyCheckpoint,
  widthOf,
} from '@firmseal/ledger';
import type { WitnessClient } from '@firmseal/witness';
import type { Store } from '../store/store.ts';
import { openRow } from './opened-objects.ts';

export interface LedgerSigner {
  /** Of kind `log`; its name is the origin. */
  readonly key: NoteKey;
  /** Signs the text of a checkpoint, which is that of the tree. */
  sign(text: Uint8Array, tree: TileTree): Promise<Uint8Array>;
}

export interface LedgerOptions {
  readonly crypto: Crypto & Ed25519;
  readonly store: Store;
  readonly folder: LedgerFolder;
  readonly signer: LedgerSigner;
  readonly witnesses: readonly WitnessClient[];
  /** Cosignatures without which no checkpoint is published and no license released; 0: none is waited for. */
  readonly least: number;
}

export interface Published {
  readonly size: number;
  /** The note; empty while nothing was published. */
  readonly checkpoint: string;
}

export interface Round {
  readonly published: Published;
  /** Cosignatures of the newest round. */
  readonly found: number;
  /** Witnesses that did not cosign, with why. */
  readonly away: readonly string[];
}

const checkpointPath = 'checkpoint';
const rowsAtOnce = 1024;

export class Ledger {
  readonly #options: LedgerOptions;
  #published: Published;
  /** Entries whose tiles are written. */
  #written: number;
  #obsolete: string[] = [];
  #running: Promise<Round> | undefined;
  #next: Promise<Round> | undefined;
  /**
   * The newest checkpoint lacks cosignatures that a job asks for. The next round asks the witnesses again.
   */
  #isAskedAgain = false;

  private constructor(options: LedgerOptions, published: Published) {
    this.#options = options;
    this.#published = published;
    this.#written = published.size;
  }

  /**
   * Goes on from the checkpoint in the folder. Throws `checkpoint-unsigned` and others of verifyCheckpoint
   * for one that is not of this ledger, and `ledger-forked` when the log of the store does not continue it.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { crypto, folder, signer } = options;
    const bytes = await folder.read(checkpointPath);
    if (bytes === undefined) return new Ledger(options, { size: 0, checkpoint: '' });
    const checkpoint = new TextDecoder().decode(bytes);
    const trust = { log: signer.key, witnesses: [], least: 0 };
    const { size, root } = verifyCheckpoint(crypto, checkpoint, trust);
    if (!equalBytes(await new TileTree(crypto, folder, size).root(), root))
      throw new Fault('ledger-forked', { index: size });
    await requireContinued(options, size);
    return new Ledger(options, { size, checkpoint });
  }

  /** Verifier key, `NAME+ID+KEY`. */
  get verifierKey(): string {
    const { crypto, signer } = this.#options;
    return formatNoteKey(crypto, signer.key);
  }

  get published(): Published {
    return this.#published;
  }

  get folder(): LedgerFolder {
    return this.#options.folder;
  }

  /** Whether licenses are released only with their proof. */
  get isAwaited(): boolean {
    return this.#options.least > 0;
  }

  /** Why the policy of a job cannot be met here, in words; undefined where it can. */
  lackOf(policy: LedgerTrust): string | undefined {
    const { signer, witnesses } = this.#options;
    const isSame = (a: NoteKey, b: NoteKey) => a.name === b.name && equalBytes(a.publicKey, b.publicKey);
    if (!isSame(policy.log, signer.key)) return `its ledger is ${signer.key.name}, of another key`;
    const asked = policy.witnesses.filter((one) => witnesses.some(({ key }) => isSame(one, key))).length;
    if (asked >= policy.least) return undefined;
    return `it asks ${asked} of the witnesses, and ${policy.least} have to cosign`;
  }

  /**
   * Asks every witness about the checkpoint that was published last, before anything is issued on this
   * database. Returns those that do not answer, with why. Throws `witness-ahead` and `witness-refused`.
   */
  async confirm(): Promise<string[]> {
    const { crypto, folder, witnesses } = this.#options;
    const { size, checkpoint } = this.#published;
    if (size === 0) return [];
    const tree = new TileTree(crypto, folder, size);
    const answers = await Promise.all(witnesses.map((witness) => witness.cosign(tree, checkpoint)));
    return answers.flatMap((answer, i) =>
      answer.kind === 'away' ? [`${witnesses[i]!.name}: ${answer.reason}`] : [],
    );
  }

  /**
   * Publishes all that the log holds now. Throws `ledger-forked`, `witness-ahead`, `witness-refused`, and
   * what the store and the folder throw. A round that is under way may have begun before the newest entry:
   * who comes then waits for the one after it.
   */
  publish(): Promise<Round> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<Round> {
    this.#next = undefined;
    const round = this.#round();
    this.#running = round;
    const over = () => {
      if (this.#running === round) this.#running = undefined;
    };
    round.then(over, over);
    return round;
  }

  async #round(): Promise<Round> {
    const { crypto, store, folder, signer, witnesses, least } = this.#options;
    const { size } = await store.logHead();
    const published = this.#published;
    if (size < published.size) throw new Fault('ledger-forked', { index: size });
    if (size === published.size && !this.#isAskedAgain) return { published, found: least, away: [] };
    this.#isAskedAgain = false;
    await this.#write(size);
    const tree = new TileTree(crypto, folder, size);
    const text = formatCheckpoint({ origin: signer.key.name, size, root: await tree.root() });
    const sign = (bytes: Uint8Array) => signer.sign(bytes, tree);
    const own = await signNote(crypto, { key: signer.key, sign }, { text });
    const answers = await Promise.all(
      witnesses.map(async (witness) => ({
        name: witness.name,
        answer: await witness.cosign(tree, formatNote({ text, signatures: [own] })),
      })),
    );
    const cosignatures: NoteSignature[] = [];
    const away: string[] = [];
    for (const { name, answer } of answers) {
      if (answer.kind === 'cosigned') cosignatures.push(answer.signature);
      else away.push(`${name}: ${answer.reason}`);
    }
    if (size === published.size) cosignatures.push(...othersOf(published, [own, ...cosignatures]));
    const found = cosignatures.length;
    if (found < least) return { published, found, away };
    const checkpoint = formatNote({ text, signatures: [own, ...cosignatures] });
    await folder.write(checkpointPath, new TextEncoder().encode(checkpoint));
    this.#published = { size, checkpoint };
    const obsolete = this.#obsolete;
    this.#obsolete = [];
    for (const path of obsolete) await folder.remove(path);
    return { published: this.#published, found, away };
  }

  /** Tiles and opened entries up to the size; a failure leaves what was written for the next round. */
  async #write(size: number): Promise<void> {
    const { crypto, store, folder } = this.#options;
    while (this.#written < size) {
      const from = this.#written;
      const rows = (await store.readLog(from, Math.min(rowsAtOnce, size - from))).filter(
        (row, i) => row.sequence === from + i,
      );
      if (rows.length === 0) throw new Fault('ledger-forked', { index: from });
      const leaves = rows.map(({ leaf }) => leaf);
      const obsolete = await growTiles(crypto, folder, { from, leaves });
      const opened = [];
      for (const row of rows) opened.push(await openRow(store, row));
      await growOpened(folder, { from, opened });
      this.#obsolete.push(...obsolete);
      this.#written = from + rows.length;
    }
  }

  #covers(sequence: number, policy: LedgerTrust | undefined): boolean {
    const { size, checkpoint } = this.#published;
    if (size <= sequence) return false;
    if (policy === undefined) return true;
    try {
      verifyCheckpoint(this.#options.crypto, checkpoint, policy);
      return true;
    } catch (fault) {
      if (fault instanceof Fault && fault.code === 'cosignatures-too-few') return false;
      throw fault;
    }
  }

  /**
   * The proof that an entry stands in the published ledger, which is published first where it has to be.
   * With the policy of a job its checkpoint has the cosignatures that the job asks for. Throws
   * `witness-awaited` while witnesses are away, and what `publish` throws.
   */
  async prove(sequence: number, policy?: LedgerTrust): Promise<string> {
    const { crypto, store, folder, least } = this.#options;
    if (!this.#covers(sequence, policy)) {
      this.#isAskedAgain ||= this.#published.size > sequence;
      const { found } = await this.publish();
      if (!this.#covers(sequence, policy))
        throw new Fault('witness-awaited', { found, least: Math.max(least, policy?.least ?? 0) });
    }
    const { size, checkpoint } = this.#published;
    const [row] = await store.readLog(sequence, 1);
    if (row?.sequence !== sequence) throw new Fault('ledger-forked', { index: sequence });
    const path = await new TileTree(crypto, folder, size).proveInclusion(sequence);
    return formatLedgerProof({ index: sequence, path, checkpoint, opened: row });
  }
}

/** Cosignatures of an earlier round over the same checkpoint, by witnesses that are away now. */
function othersOf({ checkpoint }: Published, fresh: readonly NoteSignature[]): NoteSignature[] {
  const names = new Set(fresh.map(({ name }) => name));
  return parseNote(checkpoint, 'The checkpoint').signatures.filter(({ name }) => !names.has(name));
}

/** The newest tile of the ledger holds the leaves of the log; older tiles are under the same signed root. */
async function requireContinued({ store, folder }: LedgerOptions, size: number): Promise<void> {
  const head = await store.logHead();
  if (head.size < size) throw new Fault('ledger-forked', { index: head.size });
  if (size === 0) return;
  const number = Math.floor((size - 1) / tileWidth);
  const width = widthOf(size, 0, number);
  const path = tilePath('entries', number, width);
  const bundle = (await folder.read(path)) ?? (await folder.read(tilePath('entries', number)));
  if (bundle === undefined) throw new Fault('ledger-file-missing', { file: path });
  const leaves = decodeEntryBundle(bundle, width, path);
  const rows = await store.readLog(number * tileWidth, width);
  const other = leaves.findIndex((leaf, i) => rows[i] === undefined || !equalBytes(rows[i].leaf, leaf));
  if (other >= 0) throw new Fault('ledger-forked', { index: number * tileWidth + other });
}
