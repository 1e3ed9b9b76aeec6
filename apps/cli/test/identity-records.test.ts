// Records of identities on their way from a site to the authority: as a chip is done, later from the file,
// and once each. What the authority refuses, and what owner and auditor see.

import { readFileSync, writeFileSync } from 'node:fs';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Chain, type Plug, product } from './chain.ts';
import { jsonLines } from './run-here.ts';

const id = 'stm32f427';
const chain = new Chain();
beforeAll(() => chain.begin());
afterAll(() => chain.end());

const url = () => chain.owner[1]!;
const site = () => ['--authority', url(), '--token-file', chain.at('site.token')];
const list = async () =>
  jsonLines(await chain.run('identity', 'list', ...chain.owner, '--json')).filter(
    ({ event }) => event === 'identity',
  );

const rehearse = ({ via, socket }: Plug, ...words: string[]) =>
  chain.try(
    ...['personalize', '--chip', id, '--product', product, '--root-key', chain.at('root.key.pub')],
    ...['--device-ca', chain.at('ca.key'), '--rehearsal', '--via', via, '--socket', socket],
    ...['--records', chain.at('chips.jsonl'), '--json', ...words],
  );

it('a record goes to the file and to the authority; what did not arrive is sent from the file, once', async () => {
  const newToken = ['token', 'new', ...chain.owner, '--scope', 'site', '--label', 'bench'];
  await chain.run(...newToken, '--out', chain.at('site.token'));
  const first = await chain.plugIn(createBlankChip(id, 'record-1'));
  const lonely = await rehearse(first, '--token-file', chain.at('site.token'));
  expect([lonely.status, lonely.stderr]).toEqual([2, expect.stringContaining('records-way-incomplete')]);
  const done = await rehearse(first, ...site());
  expect(done.status, done.stderr).toBe(0);
  expect(jsonLines(done)).toContainEqual(
    expect.objectContaining({ event: 'record-delivered', stored: true }),
  );
  expect(await list()).toMatchObject([{ chip: id, product, readoutLevel: 0, origin: { rehearsal: true } }]);

  // The token ends: the chip is done all the same, and the file has its record.
  const [made] = jsonLines(await chain.run('token', 'list', ...chain.owner, '--json')).filter(
    ({ scope }) => scope === 'site',
  );
  await chain.run('token', 'revoke', String(made!['tokenId']), ...chain.owner);
  const late = await rehearse(await chain.plugIn(createBlankChip(id, 'record-2')), ...site());
  expect(late.status).toBe(0);
  expect(late.stderr).toContain('send it later with `firmseal identity send`');
  expect(await list()).toHaveLength(1);
  const refused = await chain.try('identity', 'send', chain.at('chips.jsonl'), ...site());
  expect(refused.stderr).toContain('token-refused');

  await chain.run(...newToken, '--out', chain.at('second.token'));
  const words = ['identity', 'send', chain.at('chips.jsonl'), '--authority', url()];
  const send = [...words, '--token-file', chain.at('second.token'), '--json'];
  const delivered = await chain.run(...send);
  expect(jsonLines(delivered).at(-1)).toMatchObject({ records: 2, added: 1 });
  expect(jsonLines(await chain.run(...send)).at(-1)).toMatchObject({ records: 2, added: 0 });
  expect(await list()).toHaveLength(2);
  const audited = await chain.audit();
  expect(audited.stdout).toContain('identities recorded: 2');
});

it('a changed record is refused, a changed file too; a site may do nothing else', async () => {
  const lines = readFileSync(chain.at('chips.jsonl'), 'utf8').trimEnd().split('\n');
  const one = JSON.parse(lines[0]!) as { record: string };
  const record = Buffer.from(one.record, 'base64');
  record[record.length - 90]! ^= 1;
  writeFileSync(
    chain.at('changed.jsonl'),
    `${JSON.stringify({ ...one, record: record.toString('base64') })}\n`,
  );
  const token = ['--authority', url(), '--token-file', chain.at('second.token')];
  const changed = await chain.try('identity', 'send', chain.at('changed.jsonl'), ...token);
  expect(changed.stderr).toMatch(/identity-record-(malformed|signature-invalid)/);
  writeFileSync(chain.at('cut.jsonl'), `${lines[0]!}\n${lines[1]!.slice(0, 50)}`);
  const cut = await chain.try('identity', 'send', chain.at('cut.jsonl'), ...token);
  expect([cut.status, cut.stderr]).toEqual([3, expect.stringContaining('Line 2 of')]);
  for (const words of [
    ['identity', 'list'],
    ['job', 'list'],
    ['token', 'list'],
  ])
    expect((await chain.try(...words, ...token)).stderr).toContain('token-scope-wrong');
  expect(await list()).toHaveLength(2);
});

it('one that was taken from the evidence, or changed in it, is named by the audit', async () => {
  await chain.run('audit', ...chain.owner, ...chain.auditWords(), '--keep', chain.at('kept.jsonl'));
  const lines = readFileSync(chain.at('kept.jsonl'), 'utf8').trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes('"kind":"identity"'));
  const audit = async (all: readonly string[]) => {
    writeFileSync(chain.at('other.jsonl'), `${all.join('\n')}\n`);
    return chain.try('audit', '--evidence', chain.at('other.jsonl'), ...chain.auditWords());
  };
  expect((await audit(lines)).status).toBe(0);
  expect((await audit(lines.toSpliced(at, 1))).stdout).toContain('FINDING row-missing: record');
  const row = JSON.parse(lines[at]!) as { thumbprint: string };
  const forged = JSON.stringify({ ...row, thumbprint: '00'.repeat(32) });
  expect((await audit(lines.with(at, forged))).stdout).toContain('FINDING identity-invalid: record');
});
