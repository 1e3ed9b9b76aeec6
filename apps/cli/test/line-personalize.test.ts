// Personalization as the first step of a line, at a trusted site: blank chips in two sockets come out
// personalized and installed; the key of the device CA is the operator's, and in no archive.

import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approverWords, deskEnvironment, succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { masked } from './masked.ts';
import { jsonLines, runHere } from './run-here.ts';

const site = new LineSite();
beforeAll(() => site.begin(), 120_000);
afterAll(() => site.end());

type Plug = Awaited<ReturnType<LineSite['plugInBlank']>>;
const socketsOf = (plugs: readonly Pick<Plug, 'place' | 'via'>[]) =>
  plugs.map(({ place, via }, i) => ({ name: `A${i + 1}`, place, via, package: 'panel' }));
const personalize = () => ({
  ...{ chip: 'stm32f427', level: 2, confirmPermanent: true, deviceCa: site.desk.at('ca.key') },
});
const write = (name: string, plugs: readonly Pick<Plug, 'place' | 'via'>[], more: object = {}) =>
  site.writeLine(name, [], {
    sockets: socketsOf(plugs),
    panel: { personalize: { ...personalize(), ...more } },
  });
const run = (file: string, ...words: string[]) =>
  runHere(['line', 'run', file, '--cycles', '1', '--json', ...words], deskEnvironment);
const eventsOf = ({ stdout }: { stdout: string }, name: string) =>
  jsonLines({ stdout }).filter(({ event }) => event === name);
const stepsOf = (outcome: { stdout: string }, name: string) =>
  eventsOf(outcome, 'line-personalize').flatMap((event) => (event['name'] === name ? [event['step']] : []));
const recordsOf = (name: string) =>
  readFileSync(join(site.at(name), 'chips.records'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { thumbprint: string }).thumbprint);

it('two blank chips: personalized, installed, each with its record; the next time they are only installed', async () => {
  const job = await site.openJob('first', 5);
  const plugs = [await site.plugInBlank(), await site.plugInBlank()];
  const file = write('first', plugs);
  const outcome = await run(file);
  expect([outcome.status, outcome.stderr]).toEqual([0, '']);
  const cycles = eventsOf(outcome, 'line-cycle');
  expect(cycles.map((cycle) => cycle['outcome'])).toEqual(['pass', 'pass']);
  for (const name of ['A1', 'A2'])
    expect(stepsOf(outcome, name)).toEqual([
      'begun',
      'agent-written',
      'identity-made',
      'certified',
      'protected',
    ]);
  expect(recordsOf('first').sort()).toEqual(cycles.map((cycle) => cycle['thumbprint']).sort());
  expect(readdirSync(join(site.at('first'), 'personalizing'))).toEqual([]);
  expect((await succeed(['job', 'show', job, ...site.owner]))[0]).toMatchObject({ units: 2, installed: 2 });
  const log = readFileSync(join(site.at('first'), 'sockets', 'A1.log'), 'utf8');
  const said = masked(log, site.folder).replace(/unit \d/, 'unit N');
  await expect(said).toMatchFileSnapshot('golden/line-personalize.txt');
  const again = await run(file);
  expect(stepsOf(again, 'A1')).toEqual([]);
  expect(eventsOf(again, 'line-cycle').map((cycle) => cycle['outcome'])).toEqual(['refused', 'refused']);
  // As a kill between the chip's last word and its record would leave it.
  rmSync(join(site.at('first'), 'chips.records'));
  writeFileSync(join(site.at('first'), 'personalizing', 'A2'), '');
  await run(file);
  expect(recordsOf('first')).toEqual([cycles.find(({ name }) => name === 'A2')!['thumbprint']]);
  expect(readdirSync(join(site.at('first'), 'personalizing'))).toEqual([]);
}, 120_000);

