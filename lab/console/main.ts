// `npm run lab -- console`: the console on an authority with a history: 10,000 units of one job, each with a
// license and a receipt of its own keys. Prints the size of what the browser loads, the first paint, and how
// long each page takes to show its rows. Needs Chromium. Exit code 1 when a page takes too long.
//   --units N   default 10,000

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createAuthority, createToken, openSqliteStore, serveAuthority } from '@firmseal/authority';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { openConsole, type Person } from '../../apps/console/test/person.ts';
import { launchBrowser } from '../../apps/updater/test/browser.ts';
import { makeHistory } from '../../bench/history/make-history.ts';
import { readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { buildConsole } from '../../tools/pack/build-console.ts';

const mostPageMs = 2000;
const mostPaintMs = 3000;
const mostFirstKib = 200;

const units = readCommandLine('npm run lab -- console [--units N]', (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: { units: { type: 'string', default: '10000' } },
  });
  return wholeNumber(values.units, '--units');
});

/** Of the browser's own clock, from the start of the navigation. */
async function firstPaintMs({ page }: Person): Promise<number> {
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
  await page.waitForFunction(paint);
  return page.evaluate(paint);
}

/** Bodies as they crossed the wire, compressed. */
const transferredKib = ({ page }: Person): Promise<number> =>
  page.evaluate(() => {
    const entries = performance.getEntriesByType('resource') as unknown as { encodedBodySize: number }[];
    return entries.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1024;
  });

async function measure(): Promise<boolean> {
  const { files } = await buildConsole();
  const kib = (content: Uint8Array) => (gzipSync(content, { level: 9 }).length / 1024).toFixed(1);
  for (const [name, content] of files)
    if (/\.(js|css|html)$/.test(name)) console.log(`${name}: ${kib(content)} KiB`);
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-console-'));
  const path = join(folder, 'authority.db');
  console.log(`making ${units} units, each with keys of its own ...`);
  const { owner, jobId } = await makeHistory(path, units);
  const job = toHex(jobId);
  const store = openSqliteStore({ path, crypto });
  const kem = { publicKey: new Uint8Array(65), ecdh: async () => undefined };
  const authority = await createAuthority({ store, crypto, kem, products: [await owner.productKeys()] });
  const { token } = await createToken(authority, { scope: 'owner', label: 'lab', by: 'local' });
  const served = [...files].map(([name, content]) => ({ name, content: Uint8Array.from(content) }));
  const running = await serveAuthority({ authority, console: served });
  const browser = await launchBrowser();
  let isGood = true;
  const tell = (what: string, value: number, most: number, unit: string) => {
    console.log(`${what}: ${value.toFixed(0)} ${unit}, ${most} are the end`);
    isGood &&= value <= most;
  };
  try {
    const person = await openConsole(browser, running.url);
    const { page } = person;
    tell('first paint', await firstPaintMs(person), mostPaintMs, 'ms');
    tell('loaded before sign in', await transferredKib(person), mostFirstKib, 'KiB');
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const rows = page.locator('tbody tr');
    for (const [name, fragment, first] of [
      ['jobs', '#/jobs', 'Jobs of this authority'],
      ['the job', `#/jobs/${job}`, 'Units of the job'],
      ['its last units', `#/jobs/${job}?from=${Math.max(0, units - 50)}`, (units - 1).toLocaleString('en')],
      ['chips', '#/chips', 'Units of chips'],
      ['chips from the middle', `#/chips?from=${Math.floor(units / 2)}`, 'Units of chips'],
      ['recall', '#/recall?product=pump&version=1.2.3', 'Units of pump'],
      ['recall, last page', `#/recall?product=pump&version=1.2.3&from=${units - 50}`, 'Units of pump'],
      ['ledger', '#/ledger', 'Entries of the log'],
    ] as const) {
      await person.visit('#/alarms');
      await person.reads('There is no alarm');
      const start = performance.now();
      await person.visit(fragment);
      await person.reads(first);
      await rows.first().waitFor();
      tell(`${name}, shown`, performance.now() - start, mostPageMs, 'ms');
    }
    await person.visit(`#/jobs/${job}`);
    const verified = performance.now();
    await page.locator('tbody td:nth-child(7) a').first().click();
    await person.reads('verified in this browser');
    tell('a receipt, verified', performance.now() - verified, mostPageMs, 'ms');
    await person.visit('#/recall?product=pump&version=1.2.3');
    const start = performance.now();
    const saving = page.waitForEvent('download', { timeout: 300_000 });
    await page.getByRole('button', { name: 'Download all as CSV' }).click();
    await saving;
    console.log(`recall of ${units} units as CSV: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  } finally {
    await browser.close();
    await running.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  }
  return isGood;
}

process.exit((await measure()) ? 0 : 1);
