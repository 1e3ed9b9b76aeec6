// A ledger of a test authority with a real witness on a loopback port, which can go away and come back.

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import { type LedgerFolder, type LedgerTrust, ledgerFileSizeBytesAtMost } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import {
  openWitnessState,
  type RunningWitness,
  serveWitness,
  Witness,
  WitnessClient,
} from '@firmseal/witness';
import { Ledger, type Store } from '../src/index.ts';
import { TestAuthority } from './running-authority.ts';

export class TestLedger {
  readonly signer = noteSigner('log', 'authority.example/ledger');
  readonly witnessSigner = noteSigner('witness', 'witness.example/w1');
  readonly folder: string;
  readonly #authority: TestAuthority;
  least = 1;
  wrap: (folder: LedgerFolder) => LedgerFolder = (folder) => folder;
  #port = 0;
  #witness: RunningWitness | undefined;
  #state: Awaited<ReturnType<typeof openWitnessState>> | undefined;

  private constructor(authority: TestAuthority) {
    this.#authority = authority;
    this.folder = join(authority.folder, 'ledger');
  }

  /** An authority that waits for its witness. */
  static async start(
    options: Parameters<typeof TestAuthority.start>[0] = {},
  ): Promise<{ authority: TestAuthority; ledger: TestLedger }> {
    const authority = await TestAuthority.start(options);
    const ledger = new TestLedger(authority);
    await authority.halt();
    await ledger.startWitness();
    authority.openLedger = (store) => ledger.open(store);
    await authority.run();
    return { authority, ledger };
  }

  get trust(): LedgerTrust {
    return { log: this.signer.key, witnesses: [this.witnessSigner.key], least: 1 };
  }

  open(store: Store): Promise<Ledger> {
    const url = `http://127.0.0.1:${this.#port}`;
    const witness = new WitnessClient({ crypto, key: this.witnessSigner.key, url, timeoutMs: 20_000 });
    const folder = this.wrap(filesOfFolder(this.folder, ledgerFileSizeBytesAtMost));
    return Ledger.open({
      ...{ crypto, store, folder, signer: this.signer, witnesses: [witness], least: this.least },
    });
  }

  async startWitness(): Promise<void> {
    const state = await openWitnessState(join(this.#authority.folder, 'witness.json'));
    const logs = [this.signer.key];
    const witness = new Witness({ crypto, signer: this.witnessSigner, logs, state });
    this.#state = state;
    this.#witness = await serveWitness(witness, { host: '127.0.0.1', port: this.#port });
    this.#port = Number(new URL(this.#witness.url).port);
  }

  async stopWitness(): Promise<void> {
    await this.#witness?.stop();
    await this.#state?.release();
    this.#witness = undefined;
  }

  /** Yesterday's files: a copy of the ledger's folder under another name, and back. */
  copy(name: string): void {
    cpSync(this.folder, join(this.#authority.folder, name), { recursive: true });
  }

  restore(name: string): void {
    rmSync(this.folder, { recursive: true });
    cpSync(join(this.#authority.folder, name), this.folder, { recursive: true });
  }

  async remove(): Promise<void> {
    await this.#authority.remove();
    await this.stopWitness();
  }
}