it('a chip that was cut off in the middle is taken up, and its record is made', async () => {
  await site.openJob('cut', 5);
  const plug = await site.plugInBlank();
  const outcome = await run(write('cut', [{ ...plug, place: 'tcp:127.0.0.1:9' }]), '--cycles', '1');
  expect(eventsOf(outcome, 'line-cycle')).toMatchObject([
    { outcome: 'fail', fault: { code: 'link-connect-failed' } },
  ]);
  expect(readdirSync(join(site.at('cut'), 'personalizing'))).toEqual(['A1']);
  const next = await run(write('cut', [plug]));
  expect(eventsOf(next, 'line-cycle')).toMatchObject([{ outcome: 'pass' }]);
  expect(recordsOf('cut')).toHaveLength(1);
  expect(readdirSync(join(site.at('cut'), 'personalizing'))).toEqual([]);
}, 120_000);

it('a chip with an identity whose link is broken is not erased', async () => {
  await site.openJob('link', 5);
  const plug = await site.plugInBlank();
  const rehearsal = { rehearsal: true, level: undefined, confirmPermanent: undefined };
  const words = [
    ...['personalize', '--chip', 'stm32f427', '--product', 'panel', '--rehearsal', '--via', plug.via],
    ...['--root-key', site.desk.at('root.key.pub'), '--device-ca', site.desk.at('ca.key')],
  ];
  await succeed([...words, '--socket', plug.place]);
  const before = plug.chip.judge.flash(0x0800_0000, 0x2_0000);
  const outcome = await run(write('link', [{ ...plug, place: 'tcp:127.0.0.1:9' }], rehearsal));
  expect(eventsOf(outcome, 'line-cycle')).toMatchObject([
    { outcome: 'fail', fault: { code: 'line-chip-not-blank' } },
  ]);
  expect(plug.chip.judge.flash(0x0800_0000, 0x2_0000)).toEqual(before);
}, 120_000);

it('an archive holds no key of a device CA: it runs for whoever brings one, and for nobody else', async () => {
  await site.openJob('packed', 5);
  const plug = await site.plugInBlank();
  const file = write('packed', [plug]);
  const released = site.at('packed.released');
  await succeed([
    ...['line', 'pack', file, '--signer', site.desk.at('signer.key')],
    ...['--delegation', site.desk.at('signer.delegation'), '--out', released],
  ]);
  const bytes = readFileSync(released);
  expect(bytes.includes(readFileSync(site.desk.at('ca.key')))).toBe(false);
  expect(bytes.includes('ca.key')).toBe(false);
  const root = ['--root-key', site.desk.at('root.key.pub')];
  const refused = await run(released, ...root);
  expect([refused.status, refused.stderr]).toEqual([3, expect.stringContaining('line-device-ca-needed')]);
  expect(plug.chip.judge.flash(0x0800_0000, 64).every((byte) => byte === 0xff)).toBe(true);
  const outcome = await run(released, ...root, '--device-ca', site.desk.at('ca.key'));
  expect(eventsOf(outcome, 'line-cycle')).toMatchObject([{ outcome: 'pass' }]);
}, 120_000);

