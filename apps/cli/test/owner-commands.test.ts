// What owner, line and auditor do from command to command, on virtual chips: weaker outcomes by name, tokens,
// what was installed where, receipts on their own, and evidence without a connection.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chain, type Order, type Plug, product } from './chain.ts';
import { jsonLines } from './run-here.ts';

const chain = new Chain();
const at = (name: string) => chain.at(name);
const here = mkdtempSync(join(tmpdir(), 'firmseal-owner-'));
const chipId = 'stm32f427';

/** A chip that stops at readout level 1, and what it proves. */
const chip = createBlankChip(chipId, 'owner commands/level 1');
let plug: Plug;
let thumbprint: string;
let order: Order;

beforeAll(async () => {
  await chain.begin();
  plug = await chain.plugIn(chip);
  const { stdout } = await chain.personalize(chipId, plug, '--level', '1', '--json');
  thumbprint = String(jsonLines({ stdout }).find(({ event }) => event === 'personalized')!['thumbprint']);
  const open = ['--least-level', '1', '--allow-unprotected'];
  await chain.run(...chain.sealWords(chipId, at('open.seal'), ...open));
});
afterAll(async () => {
  await chain.end();
  rmSync(here, { recursive: true });
});

describe('a chip that is less protected than the catalogue asks', () => {
  it('is refused by a job that takes PASS alone, and no unit is taken', async () => {
    const strict = await chain.openJob(at('open.seal'), 'strict');
    const { status, stdout, stderr } = await chain.try('install', ...chain.lineWords(strict, plug));
    expect(status).toBe(11);
    expect(stderr).toMatch(/^\[1\] tcp:\S+: FS0892 job-outcome-refused: .*\n {2}What to do: /);
    expect(stdout).toContain('UNPROTECTED');
    expect(stdout).toContain('#RESULT:1:#ERROR:FS0892');
    expect((await chain.run('job', 'show', strict.job, ...chain.owner)).stdout).toContain('units taken 0');
  });

  it('is taken by a job that accepts UNPROTECTED: an exit code of its own, and everything says so', async () => {
    order = await chain.openJob(at('open.seal'), 'lenient', '--accept', 'unprotected');
    const receipts = ['--receipts', join(here, 'receipts')];
    const { status, stdout } = await chain.try('install', ...chain.lineWords(order, plug), ...receipts);
    expect(status).toBe(21);
    expect(stdout).toContain('#RESULT:1:#UNPROTECTED');
    expect(stdout).not.toContain('#OK');

    const proven = `${thumbprint}, version 1.0.0, `;
    const shown = await chain.run('job', 'show', order.job, ...chain.owner);
    expect(shown.stdout).toContain('takes UNPROTECTED besides PASS');
    expect(shown.stdout).toContain('receipts 1 (UNPROTECTED 1)');
    expect(shown.stdout).toContain(`unit 0: ${chipId} ${proven}`);
    expect(shown.stdout).toContain('Z, UNPROTECTED, readout level 1, identity witnessed, receipt ');
    const audited = await chain.audit();
    expect(audited.stdout).toContain(`job ${order.job}, unit 0: ${chipId} ${proven}`);
    expect(audited.stdout).toContain('Z, UNPROTECTED, readout level 1, identity witnessed, receipt ');
    expect(audited.stdout).toContain('UNPROTECTED 1, ');
  });

  it('refuses a word that is no outcome', async () => {
    const words = ['job', 'open', ...chain.owner, '--package', at('open.seal'), '--quota', '1'];
    const refused = await chain.try(...words, '--content-key', at('open.seal.key'), '--accept', 'PASS');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('REHEARSAL')]);
  });
});

