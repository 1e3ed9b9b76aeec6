// Tier C through the commands: chips without agent, which a station writes itself. The whole chain over a
// UART ROM bootloader and a debug port, what is refused, and what owner and auditor see of it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withOptionField } from '@firmseal/chips';
import { openocdOnChip } from '@firmseal/openocd/testing';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lackingTool } from '../../../tools/test-report/skip-tests.ts';
import type { Order } from './chain.ts';
import { jsonLines } from './run-here.ts';
import { flashStart, plainFirmware, StationDesk } from './station-desk.ts';

const id = 'stm32g0b1';
const level1 = ['--least-level', '1', '--allow-unprotected'];
const desk = new StationDesk();
beforeAll(() => desk.begin());
afterAll(() => desk.end());

const showJob = async ({ job }: Order) => {
  const lines = jsonLines(await desk.run('job', 'show', job, ...desk.owner, '--json'));
  return { job: lines[0]!, units: lines.filter(({ event }) => event === 'unit') };
};

/** Files of the desk that are not the plaintext itself. */
function filesWithPlaintext(): string[] {
  const pieces = Array.from({ length: 300 }, (_, i) => plainFirmware.subarray(64 + 16 * i, 80 + 16 * i));
  const texts = (bytes: Uint8Array) => [
    Buffer.from(bytes),
    Buffer.from(Buffer.from(bytes).toString('hex')),
    Buffer.from(Buffer.from(bytes).toString('base64').slice(2, 18)),
  ];
  return readdirSync(desk.at('.'), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name !== 'plain.bin')
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => {
      const content = readFileSync(path);
      return pieces.some((piece) => texts(piece).some((text) => content.includes(text)));
    });
}

