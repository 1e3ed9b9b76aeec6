// The whole chain with every key in a PKCS #11 token: root, package signer, device CA, issuer and the key
// that opens content keys are made there by the commands, and a chip is sealed for, personalized, licensed,
// installed and audited with them. Nothing of the PIN is in any file or output.

import { copyFileSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSoftHsm, type SoftHsm } from '@firmseal/pkcs11-adapter/testing';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { Chain, product } from './chain.ts';
import { readBlock, runBlock } from './run-block.ts';
import { jsonLines } from './run-here.ts';

hasTool('softhsm2-util', 'in-ci', ['--version']);

const chipId = 'stm32f427';
let hsm: SoftHsm;
let chain: Chain;
beforeAll(async () => {
  hsm = makeSoftHsm('desk', 'server');
  Object.assign(process.env, hsm.environment);
  chain = new Chain({
    newKeyOptions: (role) => ['--token', hsm.uri('desk', role)],
    authorityOptions: [
      ...['--issuer-token', hsm.uri('server', 'issuer'), '--kem-token', hsm.uri('server', 'kem')],
    ],
  });
  Object.assign(chain.environment, hsm.environment, { FIRMSEAL_PASSPHRASE: hsm.pin });
  await chain.begin();
});
afterAll(async () => {
  await chain.end();
  delete process.env['SOFTHSM2_CONF'];
  hsm.remove();
});

it('seals, personalizes, licenses, installs and audits with keys that never left their tokens', async () => {
  const plug = await chain.plugIn(createBlankChip(chipId, 'tokens'));
  const order = await chain.order(chipId);
  await chain.personalize(chipId, plug);
  const installed = await chain.install(order, plug);
  expect(jsonLines(installed)).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
  await chain.audit();

  const folder = join(chain.at('root.key'), '..');
  const files = globSync('**/*', { cwd: folder }).map((name) => join(folder, name));
  const texts = files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'));
  expect(texts.length).toBeGreaterThan(10);
  for (const text of texts) {
    expect(text).not.toContain(hsm.pin);
    expect(text).not.toContain('firmseal-key-1');
  }
  expect(JSON.stringify(installed)).not.toContain(hsm.pin);
});

it('the key that opens content keys is replaced by another one of the token, and both open meanwhile', async () => {
  const folder = chain.at('authority');
  const uri = hsm.uri('server', 'kem-2');
  await chain.run('authority', 'new-kem', folder, '--kem-token', uri);
  const shown = await chain.run('keys', 'show', join(folder, 'kem.key'), '--json');
  expect(shown.stdout).toContain(uri);
  const before = await chain.run('keys', 'show', join(folder, 'kem-previous.key'), '--json');
  expect(before.stdout).toContain(hsm.uri('server', 'kem'));
  const valid = await chain.run('authority', 'serve', folder, '--validate');
  expect(valid.stderr).toContain('still opens what was wrapped for it');
});

it('what the token opened is wrapped again for its new key, and the old one is given up', async () => {
  await chain.serve();
  const all = await chain.run('authority', 'rewrap', ...chain.owner);
  expect(all.stdout).toContain('wrapped again: 1 of 1');
  expect((await chain.run('authority', 'rewrap', ...chain.owner)).stdout).toContain('wrapped again: 0 of 1');
  const retired = await chain.run('authority', 'retire-kem', chain.at('authority'), ...chain.owner);
  expect(retired.stdout).toContain('removed; the 1 keys');
  await chain.serve();
  await chain.order('stm32h743');
});

it('shows where a key is, and takes one that is there already', async () => {
  const shown = await chain.run('keys', 'show', chain.at('root.key'), '--json');
  expect(shown.stdout).toContain(hsm.uri('desk', 'root'));
  const again = ['--role', 'root', '--token', hsm.uri('desk', 'root'), '--existing'];
  await chain.run('keys', 'new', ...again, '--out', chain.at('again.key'));
  expect(readFileSync(chain.at('again.key.pub'))).toEqual(readFileSync(chain.at('root.key.pub')));
});

