// Sold boards taken over by the commands: `adopt build` makes an image, the board's own bootloader writes and
// starts it, the agent gets its identity over the link, and a sealed install follows. In a sample the host
// computes the cryptography of the chips, and one way to an identity is taken.

import { readFileSync, writeFileSync } from 'node:fs';
import { findChip, readoutLevel } from '@firmseal/chips';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildShipping } from '../../../device/agent/build-shipping.ts';
import {
  adopt,
  buildOldPrograms,
  type OldPrograms,
  type SoldAt,
  soldBoards,
  soldChip,
  startsAnchor,
} from '../../../device/agent/test/sold-board.ts';
import { copyKit } from '../../../device/sdk/test/build-example.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { Chain } from './chain.ts';
import { jsonLines } from './run-here.ts';

const canBuild = hasTool('arm-none-eabi-gcc') && hasTool('cmake');
const chain = new Chain();
const old = new Map<string, OldPrograms>();

beforeAll(async () => {
  if (!canBuild) return;
  buildShipping({ only: soldBoards.map(({ chip }) => chip.id) });
  await chain.begin();
  const kit = copyKit(chain.at(''));
  for (const at of soldBoards) old.set(at.chip.id, buildOldPrograms(kit, at));
});
afterAll(() => chain.end());

const range = ({ addressStart, length }: { addressStart: number; length: number }): string =>
  `0x${addressStart.toString(16)}..0x${(addressStart + length - 1).toString(16)}`;

/** The words that say where the board has what; the bootloader's trailer takes the last 32 bytes. */
const wordsOf = ({ chip, bootloader, application }: SoldAt): string[] => [
  ...['--chip', chip.id, '--bootloader', range(bootloader)],
  ...['--place', range({ ...application, length: application.length - 32 })],
];

const build = (at: SoldAt, out: string, ...more: string[]) =>
  chain.try(
    ...['adopt', 'build', ...wordsOf(at), '--product', 'panel', '--root-key', chain.at('root.key.pub')],
    ...['--out', out, ...more],
  );

/** Identity, install and audit of a chip that its bootloader gave to the agent. */
async function goOn(chip: VirtualChip, identity: readonly string[], accept: string): Promise<number> {
  const { id } = chip.chip;
  const plug = await chain.plugIn(chip);
  await chain.run(
    ...['personalize', '--chip', id, '--product', 'panel', '--root-key', chain.at('root.key.pub')],
    ...['--device-ca', chain.at('ca.key'), '--via', 'written', '--socket', plug.socket, ...identity],
  );
  expect(readoutLevel(findChip(id), chip.judge.optionsLoaded)).toBe(2);
  const sealed = chain.at(`${id}.seal`);
  await chain.run(...chain.sealWords(id, sealed));
  const order = await chain.openJob(sealed, id, '--accept', accept);
  const installed = await chain.try('install', ...chain.lineWords(order, plug), '--json');
  expect(jsonLines(installed)).toContainEqual(expect.objectContaining({ outcome: accept.toLowerCase() }));
  await chain.audit();
  return installed.status;
}

describe.skipIf(!canBuild)('a sold board', () => {
  const [f427, h743] = soldBoards as [SoldAt, SoldAt];

  it('H743: by its bootloader, identity unwitnessed, then a sealed install', async () => {
    const image = chain.at('h743.bin');
    expect((await build(h743, image)).status).toBe(0);
    const chip = soldChip(h743, old.get(h743.chip.id)!);
    adopt(chip, h743, 'bootloader', Uint8Array.from(readFileSync(image)));
    expect(startsAnchor(chip)).toBe(true);
    const words = ['--unwitnessed', '--confirm-permanent', '--never-tried-on-silicon'];
    expect(await goOn(chip, words, 'UNWITNESSED')).toBe(23);
  });

  it('F427: by its bootloader, with a secret in the image and level 2 in the same write, then a sealed install', async () => {
    const image = chain.at('f427.bin');
    expect((await build(f427, image, '--enrol', '2', '--confirm-permanent')).status).toBe(0);
    const chip = soldChip(f427, old.get(f427.chip.id)!);
    adopt(chip, f427, 'bootloader', Uint8Array.from(readFileSync(chain.at('f427-0002.bin'))));
    expect(startsAnchor(chip)).toBe(true);
    expect(await goOn(chip, ['--enrolment-list', `${image}.enrolment.csv`], 'ENROLLED')).toBe(22);
    expect(readFileSync(`${image}.enrolment.csv.used`, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('is not built with secrets unless level 2 is confirmed', async () => {
    const outcome = await build(f427, chain.at('open.bin'), '--enrol', '1');
    expect(outcome.stderr).toContain('permanent-unconfirmed');
  });

  it('of a list: the plan says of each whether it must come back, and why', async () => {
    const list = chain.at('sold.csv');
    writeFileSync(
      list,
      [
        'board,chip,level,bootloader,place,application,options',
        'new,stm32h743,0,0x08000000..0x0801FFFF,0x08020000..0x0803FFFF,,',
        'locked,stm32h743,2,0x08000000..0x0801FFFF,0x08020000..0x0803FFFF,,',
        'swapped,stm32h743,0,0x08000000..0x0801FFFF,0x08020000..0x0803FFFF,,SWAP_BANK_OPT=1',
        'small,stm32f405,1,0x08000000..0x08007FFF,0x08020000..0x0803FFFF,,',
      ].join('\n'),
    );
    const outcome = await chain.try('adopt', 'plan', '--boards', list, '--json');
    expect(outcome.stderr).toContain('adoption-impossible');
    const plans = jsonLines(outcome).filter((one) => 'board' in one);
    expect(plans.map((one) => [one['board'], one['possible']])).toEqual([
      ['new', true],
      ['locked', false],
      ['swapped', false],
      ['small', false],
    ]);
    const told = await chain.try('adopt', 'plan', '--boards', list);
    expect(told.stdout).toContain('new: an update can take it over');
    expect(told.stdout).toContain('Its chip must be replaced.');
  });
});
