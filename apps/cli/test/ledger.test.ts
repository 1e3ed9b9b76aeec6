// The walk of docs/ledger.md: an owner begins a ledger and names a witness, a line asks for proofs, and a
// stranger checks all of it with copies of files and keys, by the commands as the page prints them.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerPrefix } from '@firmseal/authority-contract';
import { nodeCrypto } from '@firmseal/crypto-node';
import { formatNoteKey } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { Chain, type Order, type Plug } from './chain.ts';
import { commandsInMarkdown, shellWords } from './named-commands.ts';
import { readBlock, runBlock } from './run-block.ts';
import { jsonLines, memoryShell } from './run-here.ts';

const chain = new Chain();
const at = (name: string) => chain.at(name);
const here = mkdtempSync(join(tmpdir(), 'firmseal-ledger-'));
const chipId = 'stm32f427';
const chip = createBlankChip(chipId, 'ledger walk');
let plug: Plug;
let order: Order;
let witness: { url: string; stop(): Promise<number> };
const proofs = () => ['--log-key', at('authority/ledger.vkey'), '--witness-key', at('witness/witness.vkey')];

async function serveWitness(): Promise<typeof witness> {
  const { shell, out, err } = memoryShell(chain.environment);
  const port = witness === undefined ? '0' : new URL(witness.url).port;
  const words = ['witness', 'serve', at('witness'), '--listen', `127.0.0.1:${port}`, '--json'];
  const ended = runCommandLine(words, shell);
  const url = await new Promise<string>((resolve, reject) => {
    out.changed = () => resolve(String(jsonLines({ stdout: out.text })[0]!['url']));
    void ended.then(() => reject(new Error(err.text)));
  });
  return {
    url,
    stop: () => {
      shell.stops.raise('SIGTERM');
      return ended;
    },
  };
}

const textOf = (file: string): string => readFileSync(file, 'utf8').trim();
const otherWitness = formatNoteKey(nodeCrypto, noteSigner('witness', 'witness.example/w2').key);

/** Runs a line until it has said so; what it said. */
async function runLine(file: string, until: RegExp): Promise<string> {
  const { shell, out, err } = memoryShell(chain.environment);
  out.changed = () => {
    if (until.test(out.text)) shell.stops.raise('SIGTERM');
  };
  const limit = setTimeout(() => shell.stops.raise('SIGTERM'), 20_000);
  await runCommandLine(['line', 'run', file, '--work', join(here, 'line'), '--json'], shell);
  clearTimeout(limit);
  return out.text + err.text;
}

/** A command of the page, with its files where this test has them. */
const ownerWords = (line: string): string[] =>
  shellWords(line)
    .slice(1)
    .map((word) => (/^(authority|witness)(\/[a-z.]+)?$/.test(word) ? at(word) : word))
    .map((word) => (/^http:/.test(word) ? witness.url : word));

beforeAll(async () => {
  await chain.begin();
  await chain.halt();
  const lines = readBlock('docs/ledger.md', '## What the owner sets up').trim().split('\n');
  expect(lines).toHaveLength(4);
  for (const line of lines.slice(0, 3)) {
    const words = ownerWords(line);
    // The first words are the command, not the folder of the same name.
    await chain.run(...shellWords(line).slice(1, 2), ...words.slice(1));
  }
  witness = await serveWitness();
  await chain.run('ledger', ...ownerWords(lines[3]!).slice(1));
  await chain.serve();
  plug = await chain.plugIn(chip);
  await chain.personalize(chipId, plug);
  order = await chain.order(chipId);
});
afterAll(async () => {
  await witness.stop();
  await chain.end();
  rmSync(here, { recursive: true });
});

describe('a line that asks for proofs', () => {
  it('waits for the witness, and installs when it is back', async () => {
    await witness.stop();
    const words = ['install', ...chain.lineWords(order, plug), ...proofs()];
    const refused = await chain.try(...words);
    expect([refused.status, refused.stderr]).toEqual([12, expect.stringContaining('FS1814 witness-awaited')]);
    expect((await chain.run('job', 'show', order.job, ...chain.owner)).stdout).toContain('units taken 1');
    witness = await serveWitness();
    await chain.run(...words);
    expect((await chain.run('job', 'show', order.job, ...chain.owner)).stdout).toContain('units taken 1');
  });

  it('has them of a job that asks for them itself, where the authority can give them', async () => {
    const { job } = await chain.openJob(order.sealed, 'policy', ...proofs());
    expect((await chain.run('job', 'show', job, ...chain.owner)).stdout).toMatch(
      /through ledger authority.example\/ledger with 1 of 1 witnesses/,
    );
    const words = ['job', 'open', '--package', order.sealed, '--quota', '1', ...chain.owner];
    writeFileSync(join(here, 'w2.vkey'), `${otherWitness}\n`);
    const unfit = await chain.try(...words, ...proofs().slice(0, 2), '--witness-key', join(here, 'w2.vkey'));
    expect([unfit.status, unfit.stderr]).toEqual([3, expect.stringContaining('job-ledger-unfit')]);
  });

  it('refuses a license without what it asks for', async () => {
    const other = createBlankChip(chipId, 'ledger walk, second');
    const second = await chain.plugIn(other);
    await chain.personalize(chipId, second);
    const next = await chain.openJob(order.sealed, 'second');
    const more = ['--least-witnesses', '2', '--witness-key', at('witness/witness.vkey')];
    const refused = await chain.try('install', ...chain.lineWords(next, second), ...proofs(), ...more);
    expect([refused.status, refused.stderr]).toEqual([
      3,
      expect.stringContaining('FS1805 cosignatures-too-few'),
    ]);
    const line = {
      ...{ format: 'firmseal-line-1', name: 'line-1', authority: chain.owner[1] },
      ...{ rootKey: at('root.key.pub'), deviceCaDelegation: at('ca.delegation') },
      ledger: { logKey: textOf(proofs()[1]!), witnessKeys: [textOf(proofs()[3]!), otherWitness] },
      packages: { panel: { file: next.sealed, job: next.job, token: next.token } },
      sockets: [{ name: 'A1', place: second.socket, package: 'panel' }],
    };
    writeFileSync(at('line.json'), JSON.stringify(line));
    expect(await runLine(at('line.json'), /"line-cycle"/)).toContain('cosignatures-too-few');
    const odd = await chain.try('install', ...chain.lineWords(next, second), ...proofs().slice(2));
    expect([odd.status, odd.stderr]).toEqual([2, expect.stringContaining('--log-key')]);
  });
});

