// Chips of two sites and of two products, certified by the authority, by commands alone: the site has no key.
// What is refused is refused before a chip is touched, and the same command ends well later.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip, readoutLevel } from '@firmseal/chips';
import { createBlankChip } from '@firmseal/virtual-line';
import { serveLink, serveProbe, type VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  approverWords,
  type Desk,
  deskEnvironment,
  makeDesk,
  type ServedAuthority,
  serveDesk,
  succeed,
} from './desk.ts';
import { type Outcome, runHere } from './run-here.ts';

const id = 'stm32f427';
const folder = mkdtempSync(join(tmpdir(), 'firmseal-sites-'));
const servers: Server[] = [];
let desk: Desk;
let authority: ServedAuthority;
const at = (name: string) => desk.at(name);

beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
  // The other product: the same keys, delegated once more.
  const valve = ['--root', at('root.key'), '--product', 'valve'];
  const delegate = (role: string, key: string) =>
    succeed(['keys', 'delegate', ...valve, '--role', role, '--key', at(key), '--out', at(`valve-${role}`)]);
  await delegate('device-ca', 'ca.key.pub');
  await delegate('license-issuer', 'authority/issuer.key.pub');
  await delegate('approver', 'approver.key.pub');
  const policy = ['--threshold', '1', '--number', '1', '--out', at('valve-policy')];
  await succeed(['keys', 'approval-policy', ...valve, ...policy]);
  await succeed([
    ...['authority', 'add-product', at('authority'), '--product', 'valve', '--root-key', at('root.key.pub')],
    ...['--issuer-delegation', at('valve-license-issuer'), '--device-ca-delegation', at('valve-device-ca')],
    ...['--approval-policy', at('valve-policy')],
  ]);
  copyFileSync(at('ca.key'), at('authority/device-ca.key'));
  authority = await serveDesk(desk);
  for (const site of ['hall/desk-1', 'cellar'])
    await succeed([
      ...['token', 'new', ...owner(), '--scope', 'site', '--site', site, '--label', 'bench'],
      ...['--out', at(`${site.slice(0, 4)}.token`)],
    ]);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await authority.stop();
  rmSync(folder, { recursive: true });
});

const owner = () => ['--authority', authority.url, '--token-file', at('authority/owner.token')];
const signedBy = (product: string) =>
  product === 'panel'
    ? approverWords(desk)
    : [
        ...['--approver-key', at('approver.key'), '--approver-delegation', at('valve-approver')],
        ...['--approval-policy', at('valve-policy'), '--root-key', at('root.key.pub')],
      ];
const setCap = (product: string, cap: number, until = '2099-12-31') =>
  succeed([
    ...['site', 'set', 'hall', ...owner(), '--product', product, '--cap', `${cap}`, '--until', until],
    ...signedBy(product),
  ]);

interface Bench {
  readonly chip: VirtualChip;
  readonly words: readonly string[];
}
let chips = 0;
async function bench(): Promise<Bench> {
  const chip = createBlankChip(id, `site ${chips++}`);
  const [link, probe] = [await serveLink(chip, 0), await serveProbe(chip, 0)];
  servers.push(link, probe);
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  return {
    chip,
    words: ['--via', `virtual:127.0.0.1:${portOf(probe)}`, '--socket', `tcp:127.0.0.1:${portOf(link)}`],
  };
}
const personalize = (
  { words }: Bench,
  { token = 'hall', product = 'panel', more = [] as readonly string[] } = {},
): Promise<Outcome> =>
  runHere(
    [
      ...['personalize', '--chip', id, '--product', product, '--root-key', at('root.key.pub')],
      ...['--site-certifying', '--authority', authority.url, '--token-file', at(`${token}.token`)],
      ...['--confirm-permanent', '--never-tried-on-silicon', ...words, ...more],
    ],
    deskEnvironment,
  );
const levelOf = ({ chip }: Bench) => readoutLevel(findChip(id), chip.judge.optionsLoaded);
const refusal = async (one: Bench, how?: Parameters<typeof personalize>[1]) => {
  let operations = 0;
  one.chip.power.onOperation = () => void operations++;
  const { status, stderr } = await personalize(one, how);
  one.chip.power.onOperation = undefined;
  return [status, /FS\d+ ([a-z-]+)/.exec(stderr)?.[1], operations];
};

