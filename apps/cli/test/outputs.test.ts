// What every command of the list does where it cannot write: a full disk, a limit on the size of files, a
// read-only folder, standard output on a full disk or without a reader, and a kill at each change of a file.
// Its exit code and its words, what it leaves, and that the same command works afterwards. In a sample every
// command writes its files and meets one of the two troubles of standard output; a command that writes meets
// one of the three conditions of a disk (one that uses a database all of them), and a kill at one change of a
// file in three. `npm run lab -- suites` runs each with all.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { makeTlsIssuer } from '@firmseal/authority/testing';
import { nodeCrypto } from '@firmseal/crypto-node';
import { FileStream } from '@firmseal/files';
import { thumbprintOf } from '@firmseal/formats';
import { formatNoteKey } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { createVirtualChip, serveProbe } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPair, makeLicense, makePackage } from '../../../device/agent/test/trusted-site.ts';
import { isWhole, sampled } from '../../../tools/test-report/sample.ts';
import { commandList, isGroup } from '../src/command-list.ts';
import { chipRecord } from './chip-record.ts';
import {
  approverWords,
  type Desk,
  deskEnvironment,
  makeDesk,
  type ServedAuthority,
  serveDesk,
  succeed,
} from './desk.ts';
import { dyingAt } from './dying-process.ts';
import { filesUnder, type Job, type Result } from './outputs-in-condition.ts';
import { jsonLines, runUntil } from './run-here.ts';
import { callsOf } from './writing-commands.ts';

const commands = commandList.flatMap((entry) =>
  isGroup(entry) ? entry.commands.map(({ name }) => `${entry.name} ${name}`) : [entry.name],
);

const folder = mkdtempSync(join(tmpdir(), 'firmseal-outputs-'));
let desk: Desk;
let authority: ServedAuthority;
let probe: Server;
/**
 * The first is for all commands, the other for calls that close it, or fetch the
 * certificate of its end again.
 */
let jobs: string[] = [];
/** Approved, for batches. */
let standingJob = '';
/** Each for a call that revokes one. */
let tokens: string[] = [];

beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
  authority = await serveDesk(desk);
  const owner = ['--authority', authority.url, '--token-file', desk.at('authority/owner.token')];
  const opened = ['job', 'open', ...owner, '--package', desk.at('panel.seal'), '--content-key'];
  const scope = ['--scope', 'auditor', '--label', 'x', '--out'];
  for (let i = 0; i < 2; i++) {
    const [job] = await succeed([...opened, desk.at('panel.seal.key'), '--quota', '1']);
    jobs = [...jobs, String(job?.['job'])];
  }
  for (let i = 0; i < 4; i++) {
    const [token] = await succeed(['token', 'new', ...owner, ...scope, desk.at(`spare-${i}.token`)]);
    tokens = [...tokens, String(token?.['tokenId'])];
  }
  await succeed(['job', 'token', jobs[0]!, ...owner, '--out', desk.at('line.token')]);
  const [standing] = await succeed([
    ...opened,
    desk.at('panel.seal.key'),
    '--quota',
    '1',
    '--mode',
    'standing',
  ]);
  standingJob = String(standing?.['job']);
  await succeed(['job', 'approve', standingJob, ...owner, ...approverWords(desk)]);
  writeFileSync(desk.at('chips.records'), await chipRecord(desk));
  await writeLicensed();
  writeLineFile();
  await writeLedgerFiles();
  await writeRelayFiles();
  probe = await serveProbe(createVirtualChip({ chip: 'stm32g0b1', seed: 'outputs' }), 0);
});

afterAll(async () => {
  probe.close();
  await authority.stop();
  rmSync(folder, { recursive: true });
});

