// Whole processes on a machine whose clock is wrong, one for each role: authority, station, auditor. The
// clock is turned by libfaketime; clocks.test.ts tries more offsets in this process.

import { readFileSync } from 'node:fs';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Chain, type Order, type Plug } from './chain.ts';
import { turned } from './run-process.ts';

const chipId = 'stm32f427';

const chain = new Chain();
let plug: Plug;
let order: Order;
beforeAll(async () => {
  await chain.begin();
  plug = await chain.plugIn(createBlankChip(chipId, 'wrong clocks'));
  await chain.personalize(chipId, plug);
  order = await chain.order(chipId);
});
afterAll(() => chain.end());

const install = () => ['install', ...chain.lineWords(order, plug)];

it('an authority nine years ahead: the line is told so, and goes on once the clock is right', async () => {
  await chain.serve(turned('+9y'));
  const refused = await chain.try(...install());
  expect(refused.status).toBe(11);
  const year = new Date().getUTCFullYear();
  expect(refused.stdout).toContain('FS0886');
  expect(refused.stdout).toMatch(
    new RegExp(`the clock of the authority says ${year + 9}-|says ${year + 8}-`),
  );
  // Something stands in the log with that time.
  const token = ['authority', 'token', chain.at('authority'), '--out', chain.at('other.token')];
  const made = await chain.runProcess(token, turned('+9y'));
  expect([made.status, made.stderr]).toEqual([0, expect.any(String)]);
  await chain.serve();
  expect((await chain.runProcess(install())).stdout).toContain('#RESULT:1:#OK');
  const { stdout } = await chain.audit();
  expect(stdout).toMatch(/NOTICE clock: entry \d+: the time goes back by 328\d days/);
  expect(stdout).toContain('audit: no contradiction');
  expect(readFileSync(chain.at('other.token'), 'utf8')).toMatch(/^fso_/);
});

it('a station nine years behind names the clock and spends nothing', async () => {
  const { status, stdout } = await chain.runProcess(install(), turned('-9y'));
  expect(status).not.toBe(0);
  expect(stdout).toMatch(
    /certificate is valid from \d{4}-.* the clock of the machine that checked it says 20\d\d-/,
  );
  expect((await chain.run('job', 'show', order.job, ...chain.owner)).stdout).toContain('units taken 1,');
});

it('an auditor nine years ahead finds no contradiction, and reads which clock differs', async () => {
  const words = ['audit', ...chain.owner, ...chain.auditWords()];
  const { status, stdout } = await chain.runProcess(words, turned('+9y'));
  expect([status, stdout]).toEqual([
    0,
    expect.stringMatching(/authority's clock is 328\d days behind this one/),
  ]);
});
