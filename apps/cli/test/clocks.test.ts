// A station and an auditor whose clock is wrong, by minutes, days and years in both directions: no chip is
// locked out, and what is refused names the clock. The authority is another process, whose clock is right;
// its own clock is turned in packages/authority/test/operation.test.ts.

import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { releaseDate } from '../src/release-date.ts';
import { Chain, type Order, type Plug, product } from './chain.ts';

const chipId = 'stm32f427';
const minute = 60_000;
const day = 1440 * minute;
/** What the clock of the station would say if it were right: certificates are a year old. */
const rightMs = releaseDate.getTime() + 400 * day;

const chain = new Chain();
const chip = createBlankChip(chipId, 'clocks');
let plug: Plug;
let order: Order;
beforeAll(async () => {
  await chain.begin();
  plug = await chain.plugIn(chip);
  order = await chain.order(chipId);
});
afterAll(() => chain.end());
afterEach(() => void vi.useRealTimers());

const turnClock = (byMs: number) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(rightMs + byMs);
};
const install = () => chain.try('install', ...chain.lineWords(order, plug));

it('a bench whose clock stands before the release changes nothing in a chip', async () => {
  let operations = 0;
  chip.power.onOperation = () => void operations++;
  turnClock(-9 * 365 * day);
  const { status, stderr } = await chain.try(
    ...['personalize', '--chip', chipId, '--product', product, '--root-key', chain.at('root.key.pub')],
    ...['--device-ca', chain.at('ca.key'), '--level', '2', '--confirm-permanent'],
    ...['--via', plug.via, '--socket', plug.socket],
  );
  expect([status, stderr]).toEqual([14, expect.stringContaining('clock says 2019-01-')]);
  expect(operations).toBe(0);
  chip.power.onOperation = () => undefined;
});

it.each([
  ['9 years ahead', 9 * 365 * day, 'later'],
  ['2 days behind', -2 * day, 'earlier'],
  ['3 minutes ahead', 3 * minute, 'later'],
])(
  'a bench whose clock is %s of the authority it names changes nothing in a chip',
  async (_, byMs, direction) => {
    let operations = 0;
    chip.power.onOperation = () => void operations++;
    // The authority is another process: its clock is the machine's.
    const nowMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(nowMs + byMs);
    const { status, stderr } = await chain.try(
      ...['personalize', '--chip', chipId, '--product', product, '--root-key', chain.at('root.key.pub')],
      ...['--device-ca', chain.at('ca.key'), '--level', '2', '--confirm-permanent'],
      ...['--via', plug.via, '--socket', plug.socket, '--authority', chain.owner[1]!],
    );
    const clock =
      nowMs + byMs < releaseDate.getTime() ? 'clock-behind' : `s ${direction} than the authority's`;
    expect([status, stderr]).toEqual([14, expect.stringContaining(clock)]);
    expect(operations).toBe(0);
    chip.power.onOperation = () => undefined;
  },
);

it('a bench whose clock is nine years ahead makes a chip that installs on the right date', async () => {
  turnClock(9 * 365 * day);
  await chain.personalize(chipId, plug);
  vi.useRealTimers();
  turnClock(-3 * minute);
  expect(await install()).toMatchObject({ status: 0 });
});

describe('a station', () => {
  it.each([
    ['3 minutes ahead', 3 * minute],
    ['2 days ahead', 2 * day],
    ['2 days behind', -2 * day],
    ['9 years ahead', 9 * 365 * day],
  ])('%s gets its receipt', async (_, byMs) => {
    turnClock(byMs);
    expect(await install()).toMatchObject({ status: 0, stdout: expect.stringContaining('#RESULT:1:#OK') });
  });

  it('9 years behind is told which clock is wrong, and the chip is installed once it is right', async () => {
    turnClock(-9 * 365 * day);
    const refused = await install();
    expect(refused.status).not.toBe(0);
    expect(refused.stdout).toContain('the clock of the machine that checked it says 2019-01-');
    turnClock(0);
    expect(await install()).toMatchObject({ status: 0 });
  });
});

describe('an auditor', () => {
  const audit = () => chain.try('audit', ...chain.owner, ...chain.auditWords());

  it.each([
    ['3 minutes ahead', 3 * minute, '3 minutes behind this one'],
    ['3 minutes behind', -3 * minute, '3 minutes ahead of this one'],
    ['2 days ahead', 2 * day, '2 days behind this one'],
    ['2 days behind', -2 * day, '2 days ahead of this one'],
    ['9 years ahead', 9 * 365 * day, '3285 days behind this one'],
    ['9 years behind', -9 * 365 * day, '3285 days ahead of this one'],
  ])('%s finds no contradiction, and a notice names the clock', async (_, byMs, words) => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(now + byMs);
    const { status, stdout } = await audit();
    expect([status, stdout]).toEqual([0, expect.stringContaining('audit: no contradiction')]);
    expect(stdout).toContain(`NOTICE clock: the authority's clock is ${words}`);
  });

  it('whose clock is right gets no such notice', async () => {
    expect((await audit()).stdout).not.toContain('NOTICE clock');
  });
});