it('a site without a key has its chips certified by the authority, as many as its cap says', async () => {
  const { desk } = site;
  await site.restart(() => copyFileSync(desk.at('ca.key'), desk.at('authority/device-ca.key')));
  await site.openJob('hall', 5);
  const cap = ['--product', 'panel', '--cap', '1', '--until', '2099-12-31'];
  await succeed(['site', 'set', 'hall', ...site.owner, ...cap, ...approverWords(desk)]);
  const token = ['--scope', 'site', '--site', 'hall', '--label', 'line', '--out', site.at('hall.token.site')];
  await succeed(['token', 'new', ...site.owner, ...token]);
  const [first, second] = [await site.plugInBlank(), await site.plugInBlank()];
  const bySite = { deviceCa: undefined, siteToken: site.at('hall.token.site') };
  const certified = await run(write('hall', [first], bySite));
  expect([certified.status, certified.stderr]).toEqual([0, '']);
  expect(stepsOf(certified, 'A1')).toContain('certified');
  expect(eventsOf(certified, 'line-cycle')).toMatchObject([{ outcome: 'pass' }]);
  expect(existsSync(join(site.at('hall'), 'chips.records'))).toBe(false);
  const over = await run(write('hall', [second], bySite));
  expect(eventsOf(over, 'line-cycle')).toMatchObject([{ fault: { code: 'site-cap-used' } }]);
  expect(second.chip.judge.flash(0x0800_0000, 64).every((byte) => byte === 0xff)).toBe(true);
  const released = site.at('hall.released');
  await succeed([
    ...['line', 'pack', write('hall', [second], bySite), '--signer', desk.at('signer.key')],
    ...['--delegation', desk.at('signer.delegation'), '--out', released],
  ]);
  const secret = readFileSync(site.at('hall.token.site'), 'utf8').trim();
  expect(readFileSync(released).includes(secret)).toBe(false);
  const root = ['--root-key', desk.at('root.key.pub')];
  expect((await run(released, ...root)).stderr).toContain('line-device-ca-needed');
  await succeed([...['site', 'set', 'hall', ...site.owner], ...cap.with(3, '2'), ...approverWords(desk)]);
  const brought = await run(released, ...root, '--site-token-file', site.at('hall.token.site'));
  expect(eventsOf(brought, 'line-cycle')).toMatchObject([{ outcome: 'pass' }]);
}, 120_000);

it('a line whose clock is days from that of the authority touches no chip', async () => {
  await site.openJob('late', 5);
  const plug = await site.plugInBlank();
  const date = new Date(Date.now() + 3 * 86_400_000).toUTCString();
  const answer = `HTTP/1.1 200 OK\r\nDate: ${date}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
  const later = createServer((socket) => socket.once('data', () => socket.end(answer)));
  await once(later.listen(0, '127.0.0.1'), 'listening');
  const authority = `http://127.0.0.1:${(later.address() as AddressInfo).port}`;
  const bySite = { ...personalize(), deviceCa: undefined, siteToken: site.at('hall.token.site') };
  const file = site.writeLine('late', [], {
    ...{ authority, sockets: socketsOf([plug]), panel: { personalize: bySite } },
  });
  const { stderr } = await run(file);
  later.close();
  expect(stderr).toContain('clock-differs');
  expect(plug.chip.judge.flash(0x0800_0000, 64).every((byte) => byte === 0xff)).toBe(true);
}, 120_000);

it('what is missing, and what is too much, is said by the field before anything is touched', async () => {
  await site.openJob('fields', 5);
  const plug = await site.plugInBlank();
  const told = async (file: string, ...words: string[]) => (await run(file, ...words)).stderr;
  expect(await told(write('fields', [plug], { confirmPermanent: undefined }))).toContain('confirmPermanent');
  expect(await told(write('fields', [{ ...plug, via: 'station:a/b' }]))).toContain('via');
  const noWay = site.writeLine('fields', [plug.place], { panel: { personalize: personalize() } });
  expect(await told(noWay)).toContain('needs via');
  const noSection = site.writeLine('fields', [], { sockets: socketsOf([plug]) });
  expect(await told(noSection)).toContain('the section personalize');
  const none = site.writeLine('fields', [plug.place]);
  expect(await told(none, '--device-ca', site.desk.at('ca.key'))).toContain('line-device-ca-unused');
  expect(await told(none, '--site-token-file', site.at('fields.token'))).toContain('line-device-ca-unused');
  const both = { siteToken: site.at('fields.token') };
  expect(await told(write('fields', [plug], both))).toContain('deviceCa and siteToken exclude each other');
  expect(await told(write('fields', [plug], { deviceCa: undefined }))).toContain('line-device-ca-needed');
  expect(await told(write('fields', [plug], { deviceCa: site.desk.at('signer.key') }))).toContain('key-');
});
