// A small sample of `npm run lab -- glitch --anchor`: agents that must not run are refused, by a glitch too;
// an anchor that makes one of its two passes is got past.

import { describe, expect, test } from 'vitest';
import { hasTool } from '../../tools/toolchain.ts';
import { prepareAnchor } from './anchor-scenarios.ts';
import { Campaign } from './campaign.ts';
import { mutantBuild } from './mutant-build.ts';
import { mutants } from './mutants.ts';
import { usualChip } from './target.ts';

/** Every n-th glitch. */
const everyNth = (n: number) => {
  let asked = 0;
  return () => asked++ % n === 0;
};

describe.skipIf(!hasTool('arm-none-eabi-gcc'))('glitches on the anchor in machine code', () => {
  test('a good agent starts; what must not run is refused, and with every 307th glitch', async () => {
    const { target, scenarios, good } = await prepareAnchor();
    const campaign = new Campaign(target);
    expect(campaign.outcomeOf(good)).toBe('booted');
    expect(scenarios.length).toBe(9);
    for (const scenario of scenarios) {
      const { bypasses, skips } = campaign.attack(scenario, { take: everyNth(307) });
      expect([scenario.name, bypasses]).toEqual([scenario.name, []]);
      expect(skips[1] + skips[2]).toBeGreaterThan(10);
    }
  });

  test('an anchor that makes one pass is got past', async () => {
    const mutant = mutants.find(({ name }) => name === 'anchor: one pass')!;
    const { target, scenarios } = await prepareAnchor(usualChip, mutantBuild(mutant));
    const functions = ['pass', 'check_header', 'check_proof', 'fs_cose_verify', 'fs_agent_floor'];
    const near = target.code.own.filter(({ name }) => functions.includes(name));
    for (const name of mutant.scenarios) {
      const { bypasses } = new Campaign(target).attack(scenarios.find((one) => one.name === name)!, {
        ...{ unconfirmed: true, untilBypass: true },
        take: ({ address, length }) =>
          length === 1 && near.some(({ start, end }) => address >= start && address < end),
      });
      expect([name, bypasses.some(({ again }) => again === 'booted')]).toEqual([name, true]);
    }
  });
});
