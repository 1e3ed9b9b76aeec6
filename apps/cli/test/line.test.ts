// `firmseal line run` as its operators and testers meet it: two chips and a shift, what is left
// in its folder, a tester's port, a line without a connection, development with kept licenses,
// and line files that are wrong.

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { approverWords, sealWords, succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { masked } from './masked.ts';
import { jsonLines, memoryShell, runHere } from './run-here.ts';

const site = new LineSite();
beforeAll(() => site.begin(), 120_000);
afterAll(() => site.end());

const unitsOf = async (job: string) => {
  const [view] = await succeed(['job', 'show', job, ...site.owner]);
  return view as { units: number; installed: number };
};

it('the end of a line says when few units of its job are left', async () => {
  const few = ['--few-units', '1'];
  await site.openJob('much', 3, ...few);
  const little = await site.openJob('little', 2, ...few);
  const run = async (name: string) => {
    const { place } = await site.plugIn();
    return runHere(['line', 'run', site.writeLine(name, [place]), '--cycles', '1']);
  };
  const ample = await run('much');
  expect([ample.status, ample.stdout.includes('FEW UNITS LEFT')]).toEqual([0, false]);
  const last = await run('little');
  const warning = `FEW UNITS LEFT: 1 of 2 of job ${little}; ask the owner for another job in time`;
  expect([last.status, last.stdout]).toEqual([0, expect.stringContaining(warning)]);
});

it('two chips: PASS, and everything that the shift leaves; the same chips again are refused', async () => {
  const job = await site.openJob('shift', 10);
  const chips = [await site.plugIn(), await site.plugIn()];
  const file = site.writeLine(
    'shift',
    chips.map(({ place }) => place),
    { panel: { units: 5 } },
  );
  const hook = `printf '%s %s\\n' "$FIRMSEAL_SOCKET" "$FIRMSEAL_OUTCOME" >> ${site.at('passed.txt')}`;
  const first = await runHere(['line', 'run', file, '--cycles', '1', '--on-pass', hook]);
  expect([first.status, first.stderr]).toEqual([0, '']);
  // Which of the two comes first is chance.
  const ofFirstSocket = masked(first.stdout, site.folder)
    .split('\n')
    .filter((line) => !/ A2 | - /.test(line));
  await expect(ofFirstSocket.join('\n').replace(/unit \d/, 'unit N')).toMatchFileSnapshot(
    'golden/line-run.txt',
  );
  expect(readFileSync(site.at('passed.txt'), 'utf8').trim().split('\n').sort()).toEqual([
    'A1 PASS',
    'A2 PASS',
  ]);
  const work = site.at('shift');
  expect(readdirSync(work).sort()).toEqual([
    ...['journal.jsonl', 'junit.xml', 'line.log', 'receipts', 'results.csv', 'sockets'],
  ]);
  expect(readdirSync(join(work, 'receipts'))).toHaveLength(2);
  expect(readdirSync(join(work, 'sockets')).sort()).toEqual(['A1.log', 'A2.log']);
  const rows = readFileSync(join(work, 'results.csv'), 'utf8').trim().split('\r\n');
  expect(rows).toHaveLength(3);
  expect(readFileSync(join(work, 'junit.xml'), 'utf8')).toContain('tests="2" failures="0"');
  expect(await unitsOf(job)).toMatchObject({ units: 2, installed: 2 });

  const again = await runHere(['line', 'run', file, '--cycles', '1', '--json']);
  const lines = jsonLines(again);
  expect(lines.filter(({ event }) => event === 'line-cycle').map(({ outcome }) => outcome)).toEqual([
    ...['refused', 'refused'],
  ]);
  expect(lines.findLast(({ event }) => event === 'line-tally')).toMatchObject({
    ...{ passed: 2, passedFirst: 2, failed: 0, refused: 2 },
    units: [{ package: 'panel', left: 3 }],
  });
  expect(again.status).toBe(0);
  expect(await unitsOf(job)).toMatchObject({ units: 2 });
}, 120_000);

it('two packages on two sockets: each chip gets that of its socket, and each job its unit', async () => {
  const sealed = site.at('second.seal');
  await succeed(sealWords(site.desk, sealed).map((word) => (word === '1.0.0' ? '2.0.0' : word)));
  const job = await site.openJob('two', 5);
  const [opened] = await succeed([
    ...['job', 'open', ...site.owner, '--package', sealed, '--content-key', `${sealed}.key`, '--quota', '5'],
  ]);
  const second = String(opened!['job']);
  await succeed(['job', 'approve', second, ...site.owner, ...approverWords(site.desk)]);
  await succeed(['job', 'token', second, ...site.owner, '--out', site.at('second.token')]);
  const plugs = [await site.plugIn(), await site.plugIn()];
  const sockets = plugs.map(({ place }, i) => ({
    name: `A${i + 1}`,
    place,
    package: i === 0 ? 'panel' : 'second',
  }));
  const panel = { file: site.desk.at('panel.seal'), job, token: 'two.token', units: 3 };
  const packages = { panel, second: { file: sealed, job: second, token: 'second.token', units: 4 } };
  const outcome = await runHere([
    'line',
    'run',
    site.writeLine('two', [], { sockets, packages }),
    '--cycles',
    '1',
    '--json',
  ]);
  const events = jsonLines(outcome);
  const cycles = events.filter(({ event }) => event === 'line-cycle');
  expect(cycles.map((cycle) => `${cycle['name']} ${cycle['package']} ${cycle['outcome']}`).sort()).toEqual([
    ...['A1 panel pass', 'A2 second pass'],
  ]);
  expect(events.findLast(({ event }) => event === 'line-tally')).toMatchObject({
    units: [
      { package: 'panel', left: 2 },
      { package: 'second', left: 3 },
    ],
  });
  for (const id of [job, second]) expect(await unitsOf(id)).toMatchObject({ units: 1, installed: 1 });
}, 120_000);

it('a tester starts a socket over its port and waits for the result; the second request ends at once', async () => {
  await site.openJob('tester', 5);
  const { place } = await site.plugIn();
  const sockets = [{ name: 'A1', place, package: 'panel', testerPort: 0 }];
  const file = site.writeLine('tester', [], { sockets, begin: 'tester' });
  const { shell, out } = memoryShell();
  const ended = runCommandLine(['line', 'run', file, '--json'], shell);
  while (!out.text.includes('"state":"ready"')) await new Promise((resolve) => setTimeout(resolve, 20));
  const begun = jsonLines({ stdout: out.text }).find(({ event }) => event === 'line-begin');
  const ports = begun!['ports'] as readonly { port: number }[];
  const tester = connect(ports[0]!.port, '127.0.0.1');
  await once(tester, 'connect');
  const heard: string[] = [];
  const answers = createInterface({ input: tester });
  const result = new Promise<string>((resolve) =>
    answers.on('line', (line) => {
      heard.push(line);
      if (/^#(OK|ERR)/.test(line)) resolve(line);
    }),
  );
  tester.write('#STATUS\r\n#START SN-7\r\n');
  expect(await result).toMatch(/^#OK \(Total \d/);
  expect(heard.slice(0, 2)).toEqual(['#STATUS:READY', '#ACK']);
  expect(heard).toContain('#STATUS:PROGRAMMING');
  const page = connect(ports[0]!.port, '127.0.0.1');
  page.write('POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n#START\r\n');
  expect(await text(page)).toBe('#NACK\r\n');
  shell.stops.raise('SIGINT');
  expect(await ended).toBe(0);
  tester.destroy();
  expect(readFileSync(join(site.at('tester'), 'results.csv'), 'utf8')).toContain(',SN-7,');
}, 120_000);

it('without a connection: licenses made before, receipts kept, and brought later by the same command', async () => {
  const job = await site.openJob('batch', 5, '--mode', 'standing');
  const { place } = await site.plugIn();
  const trust = [
    '--root-key',
    site.desk.at('root.key.pub'),
    '--device-ca-delegation',
    site.desk.at('ca.delegation'),
  ];
  await succeed([
    ...['license', site.desk.at('panel.seal'), '--job', job, ...site.owner.slice(0, 2)],
    ...['--token-file', site.at('batch.token'), ...trust, '--socket', place],
    ...['--journal', site.at('batch-license.jsonl'), '--out', site.at('licenses')],
  ]);
  const panel = { licenses: 'licenses' };
  const away = { panel, authority: 'http://127.0.0.1:9' };
  const offline = await runHere([
    'line',
    'run',
    site.writeLine('batch', [place], away),
    '--cycles',
    '1',
    '--json',
  ]);
  const events = jsonLines(offline);
  expect(events.find(({ event }) => event === 'line-cycle')).toMatchObject({ outcome: 'pass' });
  expect(events.find(({ event }) => event === 'line-tally')).toMatchObject({
    units: [{ package: 'panel', left: 1 }],
  });
  expect(events.findLast(({ event }) => event === 'line-alarm')).toMatchObject({
    fault: { code: 'authority-unreachable' },
  });
  expect(offline.status).toBe(0);
  const outbox = join(site.at('batch'), 'outbox', 'panel');
  expect(readdirSync(outbox)).toHaveLength(1);
  expect(await unitsOf(job)).toMatchObject({ units: 1, installed: 0 });

  const back = await runHere([
    'line',
    'run',
    site.writeLine('batch', [place], { panel }),
    '--cycles',
    '1',
    '--json',
  ]);
  expect(jsonLines(back).find(({ event }) => event === 'line-cycle')).toMatchObject({ outcome: 'refused' });
  expect(readdirSync(outbox)).toEqual([]);
  expect(await unitsOf(job)).toMatchObject({ units: 1, installed: 1 });
}, 120_000);

it('a chip without a license of the batch is named, and nothing is sent to it', async () => {
  await site.openJob('missing', 5, '--mode', 'standing');
  const { place, chip } = await site.plugIn();
  const file = site.writeLine('missing', [place], { panel: { licenses: 'none' } });
  const none = await runHere(['line', 'run', file, '--cycles', '1']);
  expect(none.stderr).toContain('file-missing');
  writeFileSync(site.at('none.txt'), '');
  const empty = site.writeLine('missing', [place], { panel: { licenses: '.' } });
  const { status, stdout } = await runHere(['line', 'run', empty, '--cycles', '1', '--json']);
  expect(jsonLines({ stdout }).find(({ event }) => event === 'line-cycle')).toMatchObject({
    ...{ outcome: 'fail', fault: { code: 'license-missing' } },
  });
  expect(status).toBe(11);
  expect(chip.judge.flash(0x0810_0000, 64).every((byte) => byte === 0xff)).toBe(true);
}, 120_000);

it('development: a chip is installed again with the license that is kept', async () => {
  const job = await site.openJob('cache', 5, '--mode', 'standing');
  const { place } = await site.plugIn();
  const file = site.writeLine('cache', [place], { repeatChips: 'allow' });
  const words = ['line', 'run', file, '--cycles', '1', '--license-cache', site.at('cached')];
  expect((await runHere(words)).status).toBe(0);
  const kept = readdirSync(site.at('cached'));
  expect(kept).toHaveLength(1);
  expect((await runHere(words)).status).toBe(0);
  expect(await unitsOf(job)).toMatchObject({ units: 1 });
}, 120_000);

it('a hook that fails is an alarm, and the pass stays a pass', async () => {
  await site.openJob('hook', 5);
  const { place } = await site.plugIn();
  const file = site.writeLine('hook', [place], { onPass: ['sh', '-c', 'exit 3'] });
  const { status, stdout } = await runHere(['line', 'run', file, '--cycles', '1', '--json']);
  const lines = jsonLines({ stdout });
  expect(lines.find(({ event }) => event === 'line-cycle')).toMatchObject({ outcome: 'pass' });
  expect(lines.find(({ event }) => event === 'line-alarm')).toMatchObject({
    fault: { code: 'line-hook-failed', sentence: expect.stringContaining('ended with 3') },
  });
  expect(status).toBe(0);
}, 120_000);

it('a second line on the same folder is refused; so is a line file with a mistake, by the field', async () => {
  await site.openJob('wrong', 5);
  const place = 'tcp:127.0.0.1:9';
  const problems: readonly (readonly [object, RegExp])[] = [
    [{ sockets: [] }, /sockets/],
    [{ format: 'firmseal-line-2' }, /format/],
    [{ begin: 'now' }, /begin/],
    [{ extra: 1 }, /extra/],
    [{ sockets: [{ name: 'A1', place: 'probe:1-4', package: 'panel' }] }, /place/],
    [{ sockets: [{ name: 'A1', place, package: 'other' }] }, /there is no package other/],
    [{ sockets: [1, 2].map((i) => ({ name: `A${i}`, place, package: 'panel' })) }, /A1 has this place too/],
    [{ sockets: [{ name: 'A1', place, package: 'panel', controller: 'hub' }] }, /no controller hub/],
    [{ authority: undefined }, /needs an authority/],
  ];
  for (const [change, problem] of problems) {
    const { status, stderr } = await runHere([
      'line',
      'run',
      site.writeLine('wrong', [place], { ...change }),
    ]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/line-file-invalid/);
    expect(stderr).toMatch(problem);
  }
  const file = site.writeLine('wrong', [place]);
  const { shell } = memoryShell();
  const first = runCommandLine(['line', 'run', file], shell);
  while (!shell.stops.isTaken) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await runHere(['line', 'run', file])).stderr).toContain('journal-in-use');
  shell.stops.raise('SIGTERM');
  expect(await first).toBe(17);
  expect(existsSync(join(site.at('wrong'), 'journal.jsonl.lock'))).toBe(false);
  rmSync(site.at('wrong'), { recursive: true });
}, 120_000);
