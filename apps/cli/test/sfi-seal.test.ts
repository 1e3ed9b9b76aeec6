// `firmseal seal --also-sfi`: what ST's packager needs lies beside the package, with a fresh key and nonce.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { readImage } from '@firmseal/image';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, deskEnvironment, makeDesk, sealWords } from './desk.ts';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-also-sfi-'));
let desk: Desk;
const start = findChip('stm32u575').layout.slots[0]!.linkStart;
const firmware = withVectorTable(findChip('stm32u575'), start, new Uint8Array(9000).fill(3));

beforeAll(async () => {
  desk = await makeDesk(folder);
  writeFileSync(desk.at('u5.bin'), firmware);
});
afterAll(() => rmSync(folder, { recursive: true }));

const words = (name: string, chip: string) => [
  ...sealWords(desk, desk.at(`${name}.seal`)).map((word) =>
    word === 'stm32f427' ? chip : word === desk.at('panel.bin') ? desk.at('u5.bin') : word,
  ),
  ...['--also-sfi', desk.at(name), '--address', `0x${start.toString(16)}`],
];

it('writes firmware, key, nonce and the command lines', async () => {
  const { status, stdout, stderr } = await runHere(words('first', 'stm32u575'), deskEnvironment);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('SECRET');
  expect(readdirSync(desk.at('first')).sort()).toEqual([
    'commands.md',
    'firmware.hex',
    'image.key',
    'image.nonce',
  ]);
  const file = (name: string) => join(desk.at('first'), name);
  for (const name of ['firmware.hex', 'image.key', 'image.nonce'])
    expect(statSync(file(name)).mode & 0o077).toBe(0);
  expect([statSync(file('image.key')).size, statSync(file('image.nonce')).size]).toEqual([16, 12]);
  const [segment] = readImage(Uint8Array.from(readFileSync(file('firmware.hex'))), {}).segments;
  expect([segment?.address, Buffer.from(segment!.bytes).equals(firmware)]).toEqual([start, true]);
  const page = readFileSync(file('commands.md'), 'utf8');
  expect(page).toContain('-devid 0x482 -fir firmware.hex -k image.key -n image.nonce -ob options.csv -v 1');
  await runHere(words('second', 'stm32u575'), deskEnvironment);
  const nonce = (name: string) => readFileSync(join(desk.at(name), 'image.nonce'), 'hex');
  expect(nonce('second')).not.toBe(nonce('first'));
});

it('is refused for a chip without the installer, and writes nothing', async () => {
  const { status, stderr } = await runHere(words('third', 'stm32f427'), deskEnvironment);
  expect([status, stderr]).toEqual([3, expect.stringContaining('sfi-part-without-installer')]);
  expect(readdirSync(folder).filter((name) => name.startsWith('third'))).toEqual([]);
});
