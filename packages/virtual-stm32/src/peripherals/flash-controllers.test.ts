// The flash controllers by their registers, as software meets them: keys and locks, sizes, error flags, erase
// by number, option bytes, and time. Driven over the bus of a CPU that runs from flash.

import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

/** Registers and memory through the debug port, at level 0. */
function bench(id: string) {
  const chip = createVirtualChip({ chip: id, seed: `controller ${id}` });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  const base = chip.chip.flashController.registerBase;
  return {
    chip,
    probe,
    get: (offset: number) => probe.readWord(base + offset)!,
    set: (offset: number, value: number) => expect(probe.writeWord(base + offset, value)).toBe(true),
    /** The status once nothing runs; at least one look before it must have seen the controller busy. */
    settled(offset: number, busy: number): number {
      for (let looks = 0; looks < 10; looks++) {
        const value = probe.readWord(base + offset)!;
        if ((value & busy) === 0) {
          expect(looks).toBeGreaterThan(0);
          return value;
        }
      }
      throw new Error('busy for ever');
    },
  };
}

const keys = [0x4567_0123, 0xcdef_89ab] as const;
const optionKeys = [0x0819_2a3b, 0x4c5d_6e7f] as const;
const flash = 0x0800_0000;

test('F4: locked until both keys came in order; a wrong one locks until the next reset', () => {
  const { get, set, chip } = bench('stm32f427');
  expect(get(0x10)).toBe(0x8000_0000);
  set(0x10, 1);
  expect(get(0x10)).toBe(0x8000_0000);
  for (const key of keys) set(0x04, key);
  expect(get(0x10)).toBe(0);
  set(0x10, 0x8000_0000);
  set(0x04, keys[1]);
  for (const key of keys) set(0x04, key);
  expect(get(0x10)).toBe(0x8000_0000);
  chip.reset();
  for (const key of keys) set(0x04, key);
  expect(get(0x10)).toBe(0);
});

test('F4: words at PSIZE x32; the flags say what was wrong', () => {
  const { get, set, settled, chip, probe } = bench('stm32f427');
  probe.writeWord(flash, 1);
  expect(get(0x0c)).toBe(1 << 7); // PGSERR: PG is not set
  set(0x0c, 0xff);
  expect(get(0x0c)).toBe(0);
  for (const key of keys) set(0x04, key);
  set(0x10, 1); // PG, PSIZE x8
  probe.writeWord(flash, 1);
  expect(get(0x0c)).toBe(1 << 6); // PGPERR
  set(0x0c, 0xff);
  set(0x10, (3 << 8) | 1); // x64 needs VPP
  probe.writeWord(flash, 1);
  expect(get(0x0c)).toBe(1 << 6);
  set(0x0c, 0xff);
  set(0x10, (2 << 8) | 1 | (1 << 24));
  const before = chip.clock.nowUs;
  probe.writeWord(flash, 0x1234_5678);
  expect(get(0x0c)).toBe(1 << 16); // BSY, nothing else
  expect(settled(0x0c, 1 << 16)).toBe(1); // EOP, since EOPIE is set
  expect(chip.clock.nowUs - before).toBe(16);
  expect(probe.readWord(flash)).toBe(0x1234_5678);
});

test('F4: erases by sector number and bank; a write-protected sector stays', () => {
  const { get, set, settled, chip, probe } = bench('stm32f427');
  chip.debug.connect();
  for (const address of [flash, flash + 0x4000, flash + 0x10_0000])
    expect(chip.debug.programFlash(address, new Uint8Array(4))).toBe('ok');
  for (const key of optionKeys) set(0x08, key);
  set(0x14, get(0x14) & ~(1 << 16)); // nWRP of sector 0
  set(0x14, get(0x14) | 2);
  expect(settled(0x0c, 1 << 16)).toBe(0);
  chip.reset();
  for (const key of keys) set(0x04, key);
  set(0x10, (2 << 8) | 2 | (1 << 16));
  expect(get(0x0c)).toBe(1 << 4); // WRPERR
  set(0x0c, 0xff);
  set(0x10, (2 << 8) | 2 | (1 << 3) | (1 << 16));
  set(0x10, (2 << 8) | 2 | (16 << 3) | (1 << 16)); // sector 12
  expect(settled(0x0c, 1 << 16)).toBe(0);
  const words = [flash, flash + 0x4000, flash + 0x10_0000].map((address) => probe.readWord(address));
  expect(words).toEqual([0, 0xffff_ffff, 0xffff_ffff]);
});