/** A line whose one socket leads nowhere. */
function writeLineFile(): void {
  const line = {
    ...{ format: 'firmseal-line-1', name: 'line-1', authority: authority.url },
    ...{ rootKey: 'root.key.pub', deviceCaDelegation: 'ca.delegation' },
    packages: { panel: { file: 'panel.seal', job: jobs[0], token: 'line.token' } },
    sockets: [{ name: 'A1', place: 'tcp:127.0.0.1:1', package: 'panel' }],
  };
  writeFileSync(desk.at('line.json'), JSON.stringify(line));
}

/** A relay of no station, with its certificate. */
async function writeRelayFiles(): Promise<void> {
  const { cert, key } = await (await makeTlsIssuer()).issue('localhost');
  writeFileSync(desk.at('tls.pem'), cert);
  writeFileSync(desk.at('tls.key'), key, { mode: 0o600 });
  writeFileSync(desk.at('relay.json'), JSON.stringify({ format: 'firmseal-relay-1', stations: {} }));
}

/** A witness's folder, and the verifier key of a ledger. */
async function writeLedgerFiles(): Promise<void> {
  await succeed(['witness', 'init', desk.at('witness'), '--name', 'witness.example']);
  const { key } = noteSigner('log', 'authority.example');
  writeFileSync(desk.at('ledger.vkey'), formatNoteKey(nodeCrypto, key));
}

/** A package and a license for a chip of it. */
async function writeLicensed(): Promise<void> {
  const [signing, kemKey] = [keyPair('a chip, signing').publicKey, keyPair('a chip, KEM').publicKey];
  const device = { kemKey, thumbprint: thumbprintOf(nodeCrypto, signing, kemKey) };
  const sealed = await makePackage('stm32f427');
  writeFileSync(desk.at('licensed.seal'), sealed.file);
  writeFileSync(desk.at('chip.license'), (await makeLicense(sealed, device)).bundle);
}

let made = 0;

interface Prepared extends Job {
  /** What is in `out` before the call. */
  readonly before: readonly string[];
}

/** The call of a command, with a folder of its own to write into. */
function prepare(name: string, inside = folder): Prepared {
  const out = join(inside, `out-${made++}`);
  mkdirSync(out, { recursive: true });
  const job = name === 'job close' ? jobs[1]! : jobs[0]!;
  const tokenId = name === 'token revoke' ? tokens.pop()! : tokens[0]!;
  const { port } = probe.address() as AddressInfo;
  const site = {
    desk,
    url: authority.url,
    job,
    standingJob,
    tokenId,
    probe: `virtual:127.0.0.1:${port}`,
    out,
  };
  const call = callsOf(site)[name];
  if (call === undefined) throw new Error(`test/writing-commands.ts does not say how ${name} is called`);
  if (call.words.includes(`${out}/authority`))
    cpSync(desk.at('authority'), `${out}/authority`, { recursive: true });
  if (call.words.includes(`${out}/witness`) && name !== 'witness init')
    cpSync(desk.at('witness'), `${out}/witness`, { recursive: true });
  if (name === 'ledger add-witness') {
    const settings = { origin: 'authority.example', folder: 'ledger', least: 0, witnesses: [] };
    writeFileSync(
      `${out}/authority/ledger.json`,
      JSON.stringify({ format: 'firmseal-ledger-1', ...settings }),
    );
  }
  if (name === 'authority add-product') rmSync(`${out}/authority/products`, { recursive: true });
  return { name, out, call, before: filesUnder(out) };
}

const run = ({ call }: Job, given?: Writable) =>
  runUntil(call.words, deskEnvironment, { serves: call.serves === true, ...(given && { given }) });

/** An authority writes to them whatever it is asked for. */
const databaseFiles = /(?:\.sqlite(?:-\w+)?|log\.head)$/;

/** The files that a call leaves besides those that were there: a folder of a new authority as one. */
const leftBy = ({ out, call, before }: Prepared): string[] => [
  ...new Set(
    filesUnder(out)
      .filter((file) => !before.includes(file) && !databaseFiles.test(file))
      .map((file) => call.files.find((one) => file.startsWith(`${one}/`)) ?? file),
  ),
];

