// The whole chain through the commands, for tests: an owner's desk and an authority that serves,
// then for each chip seal, job, personalize, install, audit. The chips start blank, and nothing
// but the commands touches them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findChip, hexAddress } from '@firmseal/chips';
import { serveLink, serveProbe, type VirtualChip } from '@firmseal/virtual-stm32';
import { expect } from 'vitest';
import { exampleImage } from '../src/demo/example-image.ts';
import { environment, product } from './chain-names.ts';
import { type Outcome, runHere } from './run-here.ts';
import { mainFile, runProcess } from './run-process.ts';

export { product };
export const passphrase = environment.FIRMSEAL_PASSPHRASE;

/** Where a chip is plugged in: two ports of this machine. */
export interface Plug {
  readonly socket: string;
  readonly via: string;
}

/** A package, and an approved job for it with its line token: paths, and the id of the job. */
export interface Order {
  readonly sealed: string;
  readonly job: string;
  readonly token: string;
}

export class Chain {
  readonly #folder = mkdtempSync(join(tmpdir(), 'firmseal-chain-'));
  readonly #servers: Server[] = [];
  /** Options that `keys new` gets for a role: keys in a token. */
  readonly #newKeyOptions: (role: string) => readonly string[];
  readonly #authorityOptions: readonly string[];
  /** Of its commands. */
  readonly environment: Record<string, string> = { ...environment };
  #authority: string[] = [];
  #server: ChildProcess | undefined;

  constructor(
    inputs: {
      newKeyOptions?: (role: string) => readonly string[];
      authorityOptions?: readonly string[];
    } = {},
  ) {
    this.#newKeyOptions = inputs.newKeyOptions ?? (() => []);
    this.#authorityOptions = inputs.authorityOptions ?? [];
  }

  /** Path of a file of the desk. */
  at(name: string): string {
    return join(this.#folder, name);
  }

  /** Runs a command and expects that it succeeds. */
  async run(...words: string[]): Promise<Outcome> {
    const outcome = await this.try(...words);
    expect(outcome.status, `${words.slice(0, 2).join(' ')}: ${outcome.stderr}`).toBe(0);
    return outcome;
  }

  try(...words: string[]): Promise<Outcome> {
    return runHere(words, this.environment);
  }

  #newKey(role: string, name: string) {
    return this.run('keys', 'new', '--role', role, '--out', this.at(name), ...this.#newKeyOptions(role));
  }

  #delegate(role: string, key: string, out: string) {
    return this.run(
      ...['keys', 'delegate', '--root', this.at('root.key'), '--role', role, '--key', this.at(key)],
      ...['--product', product, '--out', this.at(out)],
    );
  }

