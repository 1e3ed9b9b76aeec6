// The three processes of `authority serve`: in the memory of the one that speaks HTTP no key is found, while
// it issues; and a signer that is killed whenever it pleases costs no unit and gives none too many.

import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, OpenedJob, TestChip } from '@firmseal/authority/testing';
import { toBase64url } from '@firmseal/bytes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { AuthorityProcess, childrenOf, passphrase } from './authority-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-processes-'));
const authority = new AuthorityProcess(join(folder, 'authority'));
const isLinux = process.platform === 'linux';
beforeAll(async () => {
  await authority.make();
  await authority.start();
}, 120_000);
afterAll(async () => {
  await authority.stop();
  rmSync(folder, { recursive: true });
});

const chunkBytes = 1 << 20;

/** Ranges of memory that the process may write and has touched: proc(5), smaps. */
function writtenRanges(pid: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let range: { from: number; to: number } | undefined;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const [, from, to, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) /.exec(line) ?? [];
    if (from !== undefined)
      range = rights!.startsWith('rw') ? { from: parseInt(from, 16), to: parseInt(to!, 16) } : undefined;
    else if (range && /^Rss:\s+[1-9]/.test(line)) found.push(range);
  }
  return found;
}

/** Names of the patterns that stand in the memory of a process. */
function findInMemory(pid: number, patterns: ReadonlyMap<string, Buffer>): string[] {
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const overlap = 64;
  const chunk = Buffer.alloc(chunkBytes + overlap);
  try {
    for (const { from, to } of writtenRanges(pid))
      for (let at = from; at < to; at += chunkBytes) {
        let size = 0;
        try {
          size = readSync(memory, chunk, 0, Math.min(chunk.length, to - at), at);
        } catch {
          continue; // it was given back meanwhile
        }
        for (const [name, bytes] of patterns) if (chunk.subarray(0, size).includes(bytes)) found.add(name);
      }
  } finally {
    closeSync(memory);
  }
  return [...found].sort();
}

/** As it is, and as a big number lies in memory: its bytes the other way round. */
const bothWays = (name: string, bytes: Uint8Array): [string, Buffer][] => [
  [name, Buffer.from(bytes)],
  [`${name}, reversed`, Buffer.from(bytes).reverse()],
];

describe('while licenses are issued', () => {
  it('the keys are in the memory of the signer, and not in that of the process that speaks HTTP', async (context) => {
    context.skip(!isLinux, 'no /proc');
    const { owner } = authority.lines;
    const opened = await authority.openJob(1000);
    const patterns = new Map([
      ...bothWays('issuer key', owner.issuer.privateKey),
      ...bothWays('KEM key', owner.kem.privateKey),
      ...bothWays('content key', opened.sealed.contentKey),
      ['passphrase', Buffer.from(passphrase)] as [string, Buffer],
    ]);
    let isSearching = true;
    let issued = 0;
    const asking = (async () => {
      while (isSearching) {
        const { status } = await authority.lines.license(opened, await authority.lines.chip());
        expect(status).toBe(200);
        issued++;
      }
    })();
    const http: string[][] = [];
    // Between licenses and in the middle of them: each search lets others run before it.
    for (let n = 0; n < 4; n++) {
      const before = issued;
      while (issued === before) await new Promise((resolve) => setTimeout(resolve, 5));
      http.push(findInMemory(authority.http, patterns));
    }
    const signer = findInMemory(authority.signer!, patterns);
    isSearching = false;
    await asking;
    expect(http).toEqual([[], [], [], []]);
    expect(signer).toEqual(expect.arrayContaining(['KEM key', 'issuer key']));
    // Nor do they stand in what it said.
    for (const bytes of patterns.values())
      for (const form of [bytes.toString('hex'), bytes.toString('base64'), toBase64url(bytes)])
        expect(authority.errors).not.toContain(form);
    // The search can find: what the process has to know, it finds.
    const token = new Map([['owner token', Buffer.from(authority.lines.ownerToken)]]);
    expect(findInMemory(authority.http, token)).toEqual(['owner token']);
  });

  it('neither process has the passphrase in its environment or its words, and the signer writes no core', (context) => {
    context.skip(!isLinux, 'no /proc');
    const children = childrenOf(authority.pid);
    expect(children.length).toBe(2);
    for (const { pid, words } of children) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('FIRMSEAL_PASSPHRASE');
      expect(words).not.toContain(passphrase);
    }
    const limits = readFileSync(`/proc/${authority.signer}/limits`, 'utf8');
    const piped = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').startsWith('|');
    const [, soft, hard] = /^Max core file size\s+(\S+)\s+(\S+)/m.exec(limits)!;
    expect([soft, hard].map((text) => Number(text) <= (piped ? 1 : 0))).toEqual([true, true]);
  });
});