const expectFiles = (prepared: Prepared): void =>
  expect(leftBy(prepared).sort()).toEqual([...prepared.call.files].sort());

const codeOf = (stderr: string): string => /^FS\d+ ([\w-]+):/m.exec(stderr)?.[1] ?? stderr;

const nowhere = {
  desk: { at: (file: string) => file, folder: '' },
  url: '',
  job: '',
  standingJob: '',
  tokenId: '',
  probe: '',
  out: '',
};
const calls = callsOf(nowhere);

it('every command of the list has its call, and the calls name no other', () => {
  expect(Object.keys(calls).sort()).toEqual(commands.toSorted());
});

/** Commands take turns: of `count` cases, the command at that place of its list meets this one. */
const takes = (place: number, one: number, count: number): boolean => isWhole || place % count === one;

describe.each(commands.map((name, place) => [name, place] as const))('%s', (name, place) => {
  it('writes its files, and those alone; with --json every line is an event', async () => {
    const prepared = prepare(name);
    const one = { ...prepared, call: { ...prepared.call, words: [...prepared.call.words, '--json'] } };
    const { status, stderr, stdout } = await run(one);
    for (const line of jsonLines({ stdout })) expect(line['event']).toMatch(/^[a-z][a-z-]*$/);
    if (status !== 0 && one.call.serves !== true)
      expect(jsonLines({ stdout }).at(-1)).toMatchObject({ event: 'error', code: codeOf(stderr) });
    expect([status, status === 0 ? '' : codeOf(stderr)], stderr).toEqual([
      one.call.status ?? 0,
      status === 0 ? '' : expect.any(String),
    ]);
    expectFiles(one);
  });

  if (takes(place, 0, 2))
    it('does its work where standard output is on a full disk, and says so', async () => {
      const one = prepare(name);
      const full = new FileStream(openSync('/dev/full', 'w'));
      const { status, stderr } = await run(one, full);
      expect(status, stderr).toBe(one.call.status ?? 16);
      if (one.call.status === undefined) expect(codeOf(stderr)).toBe('output-unwritable');
      expectFiles(one);
    });

  if (takes(place, 1, 2))
    it('does its work where nobody reads what it says', async () => {
      const one = prepare(name);
      const gone = new Writable({
        write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
      });
      const { status, stderr } = await run(one, gone);
      expect(status, stderr).toBe(one.call.status ?? 0);
      expectFiles(one);
    });
});

const writers = commands.filter((name) => (calls[name]?.files.length ?? 0) > 0);

/** A lock names the process that holds it: here this one, which goes on. */
function forgetProcess(out: string): void {
  for (const file of filesUnder(out).filter((name) => name.endsWith('.lock')))
    writeFileSync(join(out, file), `${goneProcess}\n`);
}
/** Above the largest number of a process. */
const goneProcess = 2 ** 22 + 1;

describe.each(writers.map((name, place) => [name, place] as const))('%s, killed', (name, place) => {
  it('at any change of a file, leaves what the same command goes on from', async () => {
    let killed = 0;
    for (let at = sampled(1, 1 + (place % 2)); ; at += sampled(1, 3)) {
      const one = prepare(name);
      if (!(await dyingAt(at, () => run(one)))) break;
      killed++;
      forgetProcess(one.out);
      const isDone = one.call.files.every((file) => existsSync(join(one.out, file)));
      const { status, stderr } = await run(one);
      // Killed after its last change, it has done its work: then its files are there, and are kept.
      if (isDone && status !== (one.call.status ?? 0)) expect(codeOf(stderr)).toMatch(/exists|not-empty/);
      else expect(status, stderr).toBe(one.call.status ?? 0);
      expectFiles(one);
    }
    expect(killed).toBeGreaterThan(sampled(1, 0));
  });
});

// In a process of its own, which meets the limits of the system itself.
const driver = fileURLToPath(new URL('outputs-in-condition.ts', import.meta.url));
const cheapKeys = new URL('cheap-new-keys.ts', import.meta.url).href;
const node24 = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
const ownMounts = process.getuid?.() === 0 ? 'unshare -m' : 'unshare -rm';
const canMount = spawnSync('sh', ['-c', `${ownMounts} mount -t tmpfs none /mnt`]).status === 0;

