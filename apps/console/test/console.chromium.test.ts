// The console in Debian's Chromium, as an authority serves it, with a line of virtual chips: every flow of a
// person, what each kind of token may see, hostile names, and what the browser itself forbids.

import { readFileSync, writeFileSync } from 'node:fs';
import { Secret, toBase64url, utf8 } from '@firmseal/bytes';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildConsole } from '../../../tools/pack/build-console.ts';
import { runCommandLine } from '../../cli/src/program.ts';
import { deskEnvironment } from '../../cli/test/desk.ts';
import { LineSite } from '../../cli/test/line-site.ts';
import { memoryShell, runHere } from '../../cli/test/run-here.ts';
import { launchBrowser } from '../../updater/test/page.ts';
import { openConsole, type Person } from './person.ts';

const site = new LineSite();
let browser: Browser;
let owner: Person;
let ownerToken: string;
let job: string;
const thumbprints: string[] = [];

beforeAll(async () => {
  await buildConsole();
  await site.begin();
  ownerToken = readFileSync(site.desk.at('authority/owner.token'), 'utf8').trim();
  browser = await launchBrowser();
  owner = await openConsole(browser, site.authority.url);
});
afterAll(async () => {
  await browser?.close();
  await site.end();
});

const button = (person: Person, name: string) => person.page.getByRole('button', { name, exact: true });
const link = (person: Person, name: string) => person.page.getByRole('link', { name, exact: true });
const column = async (person: Person, caption: string, name: string): Promise<string[]> => {
  const table = person.page.getByRole('table', { name: caption });
  const heads = await table.getByRole('columnheader').allInnerTexts();
  return table.locator(`tbody td:nth-child(${heads.indexOf(name) + 1})`).allInnerTexts();
};

it('asks for a token, says why one is refused, and forgets it with the page unless asked not to', async () => {
  const { page } = owner;
  await page.getByLabel('Access token').fill(`fso_${toBase64url(new Uint8Array(32))}`);
  await button(owner, 'Sign in').click();
  await owner.reads('does not know this access token');
  expect(await owner.look('sign-in')).toEqual([]);
  // By the keyboard alone.
  await page.getByLabel('Access token').fill(ownerToken);
  await page.keyboard.press('Enter');
  await owner.reads('No job was opened yet.');
  expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  await page.reload();
  await page.getByLabel('Stay signed in').check();
  await page.getByLabel('Access token').fill(ownerToken);
  await button(owner, 'Sign in').click();
  await owner.reads('No job was opened yet.');
  await page.reload();
  await owner.reads('No job was opened yet.');
  await button(owner, 'Sign out').click();
  await page.reload();
  await page.getByLabel('Or take it from its file').setInputFiles(site.desk.at('authority/owner.token'));
  await button(owner, 'Sign in').click();
  await owner.reads('No job was opened yet.');
  expect(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length].join()')).toBe(
    ',0,0',
  );
});

it('opens a job, approves it, makes a token for its line', async () => {
  const { page } = owner;
  const { at } = site.desk;
  await button(owner, 'Open a job …').click();
  await page.getByLabel('Sealed package').setInputFiles(at('root.key.pub'));
  await page.getByLabel('Its content key').setInputFiles(at('panel.seal.key'));
  await page.getByLabel('Quota: how many chips').fill('5');
  await button(owner, 'Open it').click();
  await page.getByRole('alert').getByText('package-magic-wrong').waitFor();
  await page.getByLabel('Sealed package').setInputFiles(at('panel.seal'));
  await button(owner, 'Open it').click();
  await owner.reads('Job for panel');
  expect(await owner.reads('waits for approval')).toContain('0 of 5 units used, 5 left');
  job = /[0-9a-f]{32}/.exec(page.url())![0];
  await button(owner, 'Approve …').click();
  expect(await owner.look('approve')).toEqual([]);
  await button(owner, 'Approve').click();
  await owner.reads('The job is approved.');
  await button(owner, 'Token for a line …').click();
  await button(owner, 'Make the token').click();
  const token = await page.locator('dialog pre').innerText();
  expect(token).toMatch(/^fsl_/);
  writeFileSync(site.at('browser.token'), `${token}\n`, { mode: 0o600 });
  writeFileSync(site.at('browser.job'), `${job}\n`);
  await button(owner, 'Close').click();
});

