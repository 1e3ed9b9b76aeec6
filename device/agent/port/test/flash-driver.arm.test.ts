// The flash and option-byte drivers as machine code, against a controller that was
// written without looking at them.

import { fsOk } from '@firmseal/virtual-stm32';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasTool } from '../../../../tools/toolchain.ts';
import { bearsslMissing } from '../../toolchain/bearssl.ts';
import { targetOf } from '../../toolchain/targets.ts';
import { buildAgent } from '../../toolchain/thumb.ts';
import { ChipBench } from './chip-bench.ts';
import { FlashController, families } from './flash-controller.ts';
import { sampledChips } from './sampled-chips.ts';

const missing = hasTool('arm-none-eabi-gcc') ? bearsslMissing() : 'arm-none-eabi-gcc is not installed';
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const build = (id: string) => buildAgent(targetOf(id));
const builds = new Map<string, ReturnType<typeof build>>();

describe.each(sampledChips)('%s', (id) => {
  const setUp = () => {
    const agent = builds.get(id) ?? build(id);
    builds.set(id, agent);
    const { chip } = agent.target;
    const bench = new ChipBench(agent);
    // The last unit of the first bank and the first of the second: the agent is in neither.
    const middle = chip.flash.eraseUnits.length / 2;
    const units = [chip.flash.eraseUnits[middle - 1]!, chip.flash.eraseUnits[middle]!] as const;
    const watchdog = id === 'stm32h743' ? 0x58004800 : 0x40003000;
    bench.runUntil(() => bench.written.get(watchdog + 8) === 0x7ff && bench.written.get(watchdog) === 0xaaaa);
    const controller = new FlashController(bench, id);
    const buffer = bench.ramStart + 0x9000;
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) & 0xff);
    bench.ram.set(bytes, 0x9000);
    return { chip, bench, controller, buffer, bytes, units };
  };

  it('programs flash, in both banks, and locks again', () => {
    const { bench, controller, buffer, bytes, units } = setUp();
    for (const { addressStart } of units) {
      expect(bench.call('fs_port_flash_program', addressStart, buffer, 64)).toBe(fsOk);
      const offset = addressStart - bench.flashStart;
      expect([...bench.flash.subarray(offset, offset + 64)]).toEqual([...bytes]);
      expect(controller.isLocked()).toBe(true);
    }
  });

  it('writes nowhere but into flash', () => {
    const { chip, bench, controller, buffer } = setUp();
    const end = chip.flash.addressStart + chip.flash.sizeBytes;
    for (const wrong of [bench.ramStart + 0x9400, chip.flash.addressStart - 64, end - 32, end, 0]) {
      const before = bench.ram.slice(0x9400, 0x9440);
      expect(bench.call('fs_flash_write', wrong, buffer, 64)).not.toBe(fsOk);
      expect(bench.ram.slice(0x9400, 0x9440)).toEqual(before);
      expect(controller.isLocked()).toBe(true);
    }
  });

  it('erases the unit that begins at the address, and no other', () => {
    const { chip, bench, controller } = setUp();
    const { banks, erase } = families[id]!;
    for (const unit of chip.flash.eraseUnits) {
      expect(bench.call('fs_port_flash_erase', unit.addressStart)).toBe(fsOk);
      const bank = banks.length === 2 ? unit.bank - 1 : 0;
      const { bank: erased, control } = controller.erases.at(-1)!;
      // Whether the lock of the option bytes is written along is no matter.
      expect([erased, (control | (erase(0, 1) & (2 ** 30))) >>> 0]).toEqual([
        bank,
        erase(unit.eraseCode, unit.bank),
      ]);
      expect(controller.isLocked()).toBe(true);
    }
    expect(controller.erases.length).toBe(chip.flash.eraseUnits.length);
    for (const wrong of [
      chip.flash.addressStart + 4,
      chip.flash.addressStart - 4,
      chip.flash.addressStart + chip.flash.sizeBytes,
    ])
      expect(bench.call('fs_port_flash_erase', wrong)).not.toBe(fsOk);
    expect(controller.erases.length).toBe(chip.flash.eraseUnits.length);
  });

  it.each(families[id]!.errors)('reports error flag %i of a program and of an erase, once', (flag) => {
    const { bench, controller, buffer, units } = setUp();
    const { addressStart } = units[1];
    const operations = [
      () => bench.call('fs_port_flash_program', addressStart, buffer, 64),
      () => bench.call('fs_port_flash_erase', addressStart),
    ];
    for (const [i, operation] of operations.entries()) {
      controller.nextError = flag;
      expect(operation()).not.toBe(fsOk);
      expect(controller.raised).toBe(i + 1);
      expect(controller.isLocked()).toBe(true);
      expect(operation()).toBe(fsOk);
    }
  });

  it('programs the option bytes asked for, and leaves the others as they are in force', () => {
    const { chip, bench, controller, buffer } = setUp();
    const { registers } = chip.options;
    for (const { readAddress, mask } of registers) bench.written.set(readAddress, mask);
    const view = new DataView(bench.ram.buffer);
    const asked = registers.at(-1)!;
    const value = (asked.mask & 0x55555554) >>> 0;
    view.setUint32(0x9000, asked.id, true);
    view.setUint32(0x9100, value, true);
    expect(bench.call('fs_port_option_program', buffer, buffer + 0x100, 1)).toBe(fsOk);
    expect(controller.optionStarts).toBe(1);
    expect(controller.isLocked()).toBe(true);
    for (const { id: register, programAddress, mask } of registers) {
      const wanted = register === asked.id ? value : mask;
      expect(((bench.written.get(programAddress) ?? 0) & mask) >>> 0, `register ${register}`).toBe(
        wanted >>> 0,
      );
    }
    // A bit that is no option byte, and a register that there is not, are refused before anything is started.
    view.setUint32(0x9000, 200, true);
    expect(bench.call('fs_port_option_program', buffer, buffer + 0x100, 1)).not.toBe(fsOk);
    expect(controller.optionStarts).toBe(1);
  });

  it('starts no option bytes that did not get into their registers, and locks again', () => {
    const { chip, bench, controller, buffer } = setUp();
    const { id: register, programAddress, mask } = chip.options.registers.at(-1)!;
    const view = new DataView(bench.ram.buffer);
    view.setUint32(0x9000, register, true);
    view.setUint32(0x9100, mask, true);
    const written = bench.onRegisterWrite;
    bench.onRegisterWrite = (address, value) => {
      written(address, value);
      if (address === programAddress) bench.written.set(address, (value & ~mask) >>> 0);
    };
    expect(bench.call('fs_port_option_program', buffer, buffer + 0x100, 1)).not.toBe(fsOk);
    expect(controller.optionStarts).toBe(0);
    expect(controller.isLocked()).toBe(true);
  });
});