interface Condition {
  readonly name: string;
  readonly code: string;
  /** A shell command that ends in "$@", the driver; `at` is the folder that the calls write into. */
  readonly under: (at: string) => string;
  /** A file that is made to take the whole disk before each call. */
  readonly filler?: (at: string) => string;
  /** Ends the condition for the process. */
  readonly freed?: (at: string) => string;
  readonly needsMounts: boolean;
}

const conditions: readonly Condition[] = [
  {
    name: 'under a limit on the size of files',
    code: 'file-size-limited',
    under: () => 'ulimit -f 0; exec "$@"',
    needsMounts: false,
  },
  {
    name: 'on a full disk',
    code: 'disk-full',
    under: (at) =>
      `cp -a ${at} ${at}.copy && mount -t tmpfs -o size=64m none ${at} && cp -a ${at}.copy/. ${at} && ` +
      `rm -r ${at}.copy; exec "$@"`,
    filler: (at) => `${at}/filler`,
    freed: (at) => `rm ${at}/filler`,
    needsMounts: true,
  },
  {
    name: 'in a read-only folder',
    code: 'disk-read-only',
    under: (at) => `mount --bind ${at} ${at} && mount -o remount,ro,bind ${at} && exec "$@"`,
    freed: (at) => `mount -o remount,rw,bind ${at}`,
    needsMounts: true,
  },
];

/** All calls in one process under the condition; the authority and the chip go on in this one. */
async function runUnder(
  { under, freed, filler, needsMounts }: Condition,
  prepared: readonly Prepared[],
  at: string,
) {
  const words = [node24, '--import', cheapKeys, driver, filler?.(at) ?? '', freed?.(at) ?? ''];
  const shell = needsMounts ? ownMounts.split(' ') : [];
  const [program, ...rest] = [...shell, 'sh', '-c', under(at), 'sh', ...words];
  const child = spawn(program!, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(prepared));
  const [stdout, stderr] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'close'),
  ]);
  expect([child.exitCode, stdout === '' ? stderr : '']).toEqual([0, '']);
  return JSON.parse(stdout) as { limited: Result[]; freed: Result[] };
}

/** SQLite's own files stand beside a database for as long as somebody has it open. */
const settled = (files: readonly string[]) => files.filter((name) => !/\.sqlite-(?:shm|wal)$/.test(name));

describe.each(conditions)('$name', (condition) => {
  const turn = conditions.indexOf(condition);
  const meeting = writers.filter(
    (name, place) => takes(place, turn, conditions.length) || calls[name]!.database === true,
  );
  let prepared: Prepared[] = [];
  let results: { limited: Result[]; freed: Result[] } = { limited: [], freed: [] };

  beforeAll(async () => {
    if (condition.needsMounts && !canMount) return;
    const at = mkdtempSync(join(folder, 'condition-'));
    prepared = meeting.map((command) => prepare(command, at));
    results = await runUnder(condition, prepared, at);
  });

  it.each(meeting.map((command, index) => [command, index] as const))('%s', async (_, index) => {
    if (condition.needsMounts && !canMount) return;
    const job = prepared[index]!;
    const { outcome, left } = results.limited[index]!;
    const [status, code] = [outcome.status, codeOf(outcome.stderr)];
    if (job.call.database === true && status === 12) expect(code).toMatch(/^store-/);
    else expect([status, code]).toEqual([16, condition.code]);
    expect(settled(left)).toEqual(settled(job.before));
    const again = results.freed[index] ?? { outcome: await run(job), left: filesUnder(job.out) };
    expect(again.outcome.status, again.outcome.stderr).toBe(job.call.status ?? 0);
    for (const file of job.call.files) expect(again.left.some((one) => one.startsWith(file))).toBe(true);
  });
});
