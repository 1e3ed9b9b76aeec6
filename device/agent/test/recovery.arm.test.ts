// What the EEPROM emulation of many an application does on an STM32F427: it erases sectors 2 and 3, which
// hold the agent's journal. Agent and application are machine code, the chip is at level 2. Afterwards the
// owner's statement and a sealed install bring the chip back.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { describe, expect, test } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool, runTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { enterAgent, recover } from './hostile-application.ts';
import { personalizeMachine } from './machine-line.ts';
import { makePackage } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const linkStart = 0x0800_0000;

/** Linked at the start of flash: erases two sectors by the registers of RM0090 3.9, and stays. */
function eepromEmulation(sectors: readonly number[]): Bytes {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-eeprom-'));
  try {
    const erase = (sector: number) => `
  ldr r1, =${0x0201 | (sector << 3) | 0x2}
  bl erase`;
    writeFileSync(
      join(folder, 'application.S'),
      `.syntax unified
.cpu cortex-m0plus
.thumb
.word 0x20001000, start + 1
.fill 126, 4, 0
start:
  ldr r0, =0x40023c00
  ldr r1, =0x45670123
  str r1, [r0, #4]
  ldr r1, =0xcdef89ab
  str r1, [r0, #4]
${sectors.map(erase).join('')}
stay: b stay
erase:
  ldr r2, =0xfffffffe
  ands r1, r2
  str r1, [r0, #0x10]
  ldr r2, =0x10000
  orrs r1, r2
  str r1, [r0, #0x10]
1: ldr r1, [r0, #0xc]
  lsrs r1, #17
  bcs 1b
  bx lr
.pool
`,
    );
    const flags = ['-mcpu=cortex-m0plus', '-mthumb', '-nostdlib', '-Wl,-n', '-Wl,-e,0'];
    runTool(
      'arm-none-eabi-gcc',
      [...flags, `-Wl,-Ttext=0x${linkStart.toString(16)}`, 'application.S', '-o', 'application.elf'],
      folder,
    );
    const [segment] = readImage(readFileSync(join(folder, 'application.elf'))).segments;
    const padded = new Uint8Array(Math.ceil(segment!.bytes.length / 32) * 32).fill(0xff);
    padded.set(segment!.bytes);
    return padded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!canBuild)('an application at the start of flash of an STM32F427, at level 2', () => {
  test('erases the journal, and the chip comes back by a statement and a sealed install', async () => {
    const build = buildAgent(targetOf('stm32f427'));
    const line = quickMachineLine('stm32f427', 'eeprom emulation', build);
    await personalizeMachine(line, 2);
    const { layout } = findChip('stm32f427');
    const slot = layout.slots.find((one) => one.handover === 'swap-banks')!;
    const sealedFor = (sectors: readonly number[], securityCounter: number) => {
      const program = eepromEmulation(sectors);
      const area = { kind: 'firmware', address: slot.storeStart, lengthBytes: program.length } as const;
      const core = { entry: slot.storeStart, leastReadoutLevel: 2 as const, securityCounter };
      return makePackage('stm32f427', { core, areas: [{ area, plaintext: program }] });
    };
    const receipt = await line.install(await sealedFor([2, 3], 5));
    expect(receipt).toMatchObject({ result: 'installed', unprotected: false });

    line.chip.reset(); // the application runs
    for (const { addressStart, sizeBytes } of layout.journal)
      expect(line.chip.judge.flash(addressStart, sizeBytes).every((byte) => byte === 0xff)).toBe(true);
    enterAgent(line);
    expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed', readoutLevel: 2 });
    expect(line.try(0x20, new Uint8Array(0)).status).toBe('recovery-needed');

    expect((await recover(line, { securityCounter: 4, unwraps: 32 })).status).toBe('recovery-floor-low');
    expect((await recover(line, { securityCounter: 6, unwraps: 32 })).status).toBe(0);
    expect(line.hello()).toMatchObject({ lifeCycle: 'erased', securityCounter: 6 });
    const again = await line.install(await sealedFor([], 6));
    expect(again).toMatchObject({ result: 'installed', securityCounter: 6, unprotected: false });
    line.chip.reset();
    expect(line.chip.machine.processor.core.VTOR).toBe(linkStart);
  });
});

// The driver of the one-time memory on the chips whose flash has an error correcting code.
describe.skipIf(!canBuild).each(sampled(['stm32g0b1', 'stm32u575'], ['stm32g0b1']))(
  'a lost journal on %s, in machine code',
  (id) => {
    test('is made again, and not below the counter that was installed', async () => {
      const build = buildAgent(targetOf(id));
      const line = quickMachineLine(id, 'lost journal', build);
      await personalizeMachine(line, 0);
      const { layout } = findChip(id);
      const [slot] = layout.slots;
      const program = new Uint8Array(64).fill(0xfe); // it does not run here
      new DataView(program.buffer).setUint32(0, 0x20001000, true);
      new DataView(program.buffer).setUint32(4, slot!.linkStart + 9, true);
      const area = { kind: 'firmware', address: slot!.storeStart, lengthBytes: program.length } as const;
      const core = {
        entry: slot!.storeStart,
        chips: [id],
        leastReadoutLevel: 0 as const,
        securityCounter: 5,
      };
      const sealed = await makePackage('stm32f427', { core, areas: [{ area, plaintext: program }] });
      await line.install(sealed);
      const before = line.info().get(11) as number;
      expect(before).toBeLessThan(findChip(id).otp!.length / 16);

      const { debug } = line.chip;
      debug.connect();
      for (const { eraseUnits } of layout.journal)
        for (const { addressStart } of eraseUnits) expect(debug.eraseUnit(addressStart)).toBe('ok');
      line.chip.powerOff();
      line.chip.powerOn();
      expect(line.hello()).toMatchObject({ lifeCycle: 'recovery-needed' });
      expect((await recover(line, { securityCounter: 4, unwraps: 32 })).status).toBe('recovery-floor-low');
      expect((await recover(line, { securityCounter: 5, unwraps: 32 })).status).toBe(0);
      expect(line.info().get(11)).toBe(before - 1);
      expect(await line.install(sealed)).toMatchObject({ result: 'installed', securityCounter: 5 });
    });
  },
);
