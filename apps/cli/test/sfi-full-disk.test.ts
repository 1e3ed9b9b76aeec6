// The books of `firmseal sfi install` on a disk that is full: the command ends and says so
// before the card of the stand-in is asked for a license, and the same command ends the work
// once there is room, with one license.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freshChip, freshWorld } from '../../../lab/st-tools/fresh.ts';
import type { World } from '../../../lab/st-tools/world.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { canMount, ownMounts } from './own-mounts.ts';
import { mainFile } from './run-process.ts';
import { installWords, makeSfiStation } from './sfi-station.ts';

const cache = mkdtempSync(join(tmpdir(), 'firmseal-sfi-cache-'));
afterAll(() => rmSync(cache, { recursive: true }));

/** Each size fills up at another file. */
const sizes = sampled([4, 12, 20, 28, 36, 64], [28]).map((diskKiB) => ({ diskKiB }));

it.for(sizes)('a disk of $diskKiB KiB', { timeout: 120_000 }, async ({ diskKiB }, context) => {
  if (!canMount) return context.skip('this machine allows no mounts');
  const station = makeSfiStation(freshWorld([freshChip('u5')]), cache);
  const { at, world } = station;
  try {
    mkdirSync(at('books'));
    const command = [process.execPath, mainFile, ...installWords(station)].join(' ');
    const script = [
      `mount -t tmpfs -o size=${diskKiB}k none ${at('books')}`,
      `${command} > ${at('out1')} 2>&1; echo $? > ${at('code1')}; cp ${at('world.json')} ${at('world1.json')}`,
      `mount -o remount,size=16m ${at('books')}`,
      `${command} > ${at('out2')} 2>&1; echo $? > ${at('code2')}`,
    ].join('\n');
    const child = spawn(ownMounts[0]!, [...ownMounts.slice(1), 'sh', '-c', script], { stdio: 'inherit' });
    await once(child, 'exit');
    const read = (name: string) => readFileSync(at(name), 'utf8');
    expect(read('out1')).toMatch(/the disk is full|ENOSPC/);
    expect((JSON.parse(read('world1.json')) as World).card.counter).toBe(10);
    expect([read('code2').trim(), read('out2')]).toEqual(['25', expect.stringContaining('DONE-UNPROVEN')]);
    expect(world().card.counter).toBe(9);
  } finally {
    station.remove();
  }
});
