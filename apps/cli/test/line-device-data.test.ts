// Per-device data at a line: a row of the owner's table for each chip, never the same twice, none passed
// over, and no value in anything that the line leaves.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approverWords, deskEnvironment, sealWords, succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { jsonLines, runHere } from './run-here.ts';

const site = new LineSite();
beforeAll(() => site.begin(), 120_000);
afterAll(() => site.end());

const address = 0x081c_0000;
const rows = [1, 2].map((n) => toHex(new Uint8Array(32).fill(0xa0 + n)));

it('two rows, three chips: two are installed with a row each, the third is named and left alone', async () => {
  const sealed = site.at('rows.seal');
  await succeed([...sealWords(site.desk, sealed), '--device-data', `0x${address.toString(16)}:32`]);
  writeFileSync(site.at('rows.csv'), `${rows.join('\n')}\n`);
  const opened = await succeed([
    ...['job', 'open', ...site.owner, '--package', sealed, '--content-key', `${sealed}.key`],
    ...['--quota', '2', '--device-data', site.at('rows.csv')],
  ]);
  const job = String(opened[0]!['job']);
  await succeed(['job', 'approve', job, ...site.owner, ...approverWords(site.desk)]);
  await succeed(['job', 'token', job, ...site.owner, '--out', site.at('rows.token')]);
  const plugs = [await site.plugIn(), await site.plugIn(), await site.plugIn()];
  const file = site.writeLine(
    'rows',
    plugs.map(({ place }) => place),
    { mostAtOnce: 1, panel: { file: sealed, job } },
  );
  const run = () => runHere(['line', 'run', file, '--cycles', '1', '--json'], deskEnvironment);
  const first = await run();
  const cycles = jsonLines(first).filter(({ event }) => event === 'line-cycle');
  expect(cycles.map((cycle) => cycle['outcome']).sort()).toEqual(['fail', 'pass', 'pass']);
  expect(cycles.find((cycle) => cycle['outcome'] === 'fail')).toMatchObject({
    fault: { code: 'quota-exhausted' },
  });
  const held = () => plugs.map(({ chip }) => toHex(chip.judge.flash(address, 32)));
  const before = held();
  expect(before.toSorted()).toEqual([...rows, 'ff'.repeat(32)]);
  // Each license is shown by the keyed digest of its data.
  const digests = jsonLines(first).flatMap(({ event, deviceDataDigests }) =>
    event === 'licensed' ? (deviceDataDigests as string[]) : [],
  );
  expect(new Set(digests).size).toBe(2);
  await run();
  expect(held()).toEqual(before);
  const left = readdirSync(site.at('rows'), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  for (const one of left)
    for (const row of rows) {
      const bytes = readFileSync(join(one.parentPath, one.name));
      expect(bytes.includes(row), one.name).toBe(false);
      expect(bytes.includes(Buffer.from(row, 'hex')), one.name).toBe(false);
    }
  expect(first.stdout).not.toContain(rows[0]);
}, 120_000);
