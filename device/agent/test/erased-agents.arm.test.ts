// An application that erases what it can reach, at level 2, all of it machine code: anchor,
// agent, application. What the anchor puts back, and what is loaded where both agents are gone;
// then a sealed install succeeds.

import { type Chip, eraseUnitsOf, findChip, type Range } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { agentSlot } from '../toolchain/shipped-image.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { type ErasingChip, erasingApplication } from './erasing-application.ts';
import { enterAgent } from './hostile-application.ts';
import { isLoader, loadAgent } from './loader-line.ts';
import { personalizeMachine } from './machine-line.ts';
import { makePackage } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

const slotsOf = ({ layout: { agent, agentCopy } }: Chip): readonly [Range, Range] => [
  agent,
  { addressStart: agentCopy.addressStart, length: agent.length },
];

/** An application that erases those ranges when it starts. */
function packageOf(chip: Chip, ranges: readonly Range[], securityCounter: number) {
  const slot = chip.layout.slots.find(({ handover }) => handover === 'jump')!;
  const units = ranges.flatMap((range) => eraseUnitsOf(chip, range));
  const program = erasingApplication(chip.id as ErasingChip, slot.linkStart, units);
  const area = { kind: 'firmware', address: slot.storeStart, lengthBytes: program.length } as const;
  const core = { entry: slot.storeStart, chips: [chip.id], leastReadoutLevel: 2 as const, securityCounter };
  return makePackage(chip.id, { core, areas: [{ area, plaintext: program }] });
}

describe.skipIf(!canBuild).each(['stm32f427', 'stm32g0b1'] as const)('%s, at level 2', (id) => {
  const chip = findChip(id);
  const [a, b] = slotsOf(chip);
  const cases: readonly (readonly [string, readonly Range[]])[] = [
    ['slot A', [a]],
    ['slot B', [b]],
    ['both slots', [a, b]],
  ];
  test.each(sampled(cases, id === 'stm32f427' ? cases.slice(2) : cases.slice(0, 1)))(
    'an application erases %s, and a sealed install succeeds afterwards',
    async (_, ranges) => {
      const build = buildAgent(targetOf(id));
      const line = quickMachineLine(id, 'erased agents', build);
      await personalizeMachine(line, 2);
      const { layout } = chip;
      await line.install(await packageOf(chip, [...ranges, layout.anchor, layout.anchorData], 5));
      const { thumbprint } = line.device!;
      const anchor = line.chip.judge.flash(layout.anchor.addressStart, layout.anchor.length);
      line.chip.reset(); // the application runs
      for (const { addressStart } of ranges)
        expect(line.chip.judge.flash(addressStart, 1024).every((byte) => byte === 0xff)).toBe(true);
      expect(line.chip.judge.flash(layout.anchor.addressStart, layout.anchor.length)).toEqual(anchor);
      enterAgent(line);
      if (ranges.length === 2) {
        expect(isLoader(line)).toBe(true);
        loadAgent(line, agentSlot(build.elf, chip).bytes);
      }
      for (const { addressStart } of [a, b])
        expect(line.chip.judge.flash(addressStart + 1024, 4096)).toEqual(
          agentSlot(build.elf, chip).bytes.subarray(1024, 5120),
        );
      const receipt = await line.install(await packageOf(chip, [], 6));
      expect(receipt).toMatchObject({ result: 'installed', securityCounter: 6, unprotected: false });
      expect(line.device!.thumbprint).toEqual(thumbprint);
    },
  );
});