test('H7: a flash word is programmed when its 32 bytes are there, or when it is forced', () => {
  const { get, set, settled, probe, chip } = bench('stm32h743');
  for (const key of keys) set(0x104, key);
  set(0x10c, 2 | (3 << 4));
  const second = flash + 0x10_0000;
  for (let i = 0; i < 7; i++) probe.writeWord(second + 4 * i, i);
  expect(get(0x110) & 2).toBe(2); // WBNE
  expect(chip.judge.flash(second, 4)).toEqual(new Uint8Array(4).fill(0xff));
  probe.writeWord(second + 0x40, 9);
  expect(get(0x110) & (1 << 21)).toBe(1 << 21); // INCERR: another word
  probe.writeWord(second + 28, 7);
  expect(settled(0x110, 5) & ((1 << 16) | 2)).toBe(1 << 16); // EOP, after BSY and QW
  expect(probe.readWord(second + 24)).toBe(6);
  set(0x114, 0xffff_0000);
  probe.writeWord(second + 0x20, 0x55);
  set(0x10c, 2 | (3 << 4) | (1 << 6));
  expect(probe.readWord(second + 0x20)).toBe(0x55);
  expect(get(0x10)).toBe(0); // bank 1 has seen nothing
});

test('H7: a second program of a word breaks its code: the read faults and is noted', () => {
  const { get, set, probe } = bench('stm32h743');
  for (const key of keys) set(0x04, key);
  for (let round = 0; round < 2; round++) {
    set(0x0c, 2 | (3 << 4));
    for (let i = 0; i < 8; i++) probe.writeWord(flash + 32 + 4 * i, round);
  }
  expect(probe.readWord(flash + 32)).toBeUndefined();
  expect(get(0x10) & (1 << 26)).toBe(1 << 26); // DBECCERR
  expect(get(0x60)).toBe(1);
});

test.each(['stm32g0b1', 'stm32l476'])('%s: double words; half a one, and a page by number and bank', (id) => {
  const { get, set, settled, probe, chip } = bench(id);
  const [bankBit, bank2] = id === 'stm32g0b1' ? [13, flash + 0x4_0000] : [11, flash + 0x8_0000];
  for (const key of keys) set(0x08, key);
  set(0x14, 1);
  probe.writeWord(bank2, 1);
  probe.writeWord(bank2 + 4, 2);
  expect(chip.judge.flash(bank2, 8)).toEqual(new Uint8Array(8).fill(0xff));
  const busy = id === 'stm32g0b1' ? 6 << 16 : 1 << 16; // BSY2 and CFGBSY, BSY
  expect(get(0x10)).toBe(busy);
  expect(settled(0x10, busy)).toBe(0);
  expect(chip.judge.flash(bank2, 8)).toEqual(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0));
  probe.writeWord(bank2 + 8, 3);
  probe.writeWord(bank2 + 16, 3);
  expect(get(0x10)).toBe((1 << 5) | (1 << 7)); // PGAERR and PGSERR
  set(0x10, 0xffff);
  set(0x14, 2 | (1 << bankBit) | (1 << 16));
  expect(settled(0x10, busy)).toBe(0);
  expect(probe.readWord(bank2)).toBe(0xffff_ffff);
});

test('L4: option bytes need both locks open and take force with OBL_LAUNCH, which is a reset', () => {
  const { get, set, chip } = bench('stm32l476');
  const before = get(0x20);
  for (const key of optionKeys) set(0x0c, key); // refused: the first lock is closed
  for (const key of keys) set(0x08, key);
  expect(get(0x14)).toBe(1 << 30);
  for (const key of optionKeys) set(0x0c, key);
  set(0x20, (before & ~0x700) | 0x200);
  set(0x14, 1 << 17);
  const causes: string[] = [];
  chip.onEvent = (event) => event.kind === 'started' && causes.push(event.cause);
  set(0x14, 1 << 27);
  expect(causes).toEqual(['option-launch']);
  expect(get(0x20) & 0x700).toBe(0x200);
});

// BOR_LEV; FLASH_OPTSR_PRG and FLASH_OPTCR. Found by fuzzing: the second start brought the old values back.
test.each([
  { id: 'stm32h743', key: 0x08, program: 0x20, optionControl: 0x18, current: 0x1c, level: 0x4 },
  { id: 'stm32h563', key: 0x0c, program: 0x54, optionControl: 0x1c, current: 0x50, level: 0x1 },
])(
  '$id: option bytes that are started twice are programmed as they were written',
  ({ id, key, program, optionControl, current, level }) => {
    const { get, set, chip } = bench(id);
    for (const word of optionKeys) set(key, word);
    const value = (get(program) ^ level) >>> 0;
    set(program, value);
    for (let start = 0; start < 2; start++) set(optionControl, 2);
    expect(get(program) & level).toBe(value & level);
    chip.keep(); // ends what is under way
    chip.reset();
    expect(get(current) & level).toBe(value & level);
  },
);
