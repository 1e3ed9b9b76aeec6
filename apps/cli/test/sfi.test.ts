// `firmseal sfi` against the stand-in for ST's tools as real processes, with what people read held as
// transcripts (sfi-transcripts/).

import { spawn } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { concatBytes } from '@firmseal/bytes';
import { markOfProcess } from '@firmseal/files';
import { writeSfi } from '@firmseal/sfi/testing';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { freshChip, freshWorld } from '../../../lab/st-tools/fresh.ts';
import type { World } from '../../../lab/st-tools/world.ts';
import { runCommandLine } from '../src/program.ts';
import { jsonLines, memoryShell } from './run-here.ts';
import { installWords, makeSfiStation, type SfiStation } from './sfi-station.ts';

let station: SfiStation;
const cache = mkdtempSync(join(tmpdir(), 'firmseal-sfi-cache-'));
afterEach(() => station.remove());
afterAll(() => rmSync(cache, { recursive: true }));

function begin(world: World = freshWorld([freshChip('u5')])): SfiStation {
  station = makeSfiStation(world, cache);
  return station;
}

const transcript = (name: string) => fileURLToPath(new URL(`sfi-transcripts/${name}.txt`, import.meta.url));
/** Names of chips follow from their certificates, so they are the same each time. */
const holds = (text: string, name: string) => expect(text).toMatchFileSnapshot(transcript(name));

describe('inspect', () => {
  test('an image', async () => {
    const { run, at } = begin();
    const { status, text } = await run('sfi', 'inspect', at('panel.sfi'));
    expect(status).toBe(0);
    await holds(text, 'inspect-image');
  });

  test('an image with its key: every area opens, and the wrong nonce is told', async () => {
    const { run, at } = begin();
    const key = Buffer.alloc(16, 7);
    const nonce = Buffer.from('000102030405060708090aff', 'hex');
    const seal = (index: number, plaintext: Uint8Array, aad = Buffer.alloc(0)) => {
      const iv = Buffer.from(nonce);
      iv.writeUInt32BE((iv.readUInt32BE(8) + index) >>> 0, 8);
      const cipher = createCipheriv('aes-128-gcm', key, iv);
      if (aad.length > 0) cipher.setAAD(aad);
      const payload = Uint8Array.from(cipher.update(plaintext));
      cipher.final();
      return { payload, tag: Uint8Array.from(cipher.getAuthTag()) };
    };
    const areas = [
      { type: 'F', destinationAddress: 0x08000000, ...seal(1, new Uint8Array(40).fill(9)) },
      { type: 'C', ...seal(2, Uint8Array.from([0xd0, 0xaa, 0x26, 0x10])) },
    ];
    const header = Buffer.from(concatBytes(writeSfi(areas).subarray(0, 12)));
    writeFileSync(at('sealed.sfi'), writeSfi(areas, { tag: seal(0, new Uint8Array(0), header).tag }));
    writeFileSync(at('image.key'), key, { mode: 0o600 });
    writeFileSync(at('image.nonce'), nonce);
    const words = [
      'sfi',
      'inspect',
      at('sealed.sfi'),
      '--key',
      at('image.key'),
      '--nonce',
      at('image.nonce'),
    ];
    const { status, text } = await run(...words);
    expect([status, text]).toEqual([0, expect.stringContaining('the header fits, 2 of 2 areas open')]);
    expect(text).toContain('option bytes: 0x1026AAD0');
    const [event] = jsonLines(await run(...words, '--json'));
    expect(event).toMatchObject({
      headerFits: true,
      areas: [{ opens: expect.stringContaining('big-endian') }, {}],
    });
    expect(JSON.stringify(event)).not.toContain('09090909');
    writeFileSync(at('image.nonce'), Buffer.alloc(12));
    const wrong = await run(...words);
    expect([wrong.status, wrong.text]).toEqual([
      3,
      expect.stringContaining('the image header, area 1, area 2'),
    ]);
    writeFileSync(at('image.nonce'), Buffer.alloc(13));
    expect((await run(...words)).text).toContain('sfi-key-size-wrong');
  });

  test.each([
    ['inspect-h5-options', 'OPTSR_PRG,0x2D3017F8\r\nOPTSR2_PRG,0xB4000070\r\n'],
    [
      'inspect-h7-options',
      [
        'FOPTSR_PRG, 0x1026AAD0',
        ...['FPRAR_PRG_A', 'FPRAR_PRG_B', 'FSCAR_PRG_A', 'FSCAR_PRG_B'].map((name) => `${name},0x81000200`),
        'FWPSN PRG A,0xFFFFFFFF',
        'FWPSN_PRG_B,0xFFFFFFFF',
        'FBOOT7_PRG,0x24000800',
        'RESERVED,0x10000810',
      ].join('\n'),
    ],
  ])('%s', async (name, text) => {
    const { run, at } = begin();
    writeFileSync(at('ob.csv'), text);
    const shown = await run('sfi', 'inspect', at('ob.csv'));
    expect(shown.status).toBe(0);
    await holds(shown.text, name);
  });

  test('a log, in UTF-16 as PowerShell writes it', async () => {
    const { run, at } = begin();
    const lines = [
      '17:13:15 : STM32CubeProgrammer API v2.18.0 | Windows-64Bits',
      '17:13:15 : Device ID   : 0x455',
      '17:13:16 : SFI protocol version        : 2',
      '17:13:16 : Area type                   : F',
      '17:13:16 : Area size                   : 688',
      '17:13:16 : Area destination address    : 0x8000000',
      '17:13:17 : Succeed to generate license for the current STM32 device',
      '17:13:17 : Starting Firmware Install operation...',
      '17:13:19 : Processing license...',
      '17:13:20 : Error: Execution of RSS CMD failed, returned value = 0xF5F5F5F5',
    ];
    writeFileSync(at('install.log'), `\uFEFF${lines.join('\r\n')}\r\n`, 'utf16le');
    const { status, text } = await run('sfi', 'inspect', at('install.log'));
    expect(status).toBe(0);
    await holds(text, 'inspect-log');
  });

  test('a file of another kind, and a row that cannot be read', async () => {
    const { run, at } = begin();
    writeFileSync(at('letter.txt'), 'Dear reader,\nthis is a letter.\n');
    expect(await run('sfi', 'inspect', at('letter.txt'))).toMatchObject({
      status: 3,
      text: expect.stringContaining('sfi-file-unknown'),
    });
    writeFileSync(at('ob.csv'), 'OPTR,0x1FEFF0AA\nSECWM1R1,0xFF80FFFF\nSECWM1R2,0xFFF80FFFF1\n');
    expect(await run('sfi', 'inspect', at('ob.csv'))).toMatchObject({
      status: 3,
      text: expect.stringContaining('Line 3 of the option-byte file'),
    });
  });
});