it('shows a line while it runs: a row a socket, yield, cycle times', async () => {
  const chips = [await site.plugIn(), await site.plugIn()];
  thumbprints.push(...chips.map(({ device }) => Buffer.from(device.thumbprint).toString('hex')));
  await owner.visit('#/lines');
  await owner.reads('No line told anything');
  expect(await owner.look('lines-none')).toEqual([]);
  const file = site.writeLine(
    'browser',
    chips.map(({ place }) => place),
    { boardEverySeconds: 1 },
  );
  const { shell, err } = memoryShell(deskEnvironment);
  const ended = runCommandLine(['line', 'run', file, '--json'], shell);
  try {
    await owner.page.getByRole('row', { name: /A1 .*take the chip out.*pass/ }).waitFor();
    await owner.page.getByRole('row', { name: /A2 .*take the chip out.*pass/ }).waitFor();
    const text = await owner.reads(/Of the last 2 chips that passed/);
    expect(text).toMatch(/First-pass yield\s+100\.0 %/);
    expect(await owner.page.locator('.chart canvas').count()).toBe(1);
    expect(await owner.look('lines')).toEqual([]);
  } finally {
    shell.stops.raise('SIGTERM');
  }
  expect([await ended, err.text]).toEqual([0, '']);
  await owner.page.getByRole('row', { name: /A1 .*ended/ }).waitFor();
});

it('shows the job with its units, and verifies a receipt in the browser', async () => {
  await owner.visit(`#/jobs/${job}`);
  const text = await owner.reads('2 of 5 units used, 3 left');
  expect(text).toContain('2 PASS');
  expect(await column(owner, 'Units of the job, by their number', 'State')).toEqual(['PASS', 'PASS']);
  expect(await owner.look('job')).toEqual([]);
  const table = owner.page.getByRole('table', { name: 'Units of the job, by their number' });
  await table.locator('tbody tr:first-child td:nth-child(7) a').click();
  expect(await owner.reads('verified in this browser')).toContain('panel version 1.0.0');
  const device = await owner.page.locator('dt:text-is("Device") + dd').innerText();
  expect(thumbprints).toContain(device);
  // The person's own copy of the key, a key of somebody else, and the file by the command.
  await owner.page
    .getByLabel("Your copy of the root's public key")
    .setInputFiles(site.desk.at('root.key.pub'));
  await owner.reads('your file root.key.pub');
  expect(await owner.look('receipt')).toEqual([]);
  const saving = owner.page.waitForEvent('download');
  await button(owner, 'Save the receipt file').click();
  await (await saving).saveAs(site.at('browser.receipt'));
  const checked = await runHere([
    'verify',
    'receipt',
    site.at('browser.receipt'),
    '--root-key',
    site.desk.at('root.key.pub'),
  ]);
  expect(checked).toMatchObject({ status: 0, stdout: expect.stringContaining('panel 1.0.0') });
  await owner.page
    .getByLabel("Your copy of the root's public key")
    .setInputFiles(site.desk.at('signer.key.pub'));
  await owner.reads('NOT VERIFIED');
  expect(await owner.look('receipt-refused')).toEqual([]);
});

it('verifies a receipt file of the person, and refuses one with a byte that differs', async () => {
  const good = readFileSync(site.at('browser.receipt'));
  const bad = Buffer.from(good);
  bad[bad.length - 40]! ^= 1;
  writeFileSync(site.at('bad.receipt'), bad);
  await owner.visit('#/receipts');
  await owner.page.getByLabel('Receipt file').setInputFiles(site.at('bad.receipt'));
  await owner.reads('NOT VERIFIED');
  await owner.page.getByLabel('Receipt file').setInputFiles(site.at('browser.receipt'));
  await owner.reads('verified in this browser');
});
