// Two of two approvers, from the root's word to the audit, by commands alone: what one of them signs, the
// owner does not get past; what an approver reads before he signs.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  approverWords,
  type Desk,
  deskEnvironment,
  makeDesk,
  type ServedAuthority,
  sealWords,
  serveDesk,
  succeed,
} from './desk.ts';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-approve-'));
let desk: Desk;
let authority: ServedAuthority;
let [owner, ann, ben]: string[][] = [];
let trust: string[];

const run = (...words: string[]) => runHere(words, deskEnvironment);
const at = (name: string) => desk.at(name);

beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
  const root = ['--root', at('root.key'), '--product', 'panel'];
  await succeed(['keys', 'new', '--role', 'approver', '--out', at('ben.key')]);
  const ofBen = ['--role', 'approver', '--key', at('ben.key.pub'), '--out', at('ben.delegation')];
  await succeed(['keys', 'delegate', ...root, ...ofBen]);
  const two = ['--threshold', '2', '--number', '2', '--out', at('two.policy')];
  await succeed(['keys', 'approval-policy', ...root, ...two]);
  trust = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
  const policy = ['--approval-policy', at('two.policy')];
  const product = ['--product', 'panel', '--issuer-delegation', at('issuer.delegation')];
  await succeed(['authority', 'add-product', at('authority'), ...product, ...trust, ...policy]);
  authority = await serveDesk(desk);
  const access = (token: string) => ['--authority', authority.url, '--token-file', at(token)];
  owner = access('authority/owner.token');
  const scope = ['--scope', 'approver', '--label', 'ben', '--out', at('ben.token')];
  await succeed(['token', 'new', ...owner, ...scope]);
  ann = [...owner, ...approverWords(desk).slice(0, 4), ...policy, '--root-key', at('root.key.pub')];
  ben = [
    ...access('ben.token'),
    ...['--approver-key', at('ben.key'), '--approver-delegation', at('ben.delegation')],
    ...[...policy, '--root-key', at('root.key.pub')],
  ];
});
afterAll(async () => {
  await authority.stop();
  rmSync(folder, { recursive: true });
});

const files = () => ['--package', at('panel.seal'), '--content-key', at('panel.seal.key')];

it('a job opens when both have signed, and what they signed stands in words', async () => {
  const id = ['--quota', '2', '--id-file', at('job.id'), '--approve'];
  const opened = await run('job', 'open', ...files(), ...id, ...ann!);
  expect([opened.status, opened.stderr]).toEqual([
    11,
    expect.stringContaining('FS0918 approvals-missing: 1 of 2'),
  ]);
  const job = readFileSync(at('job.id'), 'utf8').trim();

  await succeed(sealWords(desk, at('other.seal')).map((word) => (word === '1.0.0' ? '1.0.1' : word)));
  const other = await run('approve', job, ...ben!, '--package', at('other.seal'));
  expect([other.status, other.stderr]).toEqual([10, expect.stringContaining('approval-package-unknown')]);

  const { status, stdout } = await run('approve', job, ...ben!, '--package', at('panel.seal'));
  expect([status, stdout]).toEqual([0, expect.stringContaining('signed: 2 of 2 approvers have approved')]);
  expect(stdout).toContain(`You approve for product panel, job ${job}:`);
  expect(stdout).toContain('licenses for at most 2 chips, of mode session; outcomes taken: PASS alone');
  expect(stdout).toContain('version 1.0.0, counter 1, as your own file says');
  expect(stdout).toContain('2 approvers have to sign; yours counts for 365 days');

  const approved = await run('job', 'approve', job, ...ann!);
  expect(approved.stdout).toContain('approved, panel');
  const shown = await run('job', 'show', job, ...owner!);
  expect(shown.stdout).toContain('order signed by 2 of 2 approvers');
  expect(shown.stdout.match(/approval of the job by [0-9a-f]{16}, .*, counts until 20/g)).toHaveLength(2);
});

it('its end needs both too, and leaves a certificate', async () => {
  const job = readFileSync(at('job.id'), 'utf8').trim();
  const close = () => run('job', 'close', job, ...ann!, '--certificate', at('job.end'));
  expect((await close()).stderr).toContain('approvals-missing: 1 of 2 approvers have approved the close');
  expect((await run('approve', job, ...ben!, '--close')).stdout).toContain('the job is closed for ever');
  expect((await close()).stdout).toContain('certificate of the end');
  expect(readFileSync(at('job.end')).length).toBeGreaterThan(200);

  const audit = (...policies: string[]) =>
    run(
      ...['audit', ...owner!, ...trust, '--product', 'panel'],
      ...policies.flatMap((one) => ['--approval-policy', at(one)]),
    );
  expect((await audit('two.policy', 'approval.policy')).stdout).toContain('audit: no contradiction');
  expect((await audit()).stdout).toContain('NOTICE approvals-not-audited');
  const root = ['--root', at('root.key'), '--product', 'panel'];
  const three = ['--threshold', '3', '--number', '3', '--out', at('three.policy')];
  await succeed(['keys', 'approval-policy', ...root, ...three]);
  const strict = await audit('three.policy');
  expect([strict.status, strict.stdout]).toEqual([
    4,
    expect.stringContaining('FINDING approval-missing: the close'),
  ]);
  const earlier = await audit('three.policy', 'two.policy');
  expect([earlier.status, earlier.stdout]).toEqual([
    0,
    expect.stringContaining('NOTICE approval-policy-earlier'),
  ]);
  const shown = await run('keys', 'show', at('three.policy'));
  expect(shown.stdout).toContain('approval policy');
});

it('a recovery is approved by its device and the floors that the authority knows', async () => {
  const device = '5a'.repeat(32);
  const approve = (who: string[], ...words: string[]) => run('approve', ...words, ...who);
  const first = await approve(ann!, '--recovery', device, '--product', 'panel', '--floor', '3');
  expect([first.status, first.stdout]).toEqual([
    0,
    expect.stringContaining('signed: 1 of 2 approvers have approved'),
  ]);
  expect(first.stdout).toContain(`device ${device} makes a new journal: versions from security counter 3 on`);
  expect(first.stdout).toContain('2 approvers have to sign; yours counts for 7 days');
  const second = await approve(ben!, '--recovery', device, '--product', 'panel', '--floor', '3');
  expect(second.stdout).toContain('signed: 2 of 2');
  expect((await approve(ann!, '--recovery', device)).stderr).toContain('--recovery needs --product');
  expect((await approve(ann!)).stderr).toContain('give the id of a job, or --recovery with a device');
});

it('an approver cannot open a job, and half of the options is no approver', async () => {
  const asBen = await run('job', 'open', ...files(), '--quota', '1', ...ben!.slice(0, 4));
  expect([asBen.status, asBen.stderr]).toEqual([11, expect.stringContaining('token-scope-wrong')]);
  const half = await run('job', 'open', ...files(), '--quota', '1', '--approve', ...ann!.slice(0, 6));
  expect([half.status, half.stderr]).toEqual([2, expect.stringContaining('--approver-delegation'.slice(2))]);
});
