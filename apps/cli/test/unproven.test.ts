// Tier C through the commands: chips without agent, which a station writes itself. The whole chain over a
// UART ROM bootloader and a debug port, what is refused, and what owner and auditor see of it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
