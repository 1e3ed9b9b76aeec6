// A small sample of `npm run lab -- glitch`, and that its judge sees what it looks for: the good image boots;
// nothing bad is taken when nothing is hit; an agent whose signature check always says yes installs what is
// not licensed; an agent without one of its defences is got past.

import { u32le } from '@firmseal/bytes';
import { requestTypes } from '@firmseal/link';
import { fsOk } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, test } from 'vitest';
import { portedChips, targetOf } from '../../device/agent/toolchain/targets.ts';
import { type AgentBuild, buildAgent, symbolsOf } from '../../device/agent/toolchain/thumb.ts';
import { sampled } from '../../tools/test-report/sample.ts';
import { hasTool } from '../../tools/toolchain.ts';
import { Campaign } from './campaign.ts';
import { attackLibrary, parts } from './crypto-sample.ts';
import { disassemble } from './disassembly.ts';
import { mutantBuild } from './mutant-build.ts';
import { mutants } from './mutants.ts';
import { isBad } from './outcome.ts';
import { type Prepared, prepare } from './scenarios.ts';
import { usualChip } from './target.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

/** Every n-th glitch. */
const everyNth = (n: number) => {
  let asked = 0;
  return () => asked++ % n === 0;
};

describe.skipIf(!canBuild)('glitches on the agent in machine code', () => {
  let prepared: Prepared;
  let campaign: Campaign;
  beforeAll(async () => {
    prepared = await prepare();
    campaign = new Campaign(prepared.target);
  });
  const named = (name: string) => prepared.scenarios.find((one) => one.name === name)!;

  test('without a glitch: the good image boots, everything bad is refused', () => {
    expect(prepared.scenarios.length).toBeGreaterThan(25);
    for (const scenario of prepared.scenarios)
      expect([scenario.name, campaign.outcomeOf(scenario)]).toEqual([scenario.name, 'refused']);
    expect(campaign.outcomeOf(prepared.good)).toBe('booted');
  });

  test('the ELF lists the decisions of package, license, policy, counter, record and boot', () => {
    const functions = new Set(prepared.target.code.sites.map((site) => site.function));
    for (const name of ['fs_cose_verify', 'fs_trust_delegate', 'fs_manifest_verify', 'fs_license_accept'])
      expect(functions).toContain(name);
    for (const name of [
      'decide',
      'pass',
      'fs_policy_check_strength',
      'fs_area_check_chip',
      'fs_install_record',
    ])
      expect(functions).toContain(name);
  });

  test.each([
    ['counter rolled back', 100],
    ['license for another device', 100],
    ['last record, flash altered meanwhile', 100],
    ['boot: image altered under boot check 2', 130],
  ])('%s: every %i-th glitch is refused', (name, n) => {
    const { bypasses, skips, flips, skippedAt, outcomes } = campaign.attack(named(name), {
      take: everyNth(n),
    });
    expect(bypasses).toEqual([]);
    expect(skippedAt.size).toBeGreaterThan(20);
    expect(flips).toBeGreaterThan(5);
    const judged = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
    expect(judged).toBe(skips[1] + skips[2] + flips);
    expect(outcomes.get('refused')).toBeGreaterThan(judged / 4);
    expect((outcomes.get('crashed') ?? 0) + (outcomes.get('hung') ?? 0), 'something was hit').toBeGreaterThan(
      0,
    );
  });

  test('inside the tag check of a record', () => {
    const part = parts.find((one) => one.function === 'fs_crypto_gcm_open')!;
    const { steps, skips, outcomes } = attackLibrary(campaign, prepared, part, { every: 100 });
    expect(steps).toBeGreaterThan(100_000);
    expect(skips).toBeGreaterThan(20);
    expect([...outcomes.keys()].filter((outcome) => ['accepted', 'installed'].includes(outcome))).toEqual([]);
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(skips);
  });

  test('inside a signature: none that is faulty leaves, nor one under a nonce that a glitch chose', async () => {
    const there = await prepare(() => {}, buildAgent(targetOf('stm32f427')), ['signings']);
    const part = parts.find((one) => one.function === 'fs_crypto_es256_sign')!;
    const attack = attackLibrary(new Campaign(there.target), there, part, {
      every: sampled(2000, 4000),
      seed: 'sample',
    });
    expect(attack.steps).toBeGreaterThan(1_000_000);
    expect(attack.skips).toBeGreaterThan(2);
    expect(attack.outcomes.get('leaked')).toBeUndefined();
    expect(attack.outcomes.get('refused')).toBeGreaterThan(0);
    expect(attack.oddNonces.filter(({ isKnown }) => isKnown)).toEqual([]);
  });

  test('an identity that a boot overlooked is found before the chip is personalized again', () => {
    const { line, code } = prepared.target;
    line.chip.judge.restore(named('counter rolled back').from);
    line.chip.powerOn();
    const { address, sizeBytes } = code.symbols.get('loaded')!;
    line.chip.judge.putRam(address, new Uint8Array(sizeBytes));
    expect(line.try(requestTypes.receipt, new Uint8Array(0)).status, 'it is overlooked').toBe(
      'not-personalized',
    );
    const begin = named('personalized once more: begin').request!;
    expect(line.try(begin.type, begin.body).status).toBe('already-personalized');
  });

  test('F427: a read of flash ends in no jump, which left out would lead into the code that programs', () => {
    const endOfRead = (build: AgentBuild) => {
      const { address, sizeBytes } = symbolsOf(build.elf).get('fs_port_flash_read')!;
      const after = (address & ~1) + sizeBytes;
      return disassemble(build.elf).instructions.findLast((one) => one.address < after)!.mnemonic;
    };
    const without = mutantBuild({ chip: 'stm32f427', without: { 'flash-read-is-a-call': '' } });
    expect(endOfRead(without)).toBe('b');
    expect(endOfRead(buildAgent(targetOf('stm32f427')))).not.toBe('b');
  });

  test.each(['record: its hash is looked at once', 'agent update: one pass'])(
    'an agent with one defence less is got past: %s',
    async (name) => {
      const mutant = mutants.find((one) => one.name === name)!;
      const { target, scenarios } = await prepare(() => {}, mutantBuild(mutant), ['requests']);
      const { own } = target.code;
      const near = own.filter((range) =>
        ['check_hash', 'fs_record_take', 'pass', 'fs_license_accept', 'check_proof'].includes(range.name),
      );
      const { bypasses } = new Campaign(target).attack(
        scenarios.find((one) => one.name === mutant.scenarios[0])!,
        {
          unconfirmed: true,
          take: ({ address, length }) =>
            length === 1 && near.some(({ start, end }) => address >= start && address < end),
        },
      );
      expect(bypasses.filter(({ again }) => isBad(again))).not.toEqual([]);
    },
  );

  test.each(sampled(portedChips(), ['stm32h743']).filter((id) => id !== usualChip))(
    '%s: the port is attacked as well',
    async (id) => {
      const there = await prepare(() => {}, buildAgent(targetOf(id)), ['requests']);
      const attacks = new Campaign(there.target);
      expect(attacks.outcomeOf(there.good)).toBe('booted');
      const names = prepared.scenarios.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(there.scenarios.map(({ name }) => name)));
      for (const name of ['boot: good, entered elsewhere', 'record with wrong hash']) {
        const scenario = there.scenarios.find((one) => one.name === name)!;
        const { bypasses, skips } = attacks.attack(scenario, { take: everyNth(60) });
        expect(bypasses).toEqual([]);
        expect(skips[1]).toBeGreaterThan(15);
      }
    },
  );

  test('an agent that takes every signature does not even start: the anchor puts the other copy back', async () => {
    const weak = await prepare(
      (target) => {
        const start = target.code.symbols.get('fs_cose_verify')!.address & ~1;
        // nop when needed; ldr r0, [pc]; bx lr; FS_OK
        const yes = [0x00, 0x48, 0x70, 0x47, ...u32le(fsOk)];
        target.alterFlash(start, Uint8Array.from(start % 4 === 0 ? yes : [0xc0, 0x46, ...yes]));
        target.line.chip.powerOff();
        target.line.chip.powerOn();
      },
      undefined,
      ['requests'],
    );
    const scenario = weak.scenarios.find(({ name }) => name === 'license signature altered')!;
    expect(new Campaign(weak.target).outcomeOf(scenario)).toBe('refused');
  });
});
