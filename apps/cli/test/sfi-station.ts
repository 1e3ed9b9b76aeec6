// A station for tests of `firmseal sfi`: a folder with an image, option bytes, and the stand-in for ST's
// tools as programs that can be started. The stand-in is not ST's software (lab/st-tools/README.md).

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSfi } from '@firmseal/sfi/testing';
import type { World } from '../../../lab/st-tools/world.ts';
import { runHere } from './run-here.ts';

const standIn = fileURLToPath(new URL('../../../lab/st-tools/process.ts', import.meta.url));

export interface SfiStation {
  readonly folder: string;
  at(name: string): string;
  world(): World;
  /** What a command line of firmseal printed, with the folder's name taken out. */
  run(...words: readonly string[]): Promise<{ status: number; text: string; stdout: string }>;
  remove(): void;
}

/** `cache`: a folder in which Node keeps what it compiled of the stand-in, which starts often. */
export function makeSfiStation(world: World, cache: string): SfiStation {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-sfi-'));
  const at = (name: string) => join(folder, name);
  writeFileSync(at('world.json'), JSON.stringify(world));
  for (const tool of ['programmer', 'flasher']) {
    const script = [
      '#!/bin/sh',
      `NODE_COMPILE_CACHE='${cache}' FIRMSEAL_ST_STAND_IN='${at('world.json')}' exec '${process.execPath}' '${standIn}' ${tool} "$@"`,
      '',
    ];
    writeFileSync(at(tool), script.join('\n'));
    chmodSync(at(tool), 0o755);
  }
  writeFileSync(
    at('panel.sfi'),
    writeSfi([
      { type: 'F', payload: new Uint8Array(0x800).fill(1), destinationAddress: 0x08000000 },
      { type: 'F', payload: new Uint8Array(0x400).fill(2), destinationAddress: 0x08008000 },
      { type: 'C', payload: new Uint8Array(48).fill(3) },
    ]),
  );
  writeFileSync(at('enc_signed_RSSe_SFI_STM32U5.bin'), 'stand-in');
  writeFileSync(at('options.csv'), 'OPTR,0x1FEFF0BB\nSECWM1R1,0xFF80FFFF\n');
  return {
    folder,
    at,
    world: () => JSON.parse(readFileSync(at('world.json'), 'utf8')) as World,
    run: async (...words) => {
      const { status, stdout, stderr } = await runHere(words, {}, folder);
      return { status, stdout, text: `${stdout}${stderr}`.replaceAll(`${folder}/`, '') };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The words of an install on the one chip of the station. */
export const installWords = ({ at }: SfiStation, ...more: readonly string[]): string[] => [
  ...['sfi', 'install', at('panel.sfi'), '--chip', 'stm32u575', '--via', 'swd', '--license', 'slot=1'],
  ...[
    '--rsse',
    at('enc_signed_RSSe_SFI_STM32U5.bin'),
    '--option-bytes',
    at('options.csv'),
    '--books',
    at('books'),
  ],
  ...['--tool', at('programmer'), ...more],
];