describe('per-device data', () => {
  const dataAddress = 0x081c_0000;
  const sealed = () => at('data.seal');
  const open = (name: string, text: string) => {
    writeFileSync(join(here, name), text);
    const words = ['--quota', '1', '--device-data', join(here, name)];
    const files = ['--package', sealed(), '--content-key', `${sealed()}.key`];
    return chain.try('job', 'open', ...chain.owner, ...files, ...words);
  };

  it('that is not one value for each area and unit is refused when the job is opened', async () => {
    await chain.run(
      ...chain.sealWords(chipId, sealed(), '--least-level', '1', '--allow-unprotected'),
      ...['--device-data', '0x081c0000:32', '--device-data', '0x081a0000:32'],
    );
    const [serial, mac] = ['ab'.repeat(32), '01020304'.repeat(8)];
    const cases: [string, string][] = [
      [`# mac, serial\n${serial},0102030\n`, 'FS0893'],
      [`${serial},${mac}\n${serial},${mac}\n`, 'FS0867'],
      ['# nothing\n', 'FS0867'],
      [`${serial},${'ab'.repeat(3_000_000)}\n`, 'FS0893'],
      [`${serial}\n`, 'FS0308'],
    ];
    for (const [text, label] of cases) {
      const { status, stderr } = await open('data.csv', text);
      expect([label, status, stderr]).toEqual([label, expect.any(Number), expect.stringContaining(label)]);
      expect(status).not.toBe(0);
      expect(stderr).not.toContain(serial.slice(0, 8));
    }
  });

  it('goes from a file of the owner into the chip, and the receipt proves it', async () => {
    const [serial, mac] = ['5a'.repeat(32), '02ab34cd'.repeat(8)];
    writeFileSync(join(here, 'data.csv'), `# in ascending address: mac, serial\n${mac}, ${serial}\n`);
    const words = ['--accept', 'UNPROTECTED', '--device-data', join(here, 'data.csv')];
    const job = await chain.openJob(sealed(), 'data', ...words);
    const receipts = join(here, 'data receipts');
    const { status } = await chain.try('install', ...chain.lineWords(job, plug), '--receipts', receipts);
    expect(status).toBe(21);
    expect(Buffer.from(chip.judge.flash(dataAddress, 32)).toString('hex')).toBe(serial);
    expect(Buffer.from(chip.judge.flash(0x081a_0000, 32)).toString('hex')).toBe(mac);
    const verify = ['verify', 'receipt', join(receipts, readdirSync(receipts)[0]!)];
    expect((await chain.try(...verify, '--root-key', at('root.key.pub'))).status).toBe(21);
    expect((await chain.audit()).stdout).toContain(`job ${job.job}, unit 0: `);
  });
});

