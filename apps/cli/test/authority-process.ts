// `firmseal authority serve` as a process, with the signer that it starts beside itself, on a
// folder whose keys a test knows.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createToken } from '@firmseal/authority';
import { TestApprover, TestAuthority } from '@firmseal/authority/testing';
import { Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { writeNewFiles } from '@firmseal/files';
import { type KeyRole, makeKey } from '@firmseal/keys';
import { authorityPaths, openLocalAuthority, writeProduct } from '../src/authority-folder.ts';
import { mainFile } from './run-process.ts';

export const passphrase = 'of these tests and of nothing else';
const scryptCost = { n: 16, r: 1, p: 1 };

/** Processes whose parent this one is, each with its command line. */
export function childrenOf(parent: number): { pid: number; words: string }[] {
  const found: { pid: number; words: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parentOf = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
      if (Number(parentOf) !== parent) continue;
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      found.push({ pid: Number(name), words });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

export class AuthorityProcess {
  /** What asks it over HTTP. */
  readonly lines = new TestAuthority();
  readonly approvers: TestApprover[] = [];
  readonly folder: string;
  #child!: ChildProcess;
  #ended!: Promise<number | null>;
  errors = '';

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A folder with the owner's keys, a product that wants two approvers, and a token. */
  async make(): Promise<void> {
    const { folder, lines } = this;
    const { owner } = lines;
    const paths = authorityPaths(folder);
    mkdirSync(folder, { mode: 0o700 });
    const keyOf = async (path: string, role: KeyRole, privateKey: Uint8Array) => {
      const secret = new Secret(privateKey.slice() as Uint8Array<ArrayBuffer>);
      const { file } = await makeKey(nodeCrypto, {
        ...{
          role,
          privateKey: secret,
          passphrase: new Secret(utf8(passphrase)),
          now: new Date(),
          scryptCost,
        },
      });
      writeNewFiles([{ path, parts: [file], mode: 0o600 }]);
    };
    await keyOf(paths.issuer, 'license-issuer', owner.issuer.privateKey);
    await keyOf(paths.kem, 'authority-kem', owner.kem.privateKey);
    const keys = { ...(await owner.productKeys()), approvalPolicyObject: await owner.approvalPolicy(2) };
    lines.keys = keys;
    lines.nowMs = Date.now();
    writeProduct(folder, keys);
    const local = await openLocalAuthority(folder);
    lines.ownerToken = (await createToken(local, { scope: 'owner', label: 'owner', by: 'local' })).token;
    await local.store.close();
    this.approvers.push(await TestApprover.make(owner), await TestApprover.make(owner));
  }

  async start(): Promise<void> {
    const words = ['authority', 'serve', this.folder, '--listen', '127.0.0.1:0', '--json'];
    const env = { ...process.env, FIRMSEAL_PASSPHRASE: passphrase };
    const child = spawn(process.execPath, [mainFile, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = once(child, 'close').then(([code]) => code as number | null);
    child.stderr!.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    const said = createInterface({ input: child.stdout! });
    const url = await new Promise<string>((resolve, reject) => {
      said.on('line', (line) => {
        const event = JSON.parse(line) as { event: string; url: string };
        if (event.event === 'serving') resolve(event.url);
      });
      void this.#ended.then(() => reject(new Error(`the authority ended: ${this.errors}`)));
    });
    this.lines.servedAt = url;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Of the one that speaks HTTP, and of the signer; undefined while it is away. */
  get http(): number {
    return childrenOf(this.pid).find(({ words }) => words.includes('--signer '))!.pid;
  }

  get signer(): number | undefined {
    return childrenOf(this.pid).find(({ words }) => words.includes(' authority signer '))?.pid;
  }

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#ended;
  }

  /** A job that both approvers signed, and that is open. */
  async openJob(quota: number) {
    const { lines } = this;
    const opened = await lines.openJob({ quota, approve: false });
    const packages = [opened.sealed.manifest.digest];
    for (const one of this.approvers)
      await one.approve(lines, opened.job, { kind: 'order', quota, mode: 'session', accepts: [], packages });
    const { status } = await lines.approveJob(opened.job);
    if (status !== 200) throw new Error(`the job was not approved: ${status}`);
    return opened;
  }
}
