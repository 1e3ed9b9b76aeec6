// An application at level 2 that erases and overwrites one erase unit after the other, its own among them.
// Anchor, agent and application are machine code. After each unit the chip has the same identity and takes a
// sealed install. `npm run lab -- suites` takes every unit of the map of F427, and 34 of G0B1. The last
// test is the one end: an identity that was made after level 2, and both of its copies gone.

import { encodeCbor } from '@firmseal/cbor-cose';
import { type Chip, type EraseUnit, eraseUnitsOf, finalOptions, findChip } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { isWhole, sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { agentSlot } from '../toolchain/shipped-image.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { type ErasingChip, erasingApplication, leftBehind } from './erasing-application.ts';
import { enterAgent, recover } from './hostile-application.ts';
import type { Line } from './line.ts';
import { isLoader, loadAgent } from './loader-line.ts';
import { personalizeMachine } from './machine-line.ts';
import { makePackage } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const unwrapsOfAll = 4096;

function packageOf(chip: Chip, units: readonly EraseUnit[], securityCounter: number) {
  const slot = chip.layout.slots.find(({ handover }) => handover === 'jump')!;
  const program = erasingApplication(chip.id as ErasingChip, slot.linkStart, units, { writes: true });
  const area = { kind: 'firmware', address: slot.storeStart, lengthBytes: program.length } as const;
  const core = { entry: slot.storeStart, chips: [chip.id], leastReadoutLevel: 2 as const, securityCounter };
  return makePackage(chip.id, { core, areas: [{ area, plaintext: program }] });
}

const isAnchors = ({ layout: { anchor, anchorData } }: Chip, { addressStart }: EraseUnit): boolean =>
  [anchor, anchorData].some(
    (one) => addressStart >= one.addressStart && addressStart < one.addressStart + one.length,
  );

/** The application runs once, and is seen to have done it; then the agent is asked for. */
function letRun(line: Line, units: readonly EraseUnit[]): void {
  const { chip, judge } = line.chip;
  const before = units.map(({ addressStart, sizeBytes }) => judge.flash(addressStart, sizeBytes).slice());
  line.chip.reset();
  for (const [i, unit] of units.entries()) {
    const now = judge.flash(unit.addressStart, unit.sizeBytes);
    if (isAnchors(chip, unit)) expect(now).toEqual(before[i]);
    else {
      expect([unit.addressStart, now.subarray(0, 32)]).toEqual([unit.addressStart, leftBehind]);
      expect(now.subarray(32).every((byte) => byte === 0xff)).toBe(true);
    }
  }
  enterAgent(line);
}

/** For `npm test`: the unit of the application itself, and one that it cannot reach. */
function someUnits(chip: Chip): readonly EraseUnit[] {
  const slot = chip.layout.slots.find(({ handover }) => handover === 'jump')!;
  return [slot.storeStart, chip.layout.anchorData.addressStart].map(
    (addressStart) => eraseUnitsOf(chip, { addressStart, length: 1 })[0]!,
  );
}

/** Every unit; of a map of hundreds those of the agent's parts at both ends, and every sixteenth. */
function wholeMap(chip: Chip): readonly EraseUnit[] {
  const { layout, flash } = chip;
  if (flash.eraseUnits.length < 64) return flash.eraseUnits;
  const { anchor, anchorData, agent, agentCopy, identity, identityCopy } = layout;
  const journal = layout.journal.flatMap(({ eraseUnits }) => eraseUnits);
  const ends = [anchor, anchorData, agent, agentCopy, identity, identityCopy].flatMap((range) => {
    const units = eraseUnitsOf(chip, range);
    return [units[0]!, units.at(-1)!];
  });
  const all = [...ends, ...journal, ...flash.eraseUnits.filter(({ index }) => index % 16 === 0)];
  return [...new Set([...all, ...someUnits(chip)])].sort((a, b) => a.index - b.index);
}

describe.skipIf(!canBuild).each(sampled(['stm32f427', 'stm32g0b1'] as const, ['stm32f427'] as const))(
  '%s, at level 2',
  (id) => {
    test('after each unit that an application erased and wrote, a sealed install succeeds', async () => {
      const chip = findChip(id);
      const line = quickMachineLine(id, 'reached units', buildAgent(targetOf(id)));
      await personalizeMachine(line, 2);
      const { thumbprint } = line.hello();
      const units = isWhole ? wholeMap(chip) : someUnits(chip);
      const recovered: number[] = [];
      let securityCounter = 1;
      for (const unit of units) {
        const receipt = await line.install(await packageOf(chip, [unit], securityCounter));
        expect(receipt).toMatchObject({ result: 'installed', securityCounter, unprotected: false });
        letRun(line, [unit]);
        const hello = line.hello();
        expect([unit.addressStart, hello.thumbprint]).toEqual([unit.addressStart, thumbprint]);
        if (hello.lifeCycle === 'recovery-needed') {
          recovered.push(unit.addressStart);
          const floors = { securityCounter, unwraps: unwrapsOfAll };
          expect((await recover(line, floors)).status).toBe(0);
        }
        securityCounter++;
      }
      await line.install(await packageOf(chip, [], securityCounter));
      // A part of the journal that was needed asks for the owner's word; nothing else does.
      const journal = chip.layout.journal.flatMap(({ eraseUnits }) =>
        eraseUnits.map((one) => one.addressStart),
      );
      expect(journal).toEqual(expect.arrayContaining(recovered));
    });
  },
);

describe.skipIf(!canBuild)('stm32f427, whose identity was made after level 2', () => {
  const chip = findChip('stm32f427');
  const { identity, identityCopy } = chip.layout;

  test('both copies gone, and both agents with them: a loaded agent says that it has no identity', async () => {
    const build = buildAgent(targetOf(chip.id));
    const line = quickMachineLine(chip.id, 'identity of level 2', build);
    const protect = finalOptions(chip, 2).map(({ register, mask, value }) => [register, mask, value]);
    line.request(0x12, encodeCbor(protect));
    await personalizeMachine(line, 2);
    const { thumbprint } = line.hello();
    const copies = [identity, identityCopy].flatMap((range) => eraseUnitsOf(chip, range));
    await line.install(await packageOf(chip, [copies[0]!], 1));
    letRun(line, [copies[0]!]);
    expect(line.hello(), 'one copy is made again').toMatchObject({ thumbprint, lifeCycle: 'installed' });
    await line.install(await packageOf(chip, copies, 2));
    letRun(line, copies);
    expect(isLoader(line)).toBe(true);
    loadAgent(line, agentSlot(build.elf, chip).bytes);
    expect(line.try(0x02, new Uint8Array(32)).status).toBe('not-personalized');
    expect(line.try(0x20, new Uint8Array(0)).status).toBe('not-personalized');
    expect(line.chip.judge.readoutLevel).toBe(2);
    await personalizeMachine(line, 2);
    expect(line.hello().thumbprint, 'another device').not.toEqual(thumbprint);
  });
});
