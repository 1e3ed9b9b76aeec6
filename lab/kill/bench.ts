// One bench of a campaign: a folder, the authority that is restarted, the chips that are not, and the owner's
// hand. Campaigns run several beside each other; they share nothing.

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditResult, audit } from '@firmseal/audit';
import {
  createAuthority,
  createToken,
  openSqliteStore,
  readEvidence,
  type Store,
  verifyProduct,
} from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { AuthorityHost } from './authority-host.ts';
import { type BookKeeping, keepBooks } from './books.ts';
import { Child } from './child.ts';
import type { CampaignChip } from './chips-process.ts';
import { CampaignOwner, type SealedPackage } from './owner.ts';
import { OwnerClient } from './owner-client.ts';

const databaseName = 'authority.sqlite';
const openStore = (folder: string): Store =>
  openSqliteStore({ path: join(folder, databaseName), crypto: nodeCrypto });

export class Bench {
  readonly folder: string;
  readonly owner: CampaignOwner;
  readonly host: AuthorityHost;
  readonly client: OwnerClient;
  readonly sealed: SealedPackage;
  readonly #chips: Child;

  private constructor(
    parts: Pick<Bench, 'folder' | 'owner' | 'host' | 'client' | 'sealed'> & { chips: Child },
  ) {
    this.folder = parts.folder;
    this.owner = parts.owner;
    this.host = parts.host;
    this.client = parts.client;
    this.sealed = parts.sealed;
    this.#chips = parts.chips;
  }

  /** `chipsProgram`: relative to this folder; it answers what askChips asks. */
  static async start(seed: string, chipsProgram = './chips-process.ts'): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), 'firmseal-kill-'));
    const owner = new CampaignOwner(seed);
    const store = openStore(folder);
    const local = await createAuthority({ store, crypto: nodeCrypto, kem: owner.kem, products: [] });
    const { token } = await createToken(local, { scope: 'owner', label: 'owner', by: 'local' });
    await store.close();
    const chips = new Child(chipsProgram, [seed]);
    await chips.answer();
    const host = await AuthorityHost.start(folder, seed);
    const client = new OwnerClient(host.url, token);
    return new Bench({ folder, owner, host, client, sealed: await owner.seal('1.0.0'), chips });
  }

  /** One question at a time. */
  askChips<T>(question: object): Promise<T> {
    return this.#chips.ask<T>(question);
  }

  async makeChips(scenario: string, count: number): Promise<readonly CampaignChip[]> {
    return (await this.#chips.ask<{ chips: readonly CampaignChip[] }>({ scenario, count })).chips;
  }

  /**
   * The files that `firmseal install` reads, in a folder of their own; the journal will stand beside them.
   */
  async writeStation(name: string, station: object): Promise<string> {
    const folder = join(this.folder, `station-${name}`);
    mkdirSync(folder);
    const { root, deviceCa } = this.owner;
    writeFileSync(join(folder, 'root.pub'), root.publicKey);
    writeFileSync(join(folder, 'device-ca.delegation'), await this.owner.delegation('device-ca', deviceCa));
    writeFileSync(join(folder, 'package.seal'), this.sealed.file);
    writeFileSync(join(folder, 'station.json'), JSON.stringify(station));
    return folder;
  }

  /**
   * Puts a frozen database back under the dead authority: what a disk that did not keep its word would do.
   */
  thaw(frozen: string): void {
    for (const suffix of ['', '-wal', '-shm']) {
      const name = `${databaseName}${suffix}`;
      rmSync(join(this.folder, name), { force: true });
      if (existsSync(join(frozen, name))) cpSync(join(frozen, name), join(this.folder, name));
    }
  }

  /** The database as it lies on the disk at this moment, to be read without touching the one in use. */
  freeze(): string {
    const frozen = mkdtempSync(join(this.folder, 'frozen-'));
    for (const name of [databaseName, `${databaseName}-wal`]) {
      const from = join(this.folder, name);
      if (existsSync(from)) cpSync(from, join(frozen, name));
    }
    return frozen;
  }

  /** Evidence of the stopped authority's database, or of a frozen one. */
  async readBooks(folder: string): Promise<BookKeeping> {
    const store = openStore(folder);
    try {
      return await keepBooks(readEvidence(store, Date.now));
    } finally {
      await store.close();
    }
  }

  /** The audit that any auditor can run, on evidence alone. */
  async audit(lines: readonly string[]): Promise<AuditResult> {
    const trust = verifyProduct(nodeCrypto, await this.owner.product(this.owner.issuer));
    return audit(nodeCrypto, lines, { products: new Map([[trust.product, trust]]) });
  }

  async end(): Promise<void> {
    this.#chips.terminate();
    await this.#chips.endWithin(20_000);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