it('a key that is no longer the one in the file is refused, and a second one is not made', async () => {
  const text = readFileSync(chain.at('ca.key'), 'utf8').replace('object=device-ca', 'object=root');
  writeFileSync(chain.at('moved.key'), text, { mode: 0o600 });
  const delegate = ['--role', 'package-signer', '--key', chain.at('signer.key.pub'), '--product', 'panel'];
  const moved = await chain.try(
    ...['keys', 'delegate', '--root', chain.at('moved.key'), ...delegate, '--out', chain.at('x.delegation')],
  );
  expect(moved.stderr).toMatch(/key-role-wrong/);
  const second = await chain.try(
    ...['keys', 'new', '--role', 'root', '--token', hsm.uri('desk', 'root'), '--out', chain.at('second.key')],
  );
  expect(second.stderr).toMatch(/token-key-exists/);
});

it('docs/key-ceremony.md: its commands, as they are printed', () => {
  const own = makeSoftHsm('root', 'desk', 'site', 'server');
  try {
    const folder = join(own.folder, 'walk');
    mkdirSync(join(folder, 'work'), { recursive: true });
    const settings = `export SOFTHSM2_CONF=${own.environment['SOFTHSM2_CONF']}\n`;
    const ceremony = readBlock('docs/key-ceremony.md', '## The ceremony');
    const rotation = readBlock('docs/key-ceremony.md', '## Replacing a package signer');
    expect(ceremony).toContain('--issuer-token');
    const { output, status } = runBlock(settings + ceremony + rotation, { folder, timeoutMs: 120_000 });
    expect(status, output).toBe(0);
    expect(output).toContain('authority can be served: panel');
    const names = ['root.key', 'signer.key', 'ca.key', 'authority/issuer.key', 'authority/kem.key'];
    for (const name of names)
      expect(readFileSync(join(folder, 'work', name), 'utf8')).toContain('firmseal-token-key-1');
  } finally {
    own.remove();
  }
}, 130_000);

it('a chip of a site is certified by a device CA key that is in a token of the authority', async () => {
  const { at, run } = { at: (name: string) => chain.at(name), run: chain.run.bind(chain) };
  await run('keys', 'new', '--role', 'approver', '--token', hsm.uri('desk', 'ann'), '--out', at('ann.key'));
  const root = ['--root', at('root.key'), '--product', product];
  const ann = ['--role', 'approver', '--key', at('ann.key.pub'), '--out', at('ann.delegation')];
  await run('keys', 'delegate', ...root, ...ann);
  await run('keys', 'approval-policy', ...root, '--threshold', '1', '--number', '1', '--out', at('policy'));
  const policy = ['--approval-policy', at('policy'), '--root-key', at('root.key.pub')];
  const delegations = ['--issuer-delegation', at('issuer.delegation')];
  const ca = ['--device-ca-delegation', at('ca.delegation')];
  await run(
    'authority',
    'add-product',
    at('authority'),
    ...delegations,
    ...ca,
    '--product',
    product,
    ...policy,
  );
  copyFileSync(at('ca.key'), at('authority/device-ca.key'));
  await chain.serve();
  const approver = ['--approver-key', at('ann.key'), '--approver-delegation', at('ann.delegation')];
  const cap = ['--product', product, '--cap', '1', '--until', '2099-12-31'];
  await run('site', 'set', 'hall', ...chain.owner, ...cap, ...approver, ...policy);
  const token = ['--scope', 'site', '--site', 'hall', '--label', 'desk', '--out', at('hall.token')];
  await run('token', 'new', ...chain.owner, ...token);
  const plug = await chain.plugIn(createBlankChip(chipId, 'tokens at a site'));
  await run(
    ...['personalize', '--chip', chipId, '--product', product, '--root-key', at('root.key.pub')],
    ...['--site-certifying', ...chain.owner.slice(0, 2), '--token-file', at('hall.token')],
    ...['--confirm-permanent', '--never-tried-on-silicon', '--via', plug.via, '--socket', plug.socket],
  );
  expect((await run('site', 'list', ...chain.owner)).stdout).toContain('1 of 1 chips certified');
});
