// A ledger for tests: a key, a folder in memory, entries that are real log entries, signed checkpoints.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  encodeLogEntry,
  formatCheckpoint,
  formatNote,
  growTiles,
  type LedgerProof,
  type LogFields,
  type LogKind,
  leafHash,
  type NoteKey,
  type NoteSigner,
  signNote,
  TileTree,
} from '../src/index.ts';
import { MemoryFolder } from './memory-folder.ts';

export const noteSigner = (kind: NoteKey['kind'], name: string): NoteSigner => {
  const { publicKey, privateKey } = crypto.generateEd25519();
  const sign = async (message: Uint8Array) => crypto.signEd25519(privateKey, message);
  return { key: { kind, name, publicKey }, sign };
};

export class TestLog {
  readonly signer: NoteSigner;
  readonly folder = new MemoryFolder();
  readonly opened: { salt: Uint8Array; entry: Uint8Array }[] = [];

  constructor(origin = 'authority.example/ledger', signer = noteSigner('log', origin)) {
    this.signer = signer;
  }

  get origin(): string {
    return this.signer.key.name;
  }

  get size(): number {
    return this.opened.length;
  }

  /** Entries of one kind, each with its number among the fields. */
  async grow(count: number, kind: LogKind = 'unit-taken', more: LogFields = {}): Promise<void> {
    const from = this.size;
    const leaves: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const entry = encodeLogEntry(from + i, {
        timeMs: 1_800_000_000_000 + i,
        kind,
        fields: { unit: i, ...more },
      });
      const salt = crypto.randomBytes(32);
      this.opened.push({ salt, entry });
      leaves.push(leafHash(crypto, salt, entry));
    }
    await growTiles(crypto, this.folder, { from, leaves });
  }

  tree(): TileTree {
    return new TileTree(crypto, this.folder, this.size);
  }

  async checkpoint(size = this.size): Promise<string> {
    const text = formatCheckpoint({ origin: this.origin, size, root: await this.tree().root(size) });
    return formatNote({ text, signatures: [await signNote(crypto, this.signer, { text })] });
  }

  async proof(index: number): Promise<LedgerProof> {
    const path = await this.tree().proveInclusion(index);
    return { index, path, checkpoint: await this.checkpoint(), opened: this.opened[index]! };
  }
}
