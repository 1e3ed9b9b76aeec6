// The console in Debian's Chromium, as an authority serves it, with a line of virtual chips: every flow of a
// person, what each kind of token may see, hostile names, and what the browser itself forbids.

import { readFileSync, writeFileSync } from 'node:fs';
import { TestLedger } from '@firmseal/authority/testing';
import { toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { formatNoteKey, type NoteKey } from '@firmseal/ledger';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltConsole, buildConsole } from '../../../tools/pack/build-console.ts';
import { runCommandLine } from '../../cli/src/program.ts';
import { deskEnvironment, succeed } from '../../cli/test/desk.ts';
import { LineSite } from '../../cli/test/line-site.ts';
import { memoryShell, runHere } from '../../cli/test/run-here.ts';
import { launchBrowser } from '../../updater/test/browser.ts';
import {
  hostileName,
  hostileThumbprint,
  plantHostileNames,
  plantUnit,
  reportHostileBoard,
} from './hostile-names.ts';
import { openConsole, type Person } from './person.ts';

const site = new LineSite();
let browser: Browser;
let owner: Person;
let built: BuiltConsole['files'];
let ownerToken: string;
let job: string;
const thumbprints: string[] = [];

beforeAll(async () => {
  ({ files: built } = await buildConsole());
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
const column = async (person: Person, caption: string, name: string): Promise<string[]> => {
  const table = person.page.getByRole('table', { name: caption });
  // The page fetches the rows with a second request, after the text around the table is shown.
  await table.locator('tbody tr').first().waitFor();
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

/** Gives a command that the page shows, with the files of the desk, as an approver does. */
async function sign(command: string): Promise<void> {
  const { at } = site.desk;
  const words = command.replaceAll('\\\n', ' ').split(/\s+/).slice(1);
  const files: Record<string, string> = { 'approver.token': at('authority/owner.token') };
  const named = words.map((word) =>
    /^[\w.]+\.(token|key|delegation|policy|pub|seal)$/.test(word) ? (files[word] ?? at(word)) : word,
  );
  await succeed(named);
}

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
  // The root of this desk asks for one approver. Nothing is approved before he signed.
  await button(owner, 'Approve …').click();
  await button(owner, 'Approve').click();
  await page.getByRole('alert').getByText('approvals-missing').waitFor();
  expect(await owner.look('approve')).toEqual([]);
  await button(owner, 'Cancel').click();
  await sign(await page.getByRole('region', { name: 'How an approver signs' }).locator('pre').innerText());
  await page.reload();
  await page.getByLabel('Or take it from its file').setInputFiles(at('authority/owner.token'));
  await button(owner, 'Sign in').click();
  await owner.reads('Job for panel');
  expect(await column(owner, 'Approvals of the job, the newest first', 'State')).toEqual(['counts']);
  await button(owner, 'Approve …').click();
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
  const [recorded, other] = [await site.personalize('chips.records'), await site.plugIn()];
  await succeed(['identity', 'send', site.at('chips.records'), ...site.owner]);
  thumbprints.push(recorded.thumbprint, toHex(other.device.thumbprint));
  await owner.visit('#/lines');
  await owner.reads('No line reported');
  expect(await owner.look('lines-none')).toEqual([]);
  const file = site.writeLine('browser', [recorded.place, other.place], { boardEverySeconds: 1 });
  const { shell, err } = memoryShell(deskEnvironment);
  const ended = runCommandLine(['line', 'run', file, '--json'], shell);
  try {
    await owner.page.getByRole('row', { name: /A1 .*take the chip out.*pass/ }).waitFor();
    await owner.page.getByRole('row', { name: /A2 .*take the chip out.*pass/ }).waitFor();
    const text = await owner.reads(/Of the last 2 chips that passed/);
    expect(text).toMatch(/First-pass yield\s+100\.0 %/);
    await owner.page.locator('.chart canvas').waitFor();
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

it('finds chips by thumbprint, by the unique id of their identity, and by version', async () => {
  await owner.visit('#/chips');
  await owner.reads('Units of chips, by thumbprint');
  expect((await column(owner, 'Units of chips, by thumbprint', 'Device')).sort()).toEqual(
    thumbprints.map((one) => one.slice(0, 12)).sort(),
  );
  await owner.page.getByLabel('Thumbprint begins with').fill(thumbprints[0]!.slice(0, 9).toUpperCase());
  await owner.page.keyboard.press('Enter');
  await owner.page.waitForURL(/thumbprint=/);
  const rows = owner.page.getByRole('table', { name: 'Units of chips, by thumbprint' }).locator('tbody tr');
  await expect.poll(() => rows.count()).toBe(1);
  expect(await owner.look('chips')).toEqual([]);
  await owner.visit('#/chips?thumbprint=ffffffffff');
  await owner.reads('No unit fits.');
  await owner.visit('#/chips?version=9.9.9');
  await owner.reads('No unit fits.');
  await owner.visit('#/chips?serial=zz');
  await owner.reads('A unique id has 8 to 64 hexadecimal digits');
  const [identity] = await succeed(['identity', 'list', ...site.owner]);
  const uniqueId = String(identity!['uniqueId']);
  await owner.visit(`#/chips?serial=${uniqueId}`);
  await owner.reads('Identities with this unique id');
  expect(await column(owner, 'Identities with this unique id', 'Unique id')).toEqual([uniqueId]);
  const other = uniqueId.endsWith('00') ? 'ff' : '00';
  await owner.visit(`#/chips?serial=${uniqueId.slice(0, -2)}${other}`);
  await owner.reads('No record of an identity has this unique id.');
});

it('finds the units of a version for a recall, and gives them as a file for a spreadsheet', async () => {
  await owner.visit('#/recall');
  await owner.page.getByLabel('Version').fill('1.0.0');
  await button(owner, 'Find the units').click();
  const caption = 'Units of panel that were licensed for version 1.0.0';
  await owner.reads(caption);
  expect(await column(owner, caption, 'Runs it?')).toEqual(['runs it', 'runs it']);
  expect(await owner.look('recall')).toEqual([]);
  const saving = owner.page.waitForEvent('download');
  await button(owner, 'Download all as CSV').click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe('recall-panel-1.0.0.csv');
  await saved.saveAs(site.at('recall.csv'));
  await owner.reads('The file holds 2 units.');
  const [head, ...rows] = readFileSync(site.at('recall.csv'), 'utf8').trimEnd().split('\r\n');
  expect(head).toBe(
    'runs_it,device,product,chip,job,unit,proved_version,outcome,proved_at,receipt,sbom_sha256',
  );
  expect(rows.map((row) => row.split(',').slice(0, 5))).toEqual(
    thumbprints.toSorted().map((one) => ['runs it', one, 'panel', 'stm32f427', job]),
  );
});

it('shows the log, follows its hashes, and shows an entry that was changed on its way', async () => {
  await owner.visit('#/ledger');
  await owner.reads('token-created');
  const hashes = await column(owner, 'Entries of the log', 'Hash');
  expect(new Set(hashes)).toEqual(new Set(['follows']));
  await button(owner, 'Verify the whole log').click();
  const text = await owner.reads(/All \d+ entries were read/);
  expect(text.match(/[0-9a-f]{64}/g)![0]).toBe(/The head is ([0-9a-f]{64})/.exec(text)![1]);
  expect(await owner.look('ledger')).toEqual([]);
  await owner.page.route(/\/log\?/, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(
      /"salt":"(.)/g,
      (_, first) => `"salt":"${first === 'A' ? 'B' : 'A'}`,
    );
    await route.fulfill({ response: answer, body });
  });
  await button(owner, 'Verify the whole log').click();
  await owner.reads('The log does not hold.');
  await owner.visit('#/ledger?from=2');
  await owner.reads('BROKEN');
  await owner.page.unroute(/\/log\?/);
});

it('gives an auditor everything to read and nothing to change, until his token ends', async () => {
  await owner.visit('#/tokens');
  await button(owner, 'New token …').click();
  await owner.page.getByLabel('Held by').fill('<b>auditor</b>');
  await button(owner, 'Make the token').click();
  const token = await owner.page.locator('dialog pre').innerText();
  expect(token).toMatch(/^fsa_/);
  await button(owner, 'Close').click();
  await owner.reads('<b>auditor</b>');
  expect(await owner.look('tokens')).toEqual([]);
  const auditor = await openConsole(browser, site.authority.url, token);
  const pages = await auditor.page
    .getByRole('navigation', { name: 'Pages', exact: true })
    .getByRole('link')
    .allInnerTexts();
  expect(pages).toEqual(['Jobs', 'Lines', 'Chips', 'Receipts', 'Recall', 'Ledger', 'Alarms']);
  await auditor.visit(`#/jobs/${job}`);
  await auditor.reads('2 of 5 units used');
  expect(await auditor.page.locator('main button').count()).toBe(0);
  await owner.page
    .getByRole('row', { name: /auditor<\/b>/ })
    .getByRole('button')
    .click();
  await button(owner, 'Revoke it').click();
  await owner.reads(/Token [0-9a-f]{16} is revoked\./);
  await auditor.visit('#/alarms');
  await auditor.reads('or it was revoked');
  expect(await auditor.page.getByRole('navigation').count()).toBe(0);
  expect(auditor.complaints.filter((one) => !/status of 401/.test(one))).toEqual([]);
  await auditor.context.close();
});

it('shows an approver the job that he is asked to sign, and nothing that he cannot open', async () => {
  const made = site.at('approver.token');
  await succeed(['token', 'new', '--scope', 'approver', '--label', 'ann', ...site.owner, '--out', made]);
  const approver = await openConsole(browser, site.authority.url, readFileSync(made, 'utf8'));
  await approver.visit(`#/jobs/${job}`);
  await approver.reads('Units of the job');
  expect(await approver.page.locator('main table a').count()).toBe(0);
  const pages = approver.page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link');
  expect(await pages.allInnerTexts()).toEqual(['Jobs', 'Alarms']);
  expect(approver.complaints).toEqual([]);
  await approver.context.close();
});

it('shows a line its own job and nothing else', async () => {
  const line = await openConsole(browser, site.authority.url, readFileSync(site.at('browser.token'), 'utf8'));
  expect(await line.reads('Job for panel')).toMatch(/Units left\s+3/);
  expect(await line.look('own-job')).toEqual([]);
  await line.visit(`#/jobs/${job}`);
  await line.reads('Job for panel');
  expect(line.complaints).toEqual([]);
  await line.context.close();
});

it('shows hostile names as text, lists alarms, and takes the note of an owner', async () => {
  const { alarm, job: hostileJob } = await plantHostileNames(site.desk.at('authority'));
  await reportHostileBoard(site.authority.url, readFileSync(site.at('browser.token'), 'utf8').trim(), job);
  const named = encodeURIComponent(hostileName);
  const recalled = `Units of ${hostileName} that were licensed for version ${hostileName}`;
  const cells: [page: string, caption: string, name: string, text?: string][] = [
    ['jobs', 'Jobs of this authority, newest first', 'Product'],
    [`jobs/${hostileJob}`, 'Packages of the job; the newest approved one is installed', 'Version'],
    [`chips?thumbprint=${hostileThumbprint}`, 'Units of chips, by thumbprint', 'Product'],
    [`recall?product=${named}&version=${named}`, recalled, 'Runs it?', 'may run it'],
    ['lines', 'Sockets of hostile', 'Place'],
    ['alarms', 'Alarms, newest first', 'Reason'],
  ];
  for (const [page, caption, name, text = hostileName] of cells) {
    await owner.visit(`#/${page}`);
    await owner.page.getByRole('table', { name: caption }).waitFor();
    expect(await column(owner, caption, name), page).toContain(text);
    expect(await owner.page.locator('main img, main script').count()).toBe(0);
  }
  await owner.page.getByRole('button', { name: `Acknowledge alarm ${alarm}` }).click();
  await owner.page.getByLabel('Note, which the log keeps').fill('planted by the test');
  await button(owner, 'Acknowledge').click();
  expect(await owner.reads(`Alarm ${alarm} is acknowledged.`)).toContain(hostileName);
  await owner.reads('planted by the test');
  expect(await owner.look('alarms')).toEqual([]);
  await owner.visit('#/ledger');
  await owner.reads(hostileName);
});

it('voids a unit that was never proven, and closes a job for ever', async () => {
  await owner.visit('#/jobs');
  await owner.reads('Jobs of this authority');
  expect(await owner.look('jobs')).toEqual([]);
  const unit = await plantUnit(site.desk.at('authority'), job);
  await owner.visit(`#/jobs/${job}`);
  await button(owner, `Void unit ${unit} …`).click();
  await owner.page.getByLabel('Reason, which the log keeps').fill('burnt');
  await sign((await owner.page.locator('dialog pre').innerText()).replace('REASON', 'burnt'));
  await button(owner, 'Void it').click();
  await owner.reads(`Unit ${unit} is voided`);
  await owner.reads('burnt');
  await owner.visit(`#/jobs/${job}`);
  await button(owner, 'Close the job …').click();
  await sign(await owner.page.locator('dialog pre').innerText());
  await button(owner, 'Close for ever').click();
  await owner.reads('The job is closed.');
  const actions = owner.page.getByRole('button', { name: /Close the job|Approve/ });
  await expect.poll(() => actions.count()).toBe(0);
});

it('proves in the browser that license and receipt stand in the ledger, by the keys that the person trusts', async () => {
  const { authority, ledger } = await TestLedger.start();
  try {
    await authority.halt();
    authority.console = [...built].map(([name, content]) => ({ name, content: Uint8Array.from(content) }));
    await authority.run();
    const opened = await authority.openJob();
    await authority.install(opened, await authority.chip());
    const auditor = await openConsole(browser, authority.url, authority.ownerToken);
    await auditor.visit(`#/jobs/${opened.job}`);
    await auditor.page.locator('tbody td:nth-child(7) a').click();
    expect(await auditor.reads('proven in this browser')).toContain('you gave no key of a witness');
    const keyFile = (name: string, key: NoteKey) => {
      writeFileSync(site.at(name), `${formatNoteKey(nodeCrypto, key)}\n`);
      return site.at(name);
    };
    const log = keyFile('ledger.vkey', ledger.signer.key);
    const field = auditor.page.getByLabel('Your copies of the keys');
    await field.setInputFiles([log, keyFile('witness.vkey', ledger.witnessSigner.key)]);
    await auditor.reads('witness.example/w1, ');
    expect(await auditor.look('receipt-in-ledger')).toEqual([]);
    // A witness that the person trusts, and that cosigned nothing.
    const stranger = { ...ledger.witnessSigner.key, name: 'witness.example/w2' };
    await field.setInputFiles([log, keyFile('stranger.vkey', stranger)]);
    await auditor.reads('NOT PROVEN');
    await auditor.reads('cosignatures-too-few');
    expect(auditor.complaints).toEqual([]);
    await auditor.context.close();
  } finally {
    await ledger.remove();
  }
});

it('asks this authority alone, and breaks no rule of its own policy', () => {
  expect([...owner.hosts]).toEqual([new URL(site.authority.url).host]);
  // The browser tells of what the authority refused in these tests: a token, an approval.
  expect(owner.complaints.filter((one) => !/status of (401|409)/.test(one))).toEqual([]);
});