describe('check', () => {
  test('an image, its option bytes, the tool, the card and the chip', async () => {
    const { run, at, world } = begin();
    const { status, text } = await run(
      ...['sfi', 'check', at('panel.sfi'), '--chip', 'stm32u575', '--option-bytes', at('options.csv')],
      ...[
        '--via',
        'swd',
        '--slot',
        '1',
        '--rsse',
        at('enc_signed_RSSe_SFI_STM32U5.bin'),
        '--tool',
        at('programmer'),
      ],
    );
    expect(status).toBe(0);
    await holds(text, 'check');
    expect(world().card.counter).toBe(10);
  });

  test('finds what would let the install fail', async () => {
    const chip = freshChip('l5');
    chip.fields['TZEN'] = 1;
    const { run, at } = begin(
      freshWorld([chip], { card: { counter: 0, firmware: 'x', key: 'key-1', status: 'OEM_STATE' } }),
    );
    const { status, text } = await run(
      ...['sfi', 'check', at('panel.sfi'), '--chip', 'STM32L562', '--via', 'swd', '--slot', '1'],
      ...['--tool', at('programmer'), '--rsse', at('enc_signed_RSSe_SFI_STM32U5.bin')],
    );
    expect(status).toBe(14);
    for (const found of [
      'TZEN is 0x01',
      'the counter is 0',
      'the card is in OEM_STATE',
      'is named for STM32U5',
      'Set TZEN to 0',
    ])
      expect(text).toContain(found);
  });

  test('a part without the installer is refused at once', async () => {
    const { run, at } = begin();
    const { text } = await run('sfi', 'check', at('panel.sfi'), '--chip', 'STM32F427ZI');
    expect(text).toContain('sfi-part-without-installer');
  });
});

