// Key agreement with a point off the curve, on the machine code of the F427, and one
// instruction left out after the multiplication: the point was let in, or not. What is given
// back must not be taken for a shared secret.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { fsOk } from '@firmseal/virtual-stm32';
import { describe, expect, test } from 'vitest';
import { Checkpoint } from '../../../lab/glitch/checkpoint.ts';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import type { Weakening } from '../toolchain/defences.ts';
import { symbolsOf } from '../toolchain/thumb.ts';
import { machineLine } from './machine-line.ts';
import { pattern } from './trusted-site.ts';

const chipId = 'stm32f427';
const ramBytes = 0x4000;
const room = 0x5000;
const stepsMost = 20_000_000;
/** More than what follows the multiplication takes. */
const restMost = 2_000_000;

/**
 * Results of fs_crypto_ecdh: whole, then with each of its own instructions after the multiplication left out.
 */
function outcomes(without: Weakening, point: Uint8Array): { whole: number; skipped: number[] } {
  const build = mutantBuild({ chip: chipId, without });
  const { chip } = machineLine(chipId, 'key agreement', build);
  const { processor } = chip.machine;
  const { core } = processor;
  const symbols = symbolsOf(build.elf);
  const own = ['fs_crypto_ecdh', 'multiply', 'fs_crypto_p256_check'].flatMap(
    (name) => symbols.get(name) ?? [],
  );
  const isOwn = (pc: number) =>
    own.some(({ address, sizeBytes }) => pc >= (address & ~1) && pc < (address & ~1) + sizeBytes);
  const ram = chip.chip.ram[0]!.addressStart + room;
  const back = core.PC;
  chip.judge.putRam(ram, pattern(32, 1));
  chip.judge.putRam(ram + 64, point);
  core.registers.set([ram, ram + 64, ram + 192]);
  core.registers[14] = back | 1;
  core.PC = symbols.get('fs_crypto_ecdh')!.address & ~1;
  const multiplication = symbols.get('api_mul')!.address & ~1;
  const run = (until: () => boolean, most: number): boolean => {
    for (let left = most; left > 0; left--) {
      if (until()) return true;
      core.executeInstruction();
    }
    return false;
  };
  expect(run(() => core.PC === multiplication, stepsMost)).toBe(true);
  const after = core.LR & ~1;
  expect(run(() => core.PC === after, stepsMost)).toBe(true);
  const here = new Checkpoint(chip, ramBytes);
  const steps: number[] = [];
  for (let step = 0; core.PC !== back && step < restMost; step++) {
    if (isOwn(core.PC)) steps.push(step);
    core.executeInstruction();
  }
  const whole = core.registers[0]! >>> 0;
  const skipped = steps.map((step) => {
    here.restore();
    try {
      for (let i = 0; i < step; i++) core.executeInstruction();
      processor.passOver();
      return run(() => core.PC === back, restMost) ? core.registers[0]! >>> 0 : 0;
    } catch {
      return 0; // a fault
    }
  });
  return { whole, skipped };
}

describe.skipIf(!hasTool('arm-none-eabi-gcc'))('key agreement', () => {
  const good = crypto.p256FromPrivate(pattern(32, 2))!.publicKey;
  const off = good.slice();
  off[64]! ^= 1;

  test('a point off the curve is refused whatever instruction is left out', () => {
    const { whole, skipped } = outcomes({}, off);
    expect(whole).not.toBe(fsOk);
    expect(skipped.length).toBeGreaterThan(20);
    expect(skipped.filter((result) => result === fsOk)).toEqual([]);
  });

  test('where the product is not looked at, one is let through', () => {
    const { whole, skipped } = outcomes({ 'ecdh-product-checked': '' }, off);
    expect(whole).not.toBe(fsOk);
    expect(skipped).toContain(fsOk);
  });
});
