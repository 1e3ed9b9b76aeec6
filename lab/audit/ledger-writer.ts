// Writes a ledger's files entry by entry, without an authority and its database: tiles, opened entries and,
// at the end, a signed checkpoint. Not synced to the disk: nobody needs it after a loss of power.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import {
  encodeLogEntry,
  encodeOpened,
  formatCheckpoint,
  formatNote,
  growTiles,
  type LedgerFolder,
  type LogEvent,
  leafHash,
  ledgerFileSizeBytesAtMost,
  type NoteSigner,
  type OpenedEntry,
  openedPath,
  signNote,
  TileTree,
  tileWidth,
} from '@firmseal/ledger';

const leavesAtOnce = 1 << 14;
const saltSizeBytes = 32;

export class LedgerWriter {
  readonly #folder: string;
  readonly #files: LedgerFolder;
  #leaves: Uint8Array[] = [];
  #opened: Uint8Array[] = [];
  #salts: Uint8Array = new Uint8Array(0);
  #size = 0;
  /** Of the entries whose leaves are in tiles. */
  #grown = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#files = {
      ...filesOfFolder(folder, ledgerFileSizeBytesAtMost),
      write: async (path, bytes) => this.#write(path, bytes),
    };
  }

  get size(): number {
    return this.#size;
  }

  #write(path: string, bytes: Uint8Array): void {
    const file = join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }

  #salt(): Uint8Array {
    if (this.#salts.length === 0) this.#salts = crypto.randomBytes(saltSizeBytes * tileWidth);
    const salt = this.#salts.subarray(0, saltSizeBytes);
    this.#salts = this.#salts.subarray(saltSizeBytes);
    return salt;
  }

  async add(event: LogEvent, objects: OpenedEntry['objects'] = {}): Promise<void> {
    const [salt, entry] = [this.#salt(), encodeLogEntry(this.#size, event)];
    this.#leaves.push(leafHash(crypto, salt, entry));
    this.#opened.push(encodeOpened({ salt, entry, objects }));
    this.#size++;
    if (this.#opened.length === tileWidth) this.#writeOpened();
    if (this.#leaves.length === leavesAtOnce) await this.#grow();
  }

  #writeOpened(): void {
    const number = Math.floor((this.#size - 1) / tileWidth);
    this.#write(openedPath(number), Buffer.concat(this.#opened));
    this.#opened = [];
  }

  async #grow(): Promise<void> {
    await growTiles(crypto, this.#files, { from: this.#grown, leaves: this.#leaves });
    this.#grown = this.#size;
    this.#leaves = [];
  }

  async end(signer: NoteSigner): Promise<void> {
    if (this.#opened.length > 0) this.#writeOpened();
    await this.#grow();
    const size = this.#size;
    const root = await new TileTree(crypto, this.#files, size).root();
    const text = formatCheckpoint({ origin: signer.key.name, size, root });
    const signatures = [await signNote(crypto, signer, { text })];
    this.#write('checkpoint', Buffer.from(formatNote({ text, signatures })));
  }
}