let [first, second]: Bench[] = [];

it('a site has as many chips certified as its cap says, without a key of its own', async () => {
  [first, second] = [await bench(), await bench()];
  await setCap('panel', 1);
  const { status, stdout, stderr } = await personalize(first);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('certified by the device CA');
  expect(levelOf(first)).toBe(2);
  const { stdout: listed } = await runHere(['site', 'list', ...owner()], deskEnvironment);
  expect(listed).toContain(
    'hall, product panel: 1 of 1 chips certified, until 2099-12-31 23:59:59Z (change 1)',
  );
});

it('what is refused has written nothing: cap used up, another site, another product, a stop', async () => {
  expect(await refusal(second!)).toEqual([11, 'site-cap-used', 0]);
  expect(await refusal(second!, { token: 'cell' })).toEqual([11, 'site-not-opened', 0]);
  expect(await refusal(second!, { product: 'fan' })).toEqual([11, 'product-not-served', 0]);
  await setCap('panel', 2);
  const stop = ['--station', 'hall/*', ...owner()];
  await succeed(['stop', 'new', ...stop, '--reason', 'a bench is missing']);
  expect(await refusal(second!)).toEqual([11, 'issue-stopped', 0]);
  await succeed(['stop', 'lift', ...stop]);
  await setCap('panel', 1);
});

it('a chip that is finished is confirmed, though the cap is used up', async () => {
  const { status, stdout } = await personalize(first!);
  expect([status, stdout]).toEqual([0, expect.stringContaining('an earlier run had finished this chip')]);
});

it('a chip that was refused is finished by the same command when the cap is raised', async () => {
  await setCap('panel', 2);
  expect((await personalize(second!)).status).toBe(0);
  expect(levelOf(second!)).toBe(2);
  await setCap('valve', 1);
  const third = await bench();
  expect((await personalize(third, { product: 'valve', more: ['--unwitnessed'] })).status).toBe(0);
  expect(levelOf(third)).toBe(2);
});

it('a further approver gives the number that the first command said', async () => {
  const words = [
    'site',
    'set',
    'hall',
    ...owner(),
    '--product',
    'panel',
    '--cap',
    '9',
    '--until',
    '2099-12-31',
  ];
  const { status, stderr } = await runHere(words, deskEnvironment);
  expect([status, stderr]).toEqual([11, expect.stringContaining('site-approvals-missing: 0 of 1')]);
  expect(stderr).toMatch(/--number \d+/);
  const wrong = await runHere([...words, '--number', '1', ...signedBy('panel')], deskEnvironment);
  expect(wrong.stderr).toContain('site-change-older');
});

it('what does not go together is told, and who certifies has to be named', async () => {
  const record = await personalize(first!, { more: ['--records', at('records')] });
  expect([record.status, record.stderr]).toEqual([2, expect.stringContaining('--records does not go with')]);
  const nobody = await runHere(
    [
      ...[
        'personalize',
        '--chip',
        id,
        '--product',
        'panel',
        '--root-key',
        at('root.key.pub'),
        ...first!.words,
      ],
      ...['--confirm-permanent', '--never-tried-on-silicon'],
    ],
    deskEnvironment,
  );
  expect([nobody.status, nobody.stderr]).toEqual([2, expect.stringContaining('device-ca-missing')]);
});

it('the audit says how far each site has come', async () => {
  const words = [
    '--product',
    'panel',
    '--root-key',
    at('root.key.pub'),
    '--approval-policy',
    at('approval.policy'),
  ];
  const ca = ['--device-ca-delegation', at('ca.delegation')];
  const { status, stdout } = await runHere(['audit', ...owner(), ...words, ...ca], deskEnvironment);
  expect([status, stdout]).toEqual([0, expect.stringContaining('audit: no contradiction')]);
  expect(stdout).toContain('NOTICE site-certified: site hall: 2 of 2 chips of product panel certified');
  expect(stdout).toContain('site hall: 1 of 1 chips of product valve certified');
});

it('nothing is written while the authority is away', async () => {
  const last = await bench();
  await authority.stop();
  const [status, code, operations] = await refusal(last);
  expect([status, code, operations]).toEqual([12, 'authority-unreachable', 0]);
  authority = await serveDesk(desk);
});
