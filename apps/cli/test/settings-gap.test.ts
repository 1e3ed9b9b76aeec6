// Settings that an application keeps between two pieces of its image survive an update, through the commands
// of a desk: a first version is installed, settings are written, a second version is installed.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { nodeCrypto } from '@firmseal/crypto-node';
import { writeHex } from '@firmseal/image/testing';
import {
  createVirtualChip,
  serveLink,
  serveProbe,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deskFileName } from '../src/desk/find-desk.ts';
import { deskFileFor } from '../src/desk/make-desk.ts';
import { type Desk, deskEnvironment, makeDesk, type ServedAuthority, serveDesk } from './desk.ts';
import { jsonLines, runHere } from './run-here.ts';

const id = 'stm32g0b1';
const [pageBytes, seed] = [2048, 'settings in a gap'];
const vectors = findChip(id).layout.slots[0]!.linkStart;
const gap = vectors + pageBytes;
const code = gap + pageBytes;
const settings = Uint8Array.from({ length: pageBytes }, (_, i) => (i * 7) & 0xff);

const folder = mkdtempSync(join(tmpdir(), 'firmseal-gap-'));
const servers: Server[] = [];
let desk: Desk;
let authority: ServedAuthority;
beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
  authority = await serveDesk(desk);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await authority.stop();
  rmSync(folder, { recursive: true });
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const pattern = (version: number, length: number) => new Uint8Array(length).fill(0x10 + version);

/** Runs in the desk, and expects success. */
async function run(...words: string[]) {
  const outcome = await runHere([...words, '--json'], deskEnvironment, folder);
  expect(outcome.status, `${words[0]}: ${outcome.stderr}`).toBe(0);
  return jsonLines(outcome);
}

/** A version of the application: vectors, a page that is not its own, code. */
async function install(version: number, chip: VirtualChip): Promise<void> {
  const link = await serveLink(chip, 0);
  servers.push(link);
  const image = join(folder, `v${version}.hex`);
  const start = withVectorTable(findChip(id), vectors, pattern(version, 512));
  const pieces = [
    { address: vectors, bytes: start },
    { address: code, bytes: pattern(version, 3000) },
  ];
  writeFileSync(image, writeHex(pieces, {}));
  const sealed = join(folder, `v${version}.seal`);
  const counted = ['--firmware-version', `${version}.0.0`, '--counter', String(version)];
  await run('seal', image, ...counted, '--out', sealed);
  await run('job', 'open', '--package', sealed, '--quota', '1', '--approve');
  const socket = `tcp:127.0.0.1:${portOf(link)}`;
  const journal = join(folder, `v${version}.jsonl`);
  const events = await run('install', sealed, '--socket', socket, '--journal', journal);
  expect(events).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
  expect(chip.judge.flash(code, 3000)).toEqual(pattern(version, 3000));
}

/** The same chip, after its application wrote a page. */
function withSettings(chip: VirtualChip): VirtualChip {
  chip.powerOff();
  const kept = chip.keep();
  const other = createVirtualChip({ chip: id, seed });
  other.powerOn();
  other.debug.connect();
  expect(other.debug.programFlash(gap, settings)).toBe('ok');
  other.powerOff();
  const units = [...kept.units, ...other.keep().units].toSorted((a, b) => a.index - b.index);
  return createVirtualChip({ chip: id, seed, executors: [wasmAgent(nodeCrypto)], kept: { ...kept, units } });
}

it('settings between the pieces of an image are there after the next version', async () => {
  const blank = createVirtualChip({ chip: id, seed, executors: [wasmAgent(nodeCrypto)] });
  const [link, probe] = [await serveLink(blank, 0), await serveProbe(blank, 0)];
  servers.push(link, probe);
  const plan = {
    ...{ product: 'panel', chip: id, url: authority.url },
    sockets: [`tcp:127.0.0.1:${portOf(link)}`],
    ways: [`virtual:127.0.0.1:${portOf(probe)}`],
  };
  writeFileSync(join(folder, deskFileName), JSON.stringify(deskFileFor('desk', plan)));
  await run('personalize', '--level', '2', '--confirm-permanent');
  await install(1, blank);

  const chip = withSettings(blank);
  expect(chip.judge.flash(gap, pageBytes)).toEqual(settings);
  await install(2, chip);
  expect(chip.judge.flash(gap, pageBytes)).toEqual(settings);
  await run('audit');
});