  /** Keys, delegations, and an authority that serves until `end`. */
  async begin(): Promise<void> {
    const at = (name: string) => this.at(name);
    await this.#newKey('root', 'root.key');
    await this.#newKey('package-signer', 'signer.key');
    await this.#newKey('device-ca', 'ca.key');
    await this.run('authority', 'init', at('authority'), ...this.#authorityOptions);
    await this.#delegate('package-signer', 'signer.key.pub', 'signer.delegation');
    await this.#delegate('device-ca', 'ca.key.pub', 'ca.delegation');
    await this.#delegate('license-issuer', 'authority/issuer.key.pub', 'issuer.delegation');
    await this.run(
      ...[
        'authority',
        'add-product',
        at('authority'),
        '--product',
        product,
        '--root-key',
        at('root.key.pub'),
      ],
      ...['--issuer-delegation', at('issuer.delegation'), '--device-ca-delegation', at('ca.delegation')],
    );
    await this.serve();
  }

  /** Starts the authority; one that runs is ended first. `more`: of its environment. */
  async serve(more: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.halt();
    const folder = this.at('authority');
    this.#server = spawn(
      process.execPath,
      [mainFile, 'authority', 'serve', folder, '--listen', '127.0.0.1:0', '--json'],
      { env: { ...process.env, ...this.environment, ...more }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface({ input: this.#server.stdout! }), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    this.#authority = ['--authority', url, '--token-file', this.at('authority/owner.token')];
  }

  /** Ends the authority; its folder stays. */
  async halt(): Promise<void> {
    if (this.#server === undefined) return;
    this.#server.kill();
    await once(this.#server, 'exit');
    this.#server = undefined;
  }

  /** Runs a command as a process of its own; `more`: of its environment. */
  runProcess(words: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return runProcess(words, { ...this.environment, ...more });
  }

  async end(): Promise<void> {
    for (const one of this.#servers) one.close();
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Serves the chip's link and debug port on ports that the system chooses. */
  async plugIn(chip: VirtualChip): Promise<Plug> {
    const [link, probe] = [await serveLink(chip, 0), await serveProbe(chip, 0)];
    this.#servers.push(link, probe);
    const portOf = (one: Server) => (one.address() as AddressInfo).port;
    return { socket: `tcp:127.0.0.1:${portOf(link)}`, via: `virtual:127.0.0.1:${portOf(probe)}` };
  }

  /** Words that seal a small image, a raw binary made for the chip. `words` are further options. */
  sealWords(chipId: string, out: string, ...words: string[]): string[] {
    const { address, bytes } = exampleImage(findChip(chipId)).segments[0]!;
    writeFileSync(this.at(`${chipId}.bin`), bytes.subarray(0, 6 * 1024));
    return [
      ...['seal', this.at(`${chipId}.bin`), '--address', hexAddress(address), '--chip', chipId],
      ...['--product', product, '--firmware-version', '1.0.0', '--counter', '1'],
      ...['--root-key', this.at('root.key.pub'), '--signer', this.at('signer.key')],
      ...['--delegation', this.at('signer.delegation'), '--authority-key', this.at('authority/kem.key.pub')],
      ...['--out', out, ...words],
    ];
  }

  /** Address of the authority and the owner's token, as options. */
  get owner(): readonly string[] {
    return this.#authority;
  }

  /**
   * A package for the chip, under a name of its own, and an approved job for one unit of it, with its line
   * token.
   */
  async order(chipId: string, name = chipId): Promise<Order> {
    const sealed = this.at(`${name}.seal`);
    await this.run(...this.sealWords(chipId, sealed));
    return this.openJob(sealed, name);
  }

  /**
   * An approved job for a package, with its line token; `name` is that of its files. `words`: more options.
   */
  async openJob(sealed: string, name: string, ...words: string[]): Promise<Order> {
    await this.run(
      ...['job', 'open', ...this.#authority, '--package', sealed, '--content-key', `${sealed}.key`],
      ...['--quota', '1', '--id-file', this.at(`${name}.job`), ...words],
    );
    const job = readFileSync(this.at(`${name}.job`), 'utf8').trim();
    await this.run('job', 'approve', job, ...this.#authority);
    const token = this.at(`${name}.token`);
    await this.run('job', 'token', job, ...this.#authority, '--out', token);
    return { sealed, job, token };
  }

  /** To readout level 2. `words` are further options. */
  personalize(chipId: string, plug: Plug, ...words: string[]): Promise<Outcome> {
    return this.run(
      ...['personalize', '--chip', chipId, '--product', product, '--root-key', this.at('root.key.pub')],
      ...[
        '--device-ca',
        this.at('ca.key'),
        '--level',
        '2',
        '--confirm-permanent',
        '--never-tried-on-silicon',
      ],
      ...['--via', plug.via, '--socket', plug.socket, ...words],
    );
  }

  /** Package and options that `install` and `license` have in common. */
  lineWords({ sealed, job, token }: Order, plug: Pick<Plug, 'socket'>): string[] {
    return [
      ...[sealed, '--job', job, ...this.#authority.slice(0, 2), '--token-file', token],
      ...['--root-key', this.at('root.key.pub'), '--device-ca-delegation', this.at('ca.delegation')],
      ...['--socket', plug.socket, '--journal', `${token}.jsonl`],
    ];
  }

  install(order: Order, plug: Pick<Plug, 'socket'>, ...words: string[]): Promise<Outcome> {
    return this.run('install', ...this.lineWords(order, plug), '--json', ...words);
  }

  /** The keys that an auditor has. */
  auditWords(): string[] {
    return [
      ...['--product', product, '--root-key', this.at('root.key.pub')],
      ...['--device-ca-delegation', this.at('ca.delegation')],
    ];
  }

  audit(): Promise<Outcome> {
    return this.run('audit', ...this.#authority, ...this.auditWords());
  }
}
