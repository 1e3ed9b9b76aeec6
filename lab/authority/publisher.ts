// Who publishes the ledger of a campaign: a process that is killed and started again. It asks a
// witness, whom nobody kills. Every checkpoint that it told of was seen by somebody, and must
// be continued by every later one.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import {
  formatNoteKey,
  type LedgerFiles,
  type LedgerTrust,
  ledgerFileSizeBytesAtMost,
  type NoteKey,
} from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import {
  type HeldWitnessState,
  openWitnessState,
  type RunningWitness,
  serveWitness,
  Witness,
} from '@firmseal/witness';
import { Child } from '../kill/child.ts';
import type { Published } from './publisher-process.ts';

const endWithinMs = 20_000;
const lastRounds = 200;

export class Publisher {
  readonly #folder = mkdtempSync(join(tmpdir(), 'firmseal-publisher-'));
  readonly #violations: string[];
  readonly #place: string;
  readonly #logPair = crypto.generateEd25519();
  readonly #logKey: NoteKey = { kind: 'log', name: 'lab.example/ledger', publicKey: this.#logPair.publicKey };
  readonly #witnessSigner = noteSigner('witness', 'witness.example/w1');
  /** Texts of checkpoints. */
  readonly seen = new Set<string>();
  kills = 0;
  #witness: RunningWitness | undefined;
  #state: HeldWitnessState | undefined;
  #child: Child | undefined;
  /** A round is under way. */
  #round: Promise<void> | undefined;

  private constructor(place: string, violations: string[]) {
    this.#place = place;
    this.#violations = violations;
  }

  /** `place`: address of the database. What must not happen is added to `violations`. */
  static async start(place: string, violations: string[]): Promise<Publisher> {
    const publisher = new Publisher(place, violations);
    const state = await openWitnessState(join(publisher.#folder, 'witness.json'));
    const logs = [publisher.#logKey];
    const witness = new Witness({ crypto, signer: publisher.#witnessSigner, logs, state });
    publisher.#state = state;
    publisher.#witness = await serveWitness(witness, { host: '127.0.0.1', port: 0 });
    return publisher;
  }

  get #ledger(): string {
    return join(this.#folder, 'ledger');
  }

  get files(): LedgerFiles {
    return filesOfFolder(this.#ledger, ledgerFileSizeBytesAtMost);
  }

  get trust(): LedgerTrust {
    return { log: this.#logKey, witnesses: [this.#witnessSigner.key], least: 1 };
  }

  /** For one round, where none is under way. */
  ask(): void {
    this.#round ??= this.#publish()
      .then(() => undefined)
      .finally(() => {
        this.#round = undefined;
      });
  }

  /** Undefined where the publisher was killed before it told, or its database was away. */
  async #publish(): Promise<Published | undefined> {
    this.#child ??= new Child('../authority/publisher-process.ts', [
      ...[this.#place, this.#ledger, toHex(this.#logPair.privateKey), this.#logKey.name],
      ...[this.#witness!.url, formatNoteKey(crypto, this.#witnessSigner.key)],
    ]);
    const child = this.#child;
    let told: Published;
    try {
      told = await child.ask<Published>({ publish: true });
    } catch {
      if (this.#child === child) this.#child = undefined; // killed; the next round starts another one
      return undefined;
    }
    if ('checkpoint' in told) this.seen.add(told.checkpoint);
    else if (!told.passes) this.#violations.push(`the publisher says ${told.fault}`);
    return told;
  }

  /** By SIGKILL, so long after a round was asked for. */
  async kill(afterMs: number): Promise<void> {
    this.ask();
    const child = this.#child;
    if (child === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill();
    await child.ended;
    this.kills++;
  }

  /** Publishes everything that the log holds, and ends. */
  async finish(): Promise<void> {
    await this.#round;
    for (let round = 0; ; round++) {
      const told = await this.#publish();
      if (told !== undefined && 'checkpoint' in told) break;
      if (round === lastRounds) throw new Error(`nothing was published: ${told?.fault ?? 'no answer'}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    this.#child!.terminate();
    await this.#child!.endWithin(endWithinMs);
    this.#child = undefined;
  }

  async stop(): Promise<void> {
    this.#child?.kill();
    await this.#round;
    await this.#witness?.stop();
    await this.#state?.release();
    rmSync(this.#folder, { recursive: true });
  }
}
