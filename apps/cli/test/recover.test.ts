// `firmseal recover` from an owner's desk: a chip at level 2 whose application erased the journal, the floors
// of the authority, a recoverer's key, and what an audit says afterwards.

import { nodeCrypto } from '@firmseal/crypto-node';
import { createVirtualChip, type VirtualChip, wasmAgent } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eraseRange, HostileApplication } from '../../../device/agent/test/hostile-application.ts';
import { Chain, type Plug, product } from './chain.ts';
import { jsonLines } from './run-here.ts';

const id = 'stm32g0b1';
const chain = new Chain();
beforeAll(() => chain.begin());
afterAll(() => chain.end());

interface Victim {
  readonly chip: VirtualChip;
  readonly application: HostileApplication;
}

function victimOf(seed: string): Victim {
  const application = new HostileApplication();
  const executors = [wasmAgent(nodeCrypto), application];
  return { application, chip: createVirtualChip({ chip: id, seed, executors }) };
}

const victim = victimOf('recover');
const { chip } = victim;
let sealed: string;

const recover = (plug: Plug, ...words: string[]) =>
  chain.try(
    ...['recover', '--socket', plug.socket, '--product', product, '--root-key', chain.at('root.key.pub')],
    ...['--device-ca-delegation', chain.at('ca.delegation'), '--json', ...words],
  );

function eraseJournal({ chip, application }: Victim): void {
  application.deed = (cpu) => {
    for (const half of chip.chip.layout.journal) eraseRange(cpu, half);
  };
  chip.setPin('agent-request', false); // who serves the link holds it
  chip.reset();
  expect(application.deed).toBeUndefined();
}

it('a chip without a journal takes up work again from the counter that was licensed on', async () => {
  const plug = await chain.plugIn(chip);
  await chain.personalize(id, plug);
  const order = await chain.order(id);
  sealed = order.sealed;
  await chain.install(order, plug);

  const asRoot = ['--key', chain.at('root.key')];
  const healthy = await recover(plug, ...asRoot, ...chain.owner);
  expect([healthy.status, healthy.stderr]).toEqual([2, expect.stringContaining('recovery-not-needed')]);

  eraseJournal(victim);
  const missing = await recover(plug, ...asRoot);
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('recovery-floor-missing')]);
  const refused = await chain.try('install', ...chain.lineWords(order, plug), '--json');
  expect(refused.stdout + refused.stderr).toContain('recovery-needed');

  await chain.run('keys', 'new', '--role', 'recoverer', '--out', chain.at('recoverer.key'));
  await chain.run(
    ...['keys', 'delegate', '--root', chain.at('root.key'), '--role', 'recoverer', '--product', product],
    ...['--key', chain.at('recoverer.key.pub'), '--out', chain.at('recoverer.delegation')],
  );
  const asRecoverer = ['--key', chain.at('recoverer.key'), '--delegation', chain.at('recoverer.delegation')];
  const wrongKey = await recover(
    plug,
    ...asRecoverer.slice(2),
    '--key',
    chain.at('root.key'),
    ...chain.owner,
  );
  expect(wrongKey.stderr).toContain('key-role-wrong');

  const done = await recover(plug, ...asRecoverer, ...chain.owner);
  expect(done.status, done.stderr).toBe(0);
  const events = jsonLines(done);
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'floors', licenses: 1, securityCounter: 1 }),
  );
  expect(events.at(-1)).toMatchObject({ event: 'recovered', lifeCycle: 'erased', securityCounter: 1 });

  await chain.install(await chain.openJob(order.sealed, 'again'), plug);
  const audit = await chain.audit();
  expect(audit.status).toBe(0);
  expect(audit.stdout).toContain('NOTICE device-recovered');
});

it('without an authority a person says the counter, and is told what that means', async () => {
  const plug = await chain.plugIn(chip);
  eraseJournal(victim);
  const done = await recover(plug, '--key', chain.at('root.key'), '--floor', '3');
  expect([done.status, done.stderr]).toEqual([0, expect.stringContaining('no authority was asked')]);
  expect(jsonLines(done).at(-1)).toMatchObject({ event: 'recovered', securityCounter: 3 });
});

it('a socket where no agent answers is told so', async () => {
  const silent = createVirtualChip({ chip: id, seed: 'silent', executors: [] });
  const plug = await chain.plugIn(silent);
  const { status, stderr } = await recover(plug, '--key', chain.at('root.key'), '--floor', '3');
  expect([status, stderr]).toEqual([13, expect.stringContaining('recovery-agent-silent')]);
});

it('where the root asks for an approval, nothing is signed before it is given', async () => {
  const another = victimOf('approved');
  const plug = await chain.plugIn(another.chip);
  await chain.personalize(id, plug);
  await chain.install(await chain.openJob(sealed, 'before the policy'), plug);

  const root = ['--root', chain.at('root.key'), '--product', product];
  const policy = ['--approval-policy', chain.at('approval.policy')];
  await chain.run('keys', 'new', '--role', 'approver', '--out', chain.at('ann.key'));
  await chain.run(
    ...['keys', 'delegate', ...root, '--role', 'approver', '--key', chain.at('ann.key.pub')],
    ...['--out', chain.at('ann.delegation')],
  );
  await chain.run(
    ...['keys', 'approval-policy', ...root, '--threshold', '1', '--number', '1'],
    ...['--out', chain.at('approval.policy')],
  );
  await chain.run(
    ...['authority', 'add-product', chain.at('authority'), '--product', product, ...policy],
    ...['--root-key', chain.at('root.key.pub'), '--issuer-delegation', chain.at('issuer.delegation')],
    ...['--device-ca-delegation', chain.at('ca.delegation')],
  );
  await chain.serve();
  eraseJournal(another);
  const asRoot = ['--key', chain.at('root.key'), ...chain.owner, '--floor', '4'];
  const refused = await recover(plug, ...asRoot);
  expect([refused.status, refused.stderr]).toEqual([
    11,
    expect.stringContaining('recovery-approvals-missing: 0 of 1 approvers have approved'),
  ]);
  const approver = [
    '--approver-key',
    chain.at('ann.key'),
    '--approver-delegation',
    chain.at('ann.delegation'),
  ];
  const done = await recover(plug, ...asRoot, ...approver, ...policy);
  expect(done.status, done.stderr).toBe(0);
  expect(jsonLines(done).at(-1)).toMatchObject({ event: 'recovered', securityCounter: 4 });
});