describe('install', () => {
  test('goes well, is not repeated, and keeps license and log', async () => {
    const { run, at, world } = begin();
    const first = await run(...installWords(station));
    expect(first.status).toBe(25);
    await holds(first.text, 'install');
    expect(world().card.counter).toBe(9);
    const [unit = ''] = readdirSync(at('books/units'));
    expect(statSync(at(`books/units/${unit}/license.bin`)).mode & 0o077).toBe(0);
    expect(readFileSync(at(`books/units/${unit}/tool.log`), 'utf8')).toContain(
      'Starting Firmware Install operation',
    );
    expect(first.text).not.toContain('stand-in license');
    const again = await run(...installWords(station, '--accept-unproven'));
    expect([again.status, again.text]).toEqual([0, expect.stringContaining('nothing was done')]);
    expect(world().card.counter).toBe(9);
  });

  test('fails with its cause; the next run uses the same license', async () => {
    const { run, world, at } = begin(freshWorld([freshChip('u5', { faults: ['rss-0x1'] })]));
    const first = await run(...installWords(station));
    expect(first.status).toBe(14);
    await holds(first.text, 'install-failed');
    const mended = world();
    mended.chips[0]!.faults = [];
    writeFileSync(at('world.json'), JSON.stringify(mended));
    expect((await run(...installWords(station))).status).toBe(25);
    expect(world().card.counter).toBe(9);
  });

  test('several chips at once, one card: the quota ends it', async () => {
    const chips = ['A1', 'A2', 'A3'].map((serialNumber) => freshChip('u5', { serialNumber }));
    const { run, world } = begin(freshWorld(chips));
    const words = installWords(station, '--quota', '2').map((word) => (word === 'swd' ? 'swd:A1' : word));
    const { text } = await run(...words, '--via', 'swd:A2');
    expect(text.match(/DONE-UNPROVEN/g)).toHaveLength(2);
    const third = installWords(station, '--quota', '2').map((word) => (word === 'swd' ? 'swd:A3' : word));
    expect(await run(...third)).toMatchObject({
      status: 11,
      text: expect.stringContaining('sfi-quota-exhausted'),
    });
    expect(world().card.counter).toBe(8);
  });

  test('two runs at once, one card: the quota holds over both', async () => {
    const chips = ['A1', 'A2'].map((serialNumber) => freshChip('u5', { serialNumber }));
    const { run, world } = begin(freshWorld(chips));
    const on = (serial: string) =>
      run(...installWords(station, '--quota', '1').map((word) => (word === 'swd' ? `swd:${serial}` : word)));
    const runs = await Promise.all([on('A1'), on('A2')]);
    expect(runs.map(({ status }) => status).sort()).toEqual([11, 25]);
    expect(world().card.counter).toBe(9);
  });

  test('exit status and single errors of the tool are not believed', async () => {
    const silent = begin(freshWorld([freshChip('u5', { faults: ['silent-about-success'] })]));
    expect(await silent.run(...installWords(silent))).toMatchObject({
      status: 14,
      text: expect.stringContaining('UNKNOWN'),
    });
    silent.remove();
    const failing = begin(freshWorld([freshChip('u5', { faults: ['fails-with-success'] })]));
    expect((await failing.run(...installWords(failing))).status).toBe(25);
  });

  test("through SEGGER's program, whose every word is invented here", async () => {
    const { run, at, world } = begin();
    const { status, text } = await run(...installWords(station, '--segger', at('flasher')));
    expect([status, text]).toEqual([25, expect.stringContaining('DONE-UNPROVEN')]);
    expect(world().card.counter).toBe(9);
  });

  test('without a tool, without an expectation, on another place', async () => {
    const { run, at } = begin();
    const words = installWords(station);
    expect(await run(...words.slice(0, -1), at('nowhere'))).toMatchObject({
      status: 16,
      text: expect.stringContaining('st-tool-missing'),
    });
    const without = words.filter((word) => word !== '--option-bytes' && word !== at('options.csv'));
    expect(await run(...without)).toMatchObject({
      status: 2,
      text: expect.stringContaining('sfi-expectation-missing'),
    });
    expect(existsSync(at('books'))).toBe(true);
    expect((await run(...words, '--via', 'tcp:127.0.0.1:1')).status).toBe(2);
  });

  test('a run that is killed goes on with the license that it drew', async () => {
    const { run, at, world } = begin();
    const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url));
    const child = spawn(process.execPath, [main, ...installWords(station)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.stdout.on('data', (piece: Buffer) => {
      if (piece.toString().includes('installing')) child.kill('SIGKILL');
    });
    await ended;
    const [unit = ''] = readdirSync(at('books/units'));
    expect(readFileSync(join(at('books/units'), unit, 'record.json'), 'utf8')).toContain('"source": "card"');
    // The tool may still be at work: it is waited for, and nothing is started beside it.
    let text = '';
    do {
      ({ text } = await run(...installWords(station)));
    } while (text.includes('sfi-books-held'));
    expect(text).toMatch(/DONE-UNPROVEN|sfi-needs-person/);
    expect(world().card.counter).toBe(9);
  });
});