describe('jobs and tokens', () => {
  it('opens no job whose two files would be one', async () => {
    const before = await chain.run('job', 'list', ...chain.owner, '--json');
    const words = ['--package', at('open.seal'), '--content-key', at('open.seal.key'), '--quota', '1'];
    const one = ['--id-file', join(here, 'one'), '--line-token', join(here, '.', 'one'), '--approve'];
    const { status, stderr } = await chain.try('job', 'open', ...chain.owner, ...words, ...one);
    expect([status, stderr]).toEqual([2, expect.stringContaining('name one file')]);
    expect(await chain.run('job', 'list', ...chain.owner, '--json')).toEqual(before);
    expect(readdirSync(here)).not.toContain('one');
  });

  it('a job takes a further package, which is licensed once the job is approved again', async () => {
    const next = join(here, 'next.seal');
    await chain.run(...chain.sealWords(chipId, next));
    const words = ['job', 'add-package', order.job, '--package', next];
    const added = await chain.run(...words, ...chain.owner, '--json');
    expect(jsonLines(added)).toEqual([
      expect.objectContaining({ event: 'package-added', job: order.job, firmwareVersion: '1.0.0' }),
    ]);
    const packages = async () => {
      const [view] = jsonLines(await chain.run('job', 'show', order.job, ...chain.owner, '--json'));
      return (view!['packages'] as { approved: boolean }[]).map(({ approved }) => approved);
    };
    expect(await packages()).toEqual([true, false]);
    await chain.run('job', 'approve', order.job, ...chain.owner);
    expect(await packages()).toEqual([true, true]);
    const { status, stderr } = await chain.try(...words, ...chain.owner);
    expect([status, stderr]).toEqual([11, expect.stringContaining('job-package-repeated')]);
  });

  it('lists every job, newest first', async () => {
    const { stdout } = await chain.run('job', 'list', ...chain.owner, '--json');
    const jobs = jsonLines({ stdout });
    expect(jobs).toHaveLength(3);
    expect(jobs[1]).toMatchObject({ event: 'job', job: order.job, accepts: ['UNPROTECTED'], quota: 1 });
  });

  it('gives an auditor a token that reads and does nothing else, until it is revoked', async () => {
    const token = join(here, 'auditor.token');
    const made = await chain.run(
      ...['token', 'new', '--scope', 'auditor', '--label', 'alice', '--out', token, '--days', '7'],
      ...[...chain.owner, '--json'],
    );
    const [{ tokenId, expiresAtMs } = {}] = jsonLines(made);
    expect((Number(expiresAtMs) - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
    const auditor = [...chain.owner.slice(0, 2), '--token-file', token];
    expect((await chain.try('audit', ...auditor, ...chain.auditWords())).status).toBe(0);
    expect((await chain.try('job', 'close', order.job, ...auditor)).stderr).toContain('token-scope-wrong');
    const listed = await chain.run('token', 'list', ...chain.owner);
    expect(listed.stdout).toContain(`${tokenId}: auditor, "alice", valid until`);
    const text = readFileSync(token, 'utf8').trim();
    expect(listed.stdout + made.stdout).not.toContain(text);
    await chain.run('token', 'revoke', String(tokenId), ...chain.owner);
    expect((await chain.try('job', 'list', ...auditor)).stderr).toContain('token-refused');
    expect((await chain.run('token', 'list', ...chain.owner)).stdout).toContain(
      `${tokenId}: auditor, "alice", revoked `,
    );
  });

  it('for certain stations: a line elsewhere gets nothing, and one that is stopped nothing any more', async () => {
    const place = ['--station', 'bench-1', '--station', 'shenzhen/*', '--accept', 'unprotected'];
    const files = ['--package', at('open.seal'), '--content-key', at('open.seal.key'), '--quota', '2'];
    const words = [
      ...files,
      '--few-units',
      '1',
      ...place,
      '--approve',
      '--id-file',
      join(here, 'placed.job'),
    ];
    const one = await chain.try('job', 'open', ...chain.owner, ...words, '--line-token', join(here, 'x'));
    expect([one.status, one.stderr]).toEqual([2, expect.stringContaining('for which of the stations')]);
    const opened = await chain.run('job', 'open', ...chain.owner, ...words);
    expect(opened.stdout).toContain(', for stations bench-1, shenzhen/* alone; quota 2');
    const job = readFileSync(join(here, 'placed.job'), 'utf8').trim();

    const token = (station: string, out: string) =>
      chain.try('job', 'token', job, ...chain.owner, '--station', station, '--out', out);
    const refused = await token('bench-2', join(here, 'bench-2.token'));
    expect([refused.status, refused.stderr]).toEqual([11, expect.stringContaining('job-station-refused')]);
    expect((await token('shenzhen/line-3', join(here, 'placed.token'))).status).toBe(0);
    const listed = await chain.run('token', 'list', ...chain.owner);
    expect(listed.stdout).toContain(`line of job ${job} at station shenzhen/line-3, "line"`);

    const line = chain.lineWords({ sealed: at('open.seal'), job, token: join(here, 'placed.token') }, plug);
    const station = ['--station', 'shenzhen/line-3'];
    await chain.run('stop', 'new', ...chain.owner, ...station, '--reason', 'audit of the site');
    expect((await chain.try('install', ...line)).stdout).toContain('#ERROR:FS0948');
    await chain.run('stop', 'lift', ...chain.owner, ...station);
    for (const named of [
      ['--device', thumbprint],
      ['--product', product],
      ['--station', 'shenzhen/*'],
    ]) {
      await chain.run('stop', 'new', ...chain.owner, ...named, '--reason', 'a drill');
      expect((await chain.run('stop', 'list', ...chain.owner)).stdout).toContain(
        `${named[0]!.slice(2)} ${named[1]}: STOPPED since `,
      );
      expect((await chain.try('install', ...line)).stdout).toContain('#ERROR:FS0948');
      await chain.run('stop', 'lift', ...chain.owner, ...named);
    }
    const installed = await chain.try('install', ...line);
    expect([installed.status, installed.stdout]).toEqual([
      21,
      expect.stringContaining('FEW UNITS LEFT: 1 of 2'),
    ]);
    expect((await chain.try('audit', ...chain.owner, ...chain.auditWords())).status).toBe(0);
  });

  it("gives a further owner a token that does what the first one's does", async () => {
    const token = join(here, 'second-owner.token');
    const words = ['--scope', 'owner', '--label', 'bob', '--out', token];
    await chain.run('token', 'new', ...words, ...chain.owner);
    const bob = [...chain.owner.slice(0, 2), '--token-file', token];
    expect((await chain.run('token', 'list', ...bob)).stdout).toContain('"bob"');
  });
});

describe('one receipt on its own', () => {
  const file = () => join(here, 'receipts', readdirSync(join(here, 'receipts'))[0]!);
  const root = () => ['--root-key', at('root.key.pub')];
  const verify = (...words: string[]) => chain.try('verify', 'receipt', ...words);

  it('says what was installed where, by the root key alone; the exit code is its outcome', async () => {
    const { status, stdout } = await verify(file(), ...root(), '--package', at('open.seal'));
    expect(status).toBe(21);
    expect(stdout).toContain(`${product} 1.0.0 (security counter 1) on ${chipId} ${thumbprint}`);
    expect(stdout).toContain('UNPROTECTED, readout level 1, identity witnessed');
    expect(stdout).toContain(`job ${order.job}, license `);
    const [event] = jsonLines(await verify(file(), ...root(), '--json'));
    expect(event).toMatchObject({
      ...{ event: 'receipt', outcome: 'UNPROTECTED', readoutLevel: 1, fresh: true, unitIndex: 0 },
      ...{ thumbprint, chip: chipId, job: order.job, origin: { kind: 'witnessed', rehearsal: false } },
    });
  });

  it('is refused under another root, product or package, damaged, or no receipt file', async () => {
    await chain.run(...chain.sealWords(chipId, at('strict.seal')));
    const bytes = readFileSync(file());
    const damaged = (change: (copy: Buffer) => Buffer) => {
      writeFileSync(join(here, 'damaged.receipt'), change(Buffer.from(bytes)));
      return join(here, 'damaged.receipt');
    };
    const cases: [string[], number, string][] = [
      [[file(), '--root-key', at('signer.key.pub')], 10, 'delegation-signature-invalid'],
      [[file(), ...root(), '--product', 'kettle'], 10, 'delegation-product-wrong'],
      [[file(), ...root(), '--package', at('strict.seal')], 15, 'receipt-package-wrong'],
      [[damaged((copy) => copy.subarray(1)), ...root()], 15, 'receipt-file-malformed'],
      [[at('open.seal.key'), ...root()], 15, 'receipt-file-malformed'],
    ];
    for (const [words, code, name] of cases) {
      const { status, stderr } = await verify(...words);
      expect([name, status, stderr]).toEqual([name, code, expect.stringContaining(name)]);
    }
  });

  it('comes out of the evidence as well, without an authority', async () => {
    const copy = join(here, 'evidence');
    await chain.run('audit', ...chain.owner, ...chain.auditWords(), '--keep', copy);
    const words = ['--evidence', copy, ...chain.auditWords(), '--receipts', join(here, 'exported')];
    const offline = await chain.run('audit', ...words, '--keep', join(here, 'copy of it'), '--json');
    expect(readFileSync(join(here, 'copy of it'), 'utf8')).toBe(readFileSync(copy, 'utf8'));
    expect(jsonLines(offline)).toContainEqual(
      expect.objectContaining({ event: 'install', thumbprint, outcome: 'UNPROTECTED', chip: chipId }),
    );
    const exported = readdirSync(join(here, 'exported'));
    expect(exported).toHaveLength(2);
    for (const name of exported)
      expect((await verify(join(here, 'exported', name), ...root())).status).toBe(21);
  });
});

it('an update is opened by share, halted and gone on with, and its token may be published', async () => {
  const opened = ['--quota', '5', '--mode', 'update', '--line-token', join(here, 'public.token')];
  const files = ['--package', at('open.seal'), '--content-key', at('open.seal.key')];
  const { stdout } = await chain.run('job', 'open', ...chain.owner, ...files, ...opened, '--json');
  const [view, token] = jsonLines({ stdout });
  const job = String(view!['job']);
  expect(Number(token!['expiresAtMs'])).toBeGreaterThan(Date.now() + 360 * 86_400_000);
  expect(readFileSync(join(here, 'public.token'), 'utf8')).toMatch(/^fsu_/);
  const roll = async (...words: string[]) =>
    (await chain.run('job', 'rollout', job, ...words, ...chain.owner)).stdout;
  expect(await roll('--percent', '5', '--origin', 'https://a.example', '--origin', 'null')).toContain(
    'update: open to 5 % of the devices; since it was opened or resumed: installed 0, given up 0, ' +
      'silent for an hour 0; halts above 20 %; pages: https://a.example, null',
  );
  expect(await roll('--halt', '--halt-above', '10')).toContain('update: HALTED');
  const shown = await chain.run('job', 'show', job, ...chain.owner);
  expect(shown.stdout).toContain('update: HALTED; since');
  expect(await roll('--resume')).toContain('open to 5 % of the devices');
  const wrong = await chain.try('job', 'rollout', job, '--origin', 'https://a.example/x', ...chain.owner);
  expect(wrong.status).toBe(2);
});

it('a device is updated with a public token, by a license that the authority gave, and its receipt is there', async () => {
  const next = ['--firmware-version', '2.0.0', '--counter', '2', '--least-level', '1', '--allow-unprotected'];
  await chain.run(...chain.sealWords(chipId, at('next.seal'), ...next));
  const opened = ['--quota', '5', '--mode', 'update', '--accept', 'UNPROTECTED', '--approve'];
  const files = ['--package', at('next.seal'), '--content-key', at('next.seal.key')];
  const kept = ['--id-file', at('next.job'), '--line-token', at('next.token')];
  await chain.run('job', 'open', ...chain.owner, ...files, ...opened, ...kept);
  const job = readFileSync(at('next.job'), 'utf8').trim();
  const trust = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
  const access = [...chain.owner.slice(0, 2), '--token-file', at('next.token'), '--job', job];
  const update = (...words: string[]) =>
    chain.try('update', at('next.seal'), ...trust, '--socket', plug.socket, ...words);
  const early = await update(...access);
  expect([early.status, early.stderr]).toEqual([11, expect.stringContaining('rollout-waits')]);
  await chain.run('job', 'rollout', job, '--percent', '100', ...chain.owner);
  const { status, stdout, stderr } = await update(...access);
  expect([status, stderr]).toEqual([21, expect.any(String)]);
  expect(stdout).toContain('version before: unknown');
  expect(stdout).toContain('version after:  2.0.0');
  const shown = await chain.run('job', 'show', job, ...chain.owner);
  expect(shown.stdout).toContain('units taken 1');
  expect(shown.stdout).toContain('receipts 1 (UNPROTECTED 1)');
  const half = await update(...access.slice(0, 4));
  expect([half.status, half.stderr]).toEqual([2, expect.stringContaining('belong together')]);
});