describe('a stranger', () => {
  const files = ['root.key.pub', 'ca.delegation', 'ledger.vkey', 'witness.vkey', 'job.id', 'ledger'];

  beforeAll(async () => {
    // The server writes what is newest when it stops.
    await chain.halt();
    const work = join(here, 'work');
    mkdirSync(work);
    const from: Record<string, string> = {
      'ledger.vkey': at('authority/ledger.vkey'),
      'witness.vkey': at('witness/witness.vkey'),
      'job.id': at(`${chipId}.job`),
      ledger: at('authority/ledger'),
    };
    for (const file of files) cpSync(from[file] ?? at(file), join(work, file), { recursive: true });
    await chain.serve();
  });

  it('checks the ledger and one unit by the commands of the page, without a connection', async () => {
    const block = readBlock('docs/ledger.md', '## What anybody can check');
    expect(commandsInMarkdown(`\`\`\`sh\n${block}\`\`\``)).toHaveLength(3);
    const { output, status } = runBlock(block, { folder: here, timeoutMs: 200_000 });
    expect(status, output).toBe(0);
    expect(output).toMatch(
      /ledger authority\.example\/ledger: \d+ entries, cosigned by witness\.example\/w1; signatures of 2 units/,
    );
    expect(output).toContain('audit: no contradiction');
    expect(output).toMatch(/cosigned by witness\.example\/w1 at .*Z\n {2}receipt [0-9a-f]{64}: verified/);
  });

  const audit = (ledger: string, ...more: string[]) =>
    chain.try('audit', '--ledger', ledger, ...proofs(), ...chain.auditWords(), ...more);

  it('goes on from its progress, and asks the authority itself with a token', async () => {
    const [, address, , token] = chain.owner;
    const url = `${address}${ledgerPrefix}`;
    const words = ['--token-file', token!, '--progress', join(here, 'progress.json')];
    const first = await audit(url, ...words);
    expect([first.status, first.stdout]).toEqual([0, expect.stringContaining('signatures of 2 units')]);
    const again = await audit(url, ...words);
    expect(again.stdout).toContain('signatures of 0 units');
    const one = await audit(join(here, 'work/ledger'), '--job', order.job, '--unit', '0');
    expect([one.status, one.stdout]).toEqual([0, expect.stringContaining('signatures of 1 unit ')]);
    const denied = await audit(url);
    expect([denied.status, denied.stderr]).toEqual([12, expect.stringContaining('authority-refused')]);
    writeFileSync(join(here, 'progress.json'), '{}');
    const broken = await audit(url, ...words);
    expect(broken.stderr).toContain('FS1827 audit-progress-malformed');
  });

  it('is told what was changed in the copy, and takes no changed bundle', async () => {
    const file = join(here, 'work/ledger/opened/000');
    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    changed[bytes.length - 100]! ^= 1;
    writeFileSync(file, changed);
    const { status, stdout } = await audit(join(here, 'work/ledger'));
    writeFileSync(file, bytes);
    expect([status, stdout]).toEqual([4, expect.stringMatching(/^FINDING /m)]);
    const bundle = readFileSync(join(here, 'work/unit-0.bundle'));
    const words = ['--root-key', at('root.key.pub'), ...proofs()];
    for (let i = 25; i < bundle.length; i += 997) {
      const other = Buffer.from(bundle);
      other[i]! ^= 1;
      writeFileSync(join(here, 'other.bundle'), other);
      const verdict = await chain.try('verify', 'bundle', join(here, 'other.bundle'), ...words);
      expect(verdict.status, `byte ${i}`).not.toBe(0);
    }
  });
});

it('an older ledger folder and database are refused at start by the witness', async () => {
  await chain.halt();
  const yesterday = join(here, 'yesterday');
  cpSync(at('authority'), yesterday, { recursive: true });
  await chain.serve();
  await chain.run('job', 'close', order.job, ...chain.owner);
  await chain.halt();
  rmSync(at('authority'), { recursive: true });
  cpSync(yesterday, at('authority'), { recursive: true });
  const { status, stderr } = await chain.try(
    'authority',
    'serve',
    at('authority'),
    '--listen',
    '127.0.0.1:0',
  );
  expect([status, stderr]).toEqual([12, expect.stringContaining('FS1815 witness-ahead')]);
});