describe('a tool that hangs', () => {
  const hang = (script: string) => {
    writeFileSync(station.at('programmer'), `#!/bin/sh\n${script}\n`);
    return installWords(station, '--silence', '1');
  };

  test('is ended after the time that it may be silent, with what it started', async () => {
    const { run } = begin();
    expect(await run(...hang('sleep 600; echo never'))).toMatchObject({
      status: 16,
      text: expect.stringContaining('st-tool-silent'),
    });
  });

  test('is left alone at the first request to stop, and ended at the second', async () => {
    begin();
    const words = hang('echo one; sleep 600').map((word) => (word === '1' ? '600' : word));
    const { shell, err } = memoryShell({}, { folder: station.folder });
    const status = runCommandLine(words, shell);
    while (!existsSync(station.at('books/running')) || readdirSync(station.at('books/running')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(shell.stops.raise('SIGINT')).toBe(true);
    expect(err.text).toContain('an install must not be cut');
    shell.stops.raise('SIGINT');
    expect(await status).toBe(14);
    expect(err.text).toContain('sfi-certificate-missing');
  });
});

test('nothing is started beside a tool that outlived its firmseal', async () => {
  const { run, at, world } = begin();
  const long = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => long.on('close', resolve));
  const mark = (await markOfProcess(long.pid!)) ?? '-';
  mkdirSync(at('books/running'), { recursive: true });
  writeFileSync(at(`books/running/${long.pid}`), `${long.pid} ${mark} 999999999 gone\n`);
  const refused = await run(...installWords(station));
  expect(refused).toMatchObject({ status: 16, text: expect.stringContaining('sfi-books-held') });
  expect(world().card.counter).toBe(10);
  long.kill('SIGKILL');
  await ended;
  expect((await run(...installWords(station))).status).toBe(25);
  expect(readdirSync(at('books/running'))).toEqual([]);
});

describe('doctor', () => {
  test('lists the states of a family', async () => {
    const { run } = begin();
    const { status, text } = await run('sfi', 'doctor', '--chip', 'stm32h573');
    expect(status).toBe(0);
    await holds(text, 'doctor-family');
  });

  test('tells a stuck chip its way back', async () => {
    const chip = freshChip('h5');
    chip.fields['PRODUCT_STATE'] = 0x17;
    const { run, at } = begin(freshWorld([chip]));
    const { status, text } = await run(
      'sfi',
      'doctor',
      '--chip',
      'stm32h573',
      '--via',
      'swd',
      '--tool',
      at('programmer'),
    );
    expect(status).toBe(0);
    await holds(text, 'doctor-stuck');
  });

  test.each([
    [true, '0x72', 0, 'closed: PRODUCT_STATE 0x72'],
    [false, '0x72', 14, 'sfi-close-refused'],
    [true, '0x5C', 14, 'has no way back'],
    [true, '0x99', 14, 'no state of STM32H5'],
  ])('provisioned %s: closing into %s ends with %s', async (provisioned, state, status, says) => {
    const chip = freshChip('h5', { provisioned });
    chip.fields['PRODUCT_STATE'] = 0x17;
    const { run, at, world } = begin(freshWorld([chip]));
    const words = [
      'sfi',
      'doctor',
      '--chip',
      'stm32h573',
      '--via',
      'swd',
      '--tool',
      at('programmer'),
      '--close',
      state,
    ];
    expect(await run(...words)).toMatchObject({ status, text: expect.stringContaining(says) });
    expect(world().chips[0]!.fields['PRODUCT_STATE']).toBe(status === 0 ? 0x72 : 0x17);
  });
});
