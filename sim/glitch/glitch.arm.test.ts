// A small sample of sim:glitch, and that its judge sees what it looks for: the good image boots, nothing bad is taken when
// nothing is hit, an agent whose signature check always says yes installs what is not licensed.

import { beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from '../../tools/toolchain.ts';
import { Campaign } from './campaign.ts';
import { prepare } from './scenarios.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

describe.skipIf(!canBuild)('glitches on the agent in machine code', () => {
  let prepared: Awaited<ReturnType<typeof prepare>>;
  let campaign: Campaign;
  beforeAll(async () => {
    prepared = await prepare();
    campaign = new Campaign(prepared.target);
  });
  const named = (name: string) => prepared.scenarios.find((one) => one.name === name)!;

  test('without a glitch: the good image boots, everything bad is refused', () => {
    expect(prepared.scenarios).toHaveLength(12);
    for (const scenario of prepared.scenarios)
      expect([scenario.name, campaign.outcomeOf(scenario)]).toEqual([scenario.name, 'refused']);
    const good = { name: 'good', from: prepared.good, before: [], after: [] };
    expect(campaign.outcomeOf(good)).toBe('booted');
  });

  test('every decision that a license goes through has instructions that are left out', () => {
    const { target } = prepared;
    const scenario = named('license signature altered');
    const addresses = campaign.glitchesOf(scenario).glitches.map(({ address }) => address);
    const functions = new Set(addresses.map((address) => campaign.functionAt(address)));
    for (const name of [
      'fs_cose_verify',
      'fs_delegation_verify',
      'fs_license_accept',
      'fs_install_license',
    ]) {
      expect(target.code.deciding).toContain(name);
      expect(functions).toContain(name);
    }
    let number = 0;
    const report = campaign.attack(
      scenario,
      ({ address }) => campaign.functionAt(address) === 'fs_cose_verify' && number++ % 4 === 0,
    );
    expect(report.runs).toBeGreaterThan(10);
    expect([...report.outcomes.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(
      report.runs,
    );
  });

  test('an agent that takes every signature is found out', async () => {
    const weak = await prepare((target) => {
      const start = target.code.symbols.get('fs_cose_verify')!.address & ~1;
      // nop when needed; ldr r0, [pc]; bx lr; FS_OK
      const yes = [0x00, 0x48, 0x70, 0x47, 0x3c, 0xc3, 0xa5, 0x5a];
      target.alterFlash(start, Uint8Array.from(start % 4 === 0 ? yes : [0xc0, 0x46, ...yes]));
      target.line.chip.powerOff();
      target.line.chip.powerOn();
    });
    const scenario = weak.scenarios.find(({ name }) => name === 'license signature altered')!;
    expect(new Campaign(weak.target).outcomeOf(scenario)).toBe('installed');
  });
});
