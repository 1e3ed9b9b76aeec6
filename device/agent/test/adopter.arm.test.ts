// The adopter alone: which chips have one, and that it touches nothing when its plan is damaged, made for
// another chip, or for option bytes that the board does not have. The old application starts again then.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, u32le } from '@firmseal/bytes';
import { adoptableByUpdate, chipIds, findChip } from '@firmseal/chips';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { copyKit } from '../../sdk/test/build-example.ts';
import { adopterChips, adopterCode } from '../toolchain/adopter.ts';
import {
  adopt,
  adoptionFor,
  buildOldPrograms,
  heard,
  type OldPrograms,
  soldBoards,
  soldChip,
} from './sold-board.ts';

const canBuild = hasTool('arm-none-eabi-gcc') && hasTool('cmake');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-adopter-'));
afterAll(() => rmSync(folder, { recursive: true }));

const at = soldBoards.find(({ chip }) => chip.id === 'stm32h743')!;
let old: OldPrograms;
beforeAll(() => {
  if (canBuild) old = buildOldPrograms(copyKit(folder), at);
});

test('every chip that a plan may call adoptable has an adopter, and a board in the tests', () => {
  const adoptable = chipIds().filter((id) => adoptableByUpdate(findChip(id)));
  expect([...adopterChips()].sort()).toEqual([...adoptable].sort());
  expect(soldBoards.map(({ chip }) => chip.id).sort()).toEqual([...adoptable].sort());
});

/** The plan's head, from the magic on, and its sum made again. */
function changed(change: (plan: DataView) => void): Uint8Array {
  const image = adoptionFor(at, 'application');
  const start = adopterCode(at.chip.id).length;
  const plan = new DataView(image.buffer, start);
  change(plan);
  return image;
}

const withSum = (plan: DataView): void => {
  const covered = new Uint8Array(plan.buffer, plan.byteOffset + 24, plan.getUint32(8, true) - 24);
  new Uint8Array(plan.buffer, plan.byteOffset + 20, 4).set(u32le(crc32(covered)));
};

describe.skipIf(!canBuild)('an adopter', () => {
  const refused: Readonly<Record<string, (plan: DataView) => void>> = {
    'a damaged plan': (plan) => plan.setUint8(5000, plan.getUint8(5000) ^ 1),
    'a plan for another chip': (plan) => plan.setUint32(12, 1, true),
    'a plan for more flash': (plan) => {
      plan.setUint32(32 + 24, plan.getUint32(32 + 24, true) * 2, true);
      withSum(plan);
    },
  };
  test.each(Object.entries(refused))('with %s writes nothing', (_, change) => {
    const chip = soldChip(at, old);
    const seen: string[] = [];
    chip.power.onOperation = ({ kind, address }) => {
      const isSpare = address >= at.spare.addressStart && address < at.spare.addressStart + at.spare.length;
      if (!isSpare) seen.push(`${kind} 0x${address.toString(16)}`);
    };
    adopt(chip, at, 'application', changed(change));
    chip.powerOff();
    expect(heard(chip, () => chip.powerOn())).toBe('old application\r\n');
    expect(seen).toEqual([]);
  });
});