describe('chips without agent', () => {
  it('two of them, over a UART bootloader and a debug port: written, read back, protected, stated, audited', async () => {
    const order = await desk.plainOrder(id, 'pair', 2, ...level1);
    const [one, two] = [await desk.onUart(id, 'pair-1'), await desk.onProbe(id, 'pair-2')];
    const words = desk.unprovenWords(order, id, one.via, two.via);
    const outcome = await desk.try(...words, '--receipts', desk.at('said'), '--json');
    expect(outcome.status, outcome.stderr).toBe(25);
    expect(outcome.stderr).toContain('A blank chip cannot be told from an emulator.');
    for (const { chip } of [one, two]) {
      expect(chip.judge.flash(flashStart, plainFirmware.length)).toEqual(plainFirmware);
      expect(chip.judge.readoutLevel).toBe(1);
    }
    const events = jsonLines(outcome);
    expect(events.filter(({ event }) => event === 'result')).toMatchObject([
      { outcome: 'unproven' },
      { outcome: 'unproven' },
    ]);
    expect(events.filter(({ event }) => event === 'protected').map(({ access }) => access)).toEqual([
      'refused',
      'refused',
    ]);

    const { job, units } = await showJob(order);
    expect(job).toMatchObject({
      ...{ mode: 'station', units: 2, licenses: 2, receipts: 0, installed: 0, outcomes: {} },
      stated: { 'DONE-UNPROVEN': 2 },
    });
    expect(units.map(({ stated, install }) => [stated, install])).toMatchObject([
      [{ result: 'DONE-UNPROVEN', station: 'bench-1', firmwareVersion: '1.0.0' }, undefined],
      [{ result: 'DONE-UNPROVEN', station: 'bench-1' }, undefined],
    ]);
    const shown = await desk.run('job', 'show', order.job, ...desk.owner);
    expect(shown.stdout).toContain('; without proof, by stations: DONE-UNPROVEN 2');
    expect(shown.stdout).not.toContain('PASS,');

    const audited = await desk.run(
      'audit',
      ...desk.owner,
      ...desk.auditWords(),
      '--receipts',
      desk.at('kept'),
    );
    expect(audited.stdout).toMatch(
      /unit 0: stm32g0b1 [0-9a-f]{64}, WITHOUT PROOF: DONE-UNPROVEN, said by station bench-1/,
    );
    expect(audited.stdout).toContain('installed 0, units without license 0, units without receipt 2');
    for (const folder of ['said', 'kept'])
      for (const name of readdirSync(desk.at(folder))) {
        const verified = await desk.try(
          ...['verify', 'outcome', desk.at(`${folder}/${name}`), '--root-key', desk.at('root.key.pub')],
        );
        expect(verified.status, verified.stderr).toBe(25);
        expect(verified.stdout).toContain('no chip signed anything');
      }
    expect(readdirSync(desk.at('kept'))).toHaveLength(2);
    expect(filesWithPlaintext()).toEqual([]);
  });

  it('the same chip again takes no second unit, another one none beyond the quota', async () => {
    const order = await desk.plainOrder(
      id,
      'once',
      1,
      '--least-level',
      '0',
      '--allow-open',
      '--allow-unprotected',
    );
    const [one, other] = [await desk.onProbe(id, 'once-1'), await desk.onProbe(id, 'once-2')];
    await desk.tryTwice(desk.unprovenWords(order, id, one.via));
    const refused = await desk.try(...desk.unprovenWords(order, id, other.via));
    expect(refused.status).toBe(11);
    expect(refused.stderr).toContain('quota-exhausted');
    expect(other.chip.judge.flash(flashStart, 16)).toEqual(new Uint8Array(16).fill(0xff));
    expect((await showJob(order)).job).toMatchObject({ units: 1, licenses: 2, remaining: 0 });
    await desk.audit();
  });

  it('one with product states is closed, as asked, and answers nobody', async () => {
    const order = await desk.plainOrder('stm32h563', 'product-states', 1);
    const { chip, via } = await desk.onProbe('stm32h563');
    const words = [...desk.unprovenWords(order, 'stm32h563', via), '--confirm-permanent'];
    expect((await desk.try(...words)).status).toBe(25);
    expect(chip.debug.connect()).not.toBe('ok');
    expect((await showJob(order)).job).toMatchObject({ units: 1, stated: { 'DONE-UNPROVEN': 1 } });
    await desk.audit();
    // Another chip in the same socket could be as silent: nothing is said of it.
    expect((await desk.try(...words)).stderr).toContain('product-state-silent');
  });

  it('to readout level 2 only after that was confirmed, and through OpenOCD', async (context) => {
    const lack = lackingTool(['openocd']);
    if (lack !== undefined) return context.skip(lack);
    const order = await desk.plainOrder('stm32l476', 'closed', 1);
    const chip = createVirtualChip({ chip: 'stm32l476', seed: 'closed', executors: [machineCode()] });
    chip.powerOn();
    const openocd = await openocdOnChip(chip);
    try {
      const words = desk.unprovenWords(order, 'stm32l476', `openocd:127.0.0.1:${openocd.port}`);
      const untried = await desk.try(...words);
      expect(untried.stderr).toContain('never-tried-on-silicon');
      const unconfirmed = await desk.try(...words, '--never-tried-on-silicon');
      expect(unconfirmed.stderr).toContain('permanent-steps-unconfirmed');
      expect((await showJob(order)).job).toMatchObject({ units: 0 });
      const outcome = await desk.try(...words, '--never-tried-on-silicon', '--confirm-permanent');
      expect(outcome.status, outcome.stderr).toBe(25);
      expect(chip.judge.flash(flashStart, plainFirmware.length)).toEqual(plainFirmware);
      expect(chip.judge.readoutLevel).toBe(2);
      expect((await showJob(order)).units).toMatchObject([{ stated: { access: 'silent' } }]);
    } finally {
      await openocd.close();
    }
  });
});