describe('a signer that is killed', () => {
  const requests = sampled(2000, 200);
  const kills = sampled(40, 3);
  const quota = Math.floor(requests * 0.6);

  /** Asks until there is an answer that no waiting changes. */
  async function persist(opened: OpenedJob, body: object): Promise<Answer> {
    for (;;) {
      const answer = await authority.lines.postLicense(opened, body);
      if (answer.status !== 503) return answer;
      away.add(answer.body.code);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const away = new Set<string>();

  it('gives no unit too many, and loses none', async (context) => {
    context.skip(!isLinux, 'no /proc');
    const opened = await authority.openJob(quota);
    const moments = new Set(
      Array.from({ length: kills }, (_, n) => Math.floor(((n + Math.random()) * requests) / kills)),
    );
    const asked: { chip: TestChip; body: object; answer: Answer }[] = [];
    let next = 0;
    let killed = 0;
    const line = async () => {
      while (next < requests) {
        const at = next++;
        if (moments.has(at)) {
          const pid = authority.signer;
          if (pid !== undefined) {
            process.kill(pid, 'SIGKILL');
            killed++;
          }
        }
        // One in five asks again for what was asked before.
        const known = at % 5 === 4 ? asked[Math.floor(Math.random() * asked.length)] : undefined;
        if (known) {
          const again = await persist(opened, known.body);
          expect(again.body.bundle).toBe(known.answer.body.bundle);
          continue;
        }
        const chip = await authority.lines.chip();
        const body = await authority.lines.licenseBody(opened, chip);
        asked.push({ chip, body, answer: await persist(opened, body) });
      }
    };
    await Promise.all(Array.from({ length: 6 }, line));
    expect(killed).toBeGreaterThan(0);
    const issued = asked.filter(({ answer }) => answer.status === 200);
    const refused = asked.filter(({ answer }) => answer.status !== 200);
    expect(new Set(refused.map(({ answer }) => answer.body.code))).toEqual(new Set(['quota-exhausted']));
    expect(issued.length).toBe(quota);
    const units = issued.map(({ answer }) => answer.body.unitIndex as number);
    expect([...units].sort((a, b) => a - b)).toEqual(Array.from({ length: quota }, (_, unit) => unit));
    for (const { chip, answer } of issued.slice(0, 20))
      chip.accept(authority.lines.bundleOf(answer), opened.sealed.manifest);
    // Nothing that was acknowledged is lost, and the books are in order.
    for (const { body, answer } of issued.slice(0, 20))
      expect((await persist(opened, body)).body.bundle).toBe(answer.body.bundle);
    expect((await authority.lines.audit(undefined, Date.now())).findings).toEqual([]);
    expect(authority.errors).toContain('the signer ended (SIGKILL); it is started again');
  }, 600_000);
});

it('everything ends with the process that was started, however that ends', async (context) => {
  context.skip(!isLinux, 'no /proc');
  const children = childrenOf(authority.pid).map(({ pid }) => pid);
  process.kill(authority.pid, 'SIGKILL');
  await expect
    .poll(() => children.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 })
    .toEqual([]);
  await authority.start();
  expect((await authority.lines.health()).status).toBe(200);
  expect(await authority.stop()).toBe(0);
}, 120_000);
