// A desk with an approved job, its authority as it serves, and personalized virtual chips behind TCP ports:
// what a line needs. The chips answer in this process.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, utf8 } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { inspectKeyFile, openKeyFile, signerOf } from '@firmseal/keys';
import {
  createBlankChip,
  defaultConditions,
  type LineChip,
  personalizeVirtualChip,
} from '@firmseal/virtual-line';
import { serveLink, serveProbe, type VirtualChip } from '@firmseal/virtual-stm32';
import { buildAgent } from '../../../device/agent/build.ts';
import {
  approverWords,
  type Desk,
  deskEnvironment,
  makeDesk,
  type ServedAuthority,
  serveDesk,
  succeed,
} from './desk.ts';

export class LineSite {
  readonly folder = mkdtempSync(join(tmpdir(), 'firmseal-line-'));
  desk!: Desk;
  authority!: ServedAuthority;
  readonly #servers: Server[] = [];
  #chips = 0;

  at(name: string): string {
    return join(this.folder, name);
  }

  async begin(): Promise<void> {
    mkdirSync(this.at('desk'));
    this.desk = await makeDesk(this.at('desk'));
    this.authority = await serveDesk(this.desk);
  }

  /** `change` its folder while the authority stands still; it comes back under another address. */
  async restart(change: () => void): Promise<void> {
    await this.authority.stop();
    change();
    this.authority = await serveDesk(this.desk);
  }

  async end(): Promise<void> {
    for (const server of this.#servers) server.close();
    await this.authority.stop();
    rmSync(this.folder, { recursive: true });
  }

  get owner(): string[] {
    const token = this.desk.at('authority/owner.token');
    return ['--authority', this.authority.url, '--token-file', token];
  }

  /** An approved job with its line token; the files of both are called `name`. */
  async openJob(name: string, quota: number, ...words: string[]): Promise<string> {
    const { at } = this.desk;
    const files = ['--package', at('panel.seal'), '--content-key', at('panel.seal.key')];
    const id = ['--quota', String(quota), '--id-file', this.at(`${name}.job`)];
    await succeed(['job', 'open', ...this.owner, ...files, ...id, ...words]);
    const job = readFileSync(this.at(`${name}.job`), 'utf8').trim();
    await succeed(['job', 'approve', job, ...this.owner, ...approverWords(this.desk)]);
    await succeed(['job', 'token', job, ...this.owner, '--out', this.at(`${name}.token`)]);
    return job;
  }

  /** A personalized chip behind a port of its own. */
  async plugIn(): Promise<LineChip & { place: string }> {
    const passphrase = new Secret(utf8(deskEnvironment.FIRMSEAL_PASSPHRASE));
    const path = this.desk.at('ca.key');
    const ca = await openKeyFile(nodeCrypto, { path, passphrase, role: 'device-ca' });
    const deviceCa = signerOf(nodeCrypto, ca);
    const { publicKey } = await inspectKeyFile(this.desk.at('root.key'));
    const made = await personalizeVirtualChip(
      { chip: findChip('stm32f427'), rootPublicKey: Uint8Array.from(publicKey), deviceCa, product: 'panel' },
      { ...defaultConditions, chipSeed: (index) => `${this.folder}/${index}` },
      { index: this.#chips++, level: 2, agentModule: await buildAgent('stm32f427') },
    );
    const server = await serveLink(made.chip, 0);
    this.#servers.push(server);
    return { ...made, place: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  /** A blank chip behind a port for its agent and one for a probe. */
  async plugInBlank(chipId = 'stm32f427'): Promise<{ chip: VirtualChip; place: string; via: string }> {
    const chip = createBlankChip(chipId, `${this.folder}/${this.#chips++}`);
    const [link, probe] = [await serveLink(chip, 0), await serveProbe(chip, 0)];
    this.#servers.push(link, probe);
    const portOf = (server: Server) => (server.address() as AddressInfo).port;
    return { chip, place: `tcp:127.0.0.1:${portOf(link)}`, via: `virtual:127.0.0.1:${portOf(probe)}` };
  }

  /** A chip that the commands personalize, with its record added to the file `records`. */
  async personalize(records: string): Promise<{ chip: VirtualChip; place: string; thumbprint: string }> {
    const { chip, place, via } = await this.plugInBlank();
    const events = await succeed([
      ...['personalize', '--chip', 'stm32f427', '--product', 'panel', '--level', '2', '--confirm-permanent'],
      ...['--root-key', this.desk.at('root.key.pub'), '--device-ca', this.desk.at('ca.key')],
      ...['--via', via, '--socket', place, '--records', this.at(records)],
    ]);
    const { thumbprint } = events.find(({ event }) => event === 'personalized') as { thumbprint: string };
    return { chip, place, thumbprint };
  }

  /** Words of the owner's trust. */
  get trust(): string[] {
    const { at } = this.desk;
    return ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
  }

  /** Makes a batch of the job for the chips of a file of records, and returns its path. */
  async makeBatch(job: string, records: string, name: string, ...words: string[]): Promise<string> {
    await succeed([
      ...['batch', 'new', job, ...this.owner, '--root-key', this.desk.at('root.key.pub')],
      ...['--records', this.at(records), '--out', this.at(name), ...words],
    ]);
    return this.at(name);
  }

  /** Writes a line file and returns its path. `packages`: fields of the one package `panel`. */
  writeLine(
    name: string,
    places: readonly string[],
    change: { panel?: object; [field: string]: unknown } = {},
  ) {
    const { panel, ...fields } = change;
    const file = this.at(`${name}.json`);
    const sockets = places.map((place, i) => ({ name: `A${i + 1}`, place, package: 'panel' }));
    const own = { file: this.desk.at('panel.seal'), job: `${name}.job`, token: `${name}.token` };
    const content = {
      ...{ format: 'firmseal-line-1', name, authority: this.authority.url, sockets },
      rootKey: this.desk.at('root.key.pub'),
      deviceCaDelegation: this.desk.at('ca.delegation'),
      packages: { panel: { ...own, ...panel } },
      ...fields,
    };
    writeFileSync(file, JSON.stringify(content, null, 2));
    return file;
  }
}