describe('without a unit and without a write', () => {
  it('a chip is refused that somebody began to provision', async () => {
    const order = await desk.plainOrder('stm32h563', 'provisioned', 1);
    const { chip, via } = await desk.onProbe('stm32h563', 'provisioned');
    chip.powerOn();
    chip.debug.connect();
    const asked = { name: 'PRODUCT_STATE', value: 0x17 };
    const values = withOptionField(chip.chip, chip.judge.optionsStored, asked);
    expect(chip.debug.writeOptionBytes(values)).toBe('ok');
    chip.powerOff();
    chip.powerOn();
    const before = chip.power.operations;
    const words = [...desk.unprovenWords(order, 'stm32h563', via), '--confirm-permanent'];
    expect((await desk.try(...words)).stderr).toContain('product-state-not-open');
    expect(chip.power.operations).toBe(before);
    expect((await showJob(order)).job).toMatchObject({ units: 0 });
  });

  it('is refused: no flag, another machine, another job, another key, a changed package', async () => {
    const order = await desk.plainOrder(id, 'refused', 1, ...level1);
    const { chip, via } = await desk.onProbe(id, 'refused');
    const words = desk.unprovenWords(order, id, via);
    const without = (option: string, count: number, all = words) => all.toSpliced(all.indexOf(option), count);
    const refuses = async (code: string, status: number, all: readonly string[]) => {
      const outcome = await desk.try(...all);
      expect([outcome.status, outcome.stderr], code).toEqual([status, expect.stringContaining(code)]);
      return outcome;
    };
    const plain = await refuses('unproven-unconfirmed', 2, without('--unproven', 1));
    expect(plain.stderr).toContain('a blank chip cannot be told from an emulator');
    await refuses('station-place-remote', 2, [...without('--via', 2), '--via', 'station:bench-2/usb:1-4.2']);
    await refuses('station-option-missing', 2, without('--station-key', 2));
    await refuses('command-line-invalid', 2, without('--via', 2, without('--unproven', 1)));

    const agents = await desk.openJob(order.sealed, 'refused-session');
    await refuses('job-mode-wrong', 11, desk.unprovenWords({ ...agents, sealed: order.sealed }, id, via));
    await desk.run('keys', 'new', '--role', 'station', '--out', desk.at('other.key'));
    await refuses('station-key-not-delegated', 3, [...words, '--station-key', desk.at('other.key')]);
    await refuses('key-role-wrong', 3, [...words, '--station-key', desk.at('signer.key')]);
    const signer = desk.at('signer.delegation');
    await refuses('station-delegation-malformed', 3, [...words, '--station-delegation', signer]);

    const sealed = readFileSync(order.sealed);
    sealed[sealed.length - 100]! ^= 1;
    writeFileSync(desk.at('changed.seal'), sealed);
    const changed = words.map((word) => (word === order.sealed ? desk.at('changed.seal') : word));
    await refuses('record-hash-wrong', 10, changed);

    expect((await showJob(order)).job).toMatchObject({ units: 0, licenses: 0 });
    expect(chip.judge.flash(flashStart, 64)).toEqual(new Uint8Array(64).fill(0xff));
  });

  it('a package for chips with an agent is refused, and an agent refuses a package for a station', async () => {
    const order = await desk.plainOrder(id, 'cross', 1, ...level1);
    await desk.run(...desk.sealWords(id, desk.at('agent.seal')));
    const words = desk.unprovenWords({ ...order, sealed: desk.at('agent.seal') }, id, 'tcp:127.0.0.1:9');
    const refused = await desk.try(...words);
    expect([refused.status, refused.stderr]).toEqual([
      10,
      expect.stringContaining('a chip without agent starts at 0x08000000'),
    ]);
    const trust = ['--root-key', desk.at('root.key.pub'), '--device-ca-delegation', desk.at('ca.delegation')];
    const checked = await desk.try('check', order.sealed, '--chip', id, ...trust);
    expect(checked.status).not.toBe(0);
    expect(checked.stdout + checked.stderr).toContain('area-outside-application');
  });
});

it('a statement that the authority did not get is delivered by the next run', async () => {
  const order = await desk.plainOrder(id, 'late', 1, ...level1);
  const { via } = await desk.onProbe(id, 'late');
  const words = desk.unprovenWords(order, id, via);
  const outcome = await desk.try(...words);
  expect(outcome.status, outcome.stderr).toBe(25);
  const journal = desk.journal(order).split('\n');
  // As a run leaves it that lost its authority between the statement and its delivery.
  const at = journal.findIndex((line) => line.includes('"station-delivered"'));
  writeFileSync(`${order.token}.jsonl`, `${journal.slice(0, at).join('\n')}\n`);
  const again = await desk.try(...words, '--json');
  expect(again.status, again.stderr).toBe(25);
  expect(desk.journal(order)).toContain('"station-delivered"');
  expect((await showJob(order)).job).toMatchObject({ units: 1, licenses: 1 });
});

it('a station stays or ends with an epoch like any other key', async () => {
  const root = ['--root', desk.at('root.key'), '--product', 'panel'];
  const [station, signer] = [desk.at('station.delegation'), desk.at('signer.delegation')];
  await desk.run(
    'keys',
    'revoke',
    ...root,
    '--revoke',
    signer,
    '--keep',
    station,
    '--out',
    desk.at('epoch-kept'),
  );
  const [kept] = jsonLines(
    await desk.run('keys', 'show', desk.at('epoch-kept/station.delegation'), '--json'),
  );
  expect(kept).toMatchObject({ kind: 'station delegation', name: 'bench-1', epoch: 1 });
  await desk.run('keys', 'revoke', ...root, '--revoke', station, '--keep', signer, '--out', desk.at('ended'));
  expect(readdirSync(desk.at('ended')).sort()).toEqual(['epoch-1', 'signer.delegation']);
});
