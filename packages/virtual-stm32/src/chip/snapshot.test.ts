import { expect, test } from 'vitest';
import { marker, testFirmware } from '../../test/firmware.ts';
import { createVirtualChip } from './factory.ts';

const app = 0x08020000;
const word = Uint8Array.of(1, 2, 3, 4);

function chipWith(chip: string) {
  const made = createVirtualChip({
    ...{ chip, seed: 'snapshot' },
    executors: [
      testFirmware({
        receive: (cpu, bytes) => {
          if (bytes[0] === 1) cpu.programUnits(app, new Uint8Array(64));
          if (bytes[0] === 2) cpu.systemReset();
          cpu.send(cpu.random(4));
        },
      }),
    ],
  });
  made.powerOn();
  made.debug.connect();
  const start = new Uint8Array(32).fill(0xff);
  start.set(marker);
  expect(made.debug.programFlash(0x08000000, start)).toBe('ok');
  made.powerOff();
  made.powerOn();
  return made;
}

test.each(['stm32f427', 'stm32h743'])('%s: everything is as it was, as often as asked', (id) => {
  const chip = chipWith(id);
  const sent: string[] = [];
  chip.onLink = (bytes) => sent.push(bytes.join());
  const ramStart = chip.chip.ram[0]!.addressStart;
  chip.debug.connect();
  chip.debug.writeMemory(ramStart, word);
  chip.debug.disconnect();
  const before = chip.judge.snapshot();
  const flash = () => chip.judge.flash(app, 64);
  const erased = flash();
  for (let round = 0; round < 3; round++) {
    chip.power.plan([{ operation: before.operations + 2, moment: 'torn' }]);
    chip.receive(Uint8Array.of(1));
    expect(chip.powered).toBe(false);
    expect(chip.power.fired).toHaveLength(1);
    expect(flash()).not.toEqual(erased);
    expect(chip.judge.isReadable(app, 64)).toBe(id !== 'stm32h743');
    chip.judge.restore(before);
    expect(chip.power.fired).toHaveLength(0);
    expect(chip.power.operations).toBe(before.operations);
    expect(flash()).toEqual(erased);
    expect(chip.judge.isReadable(app, 64)).toBe(true);
    expect(chip.judge.ram(ramStart, 4)).toEqual(word);
    expect(chip.running).toBe(true);
    chip.receive(Uint8Array.of(0));
  }
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(1);

  // The state of cells that an error correcting code guards comes back too: the word can be programmed once.
  chip.judge.restore(before);
  chip.debug.connect();
  const unit = new Uint8Array(chip.chip.write.unitBytes);
  expect(chip.debug.programFlash(app, unit)).toBe('ok');
  const after = chip.judge.snapshot();
  chip.judge.restore(before);
  expect(chip.debug.connected).toBe(false);
  chip.judge.restore(after);
  expect(chip.debug.connected).toBe(true);
  expect(flash().slice(0, unit.length)).toEqual(unit);
  expect(chip.debug.programFlash(app, unit)).toBe(id === 'stm32h743' ? 'not-erased' : 'ok');
});

test('option bytes, resets and the port of the firmware come back; a seed changes chance and nothing else', () => {
  const chip = chipWith('stm32f427');
  const { register } = chip.chip.options.registers
    .flatMap(({ fields }) => fields)
    .find(({ name }) => name === 'RDP')!;
  const before = chip.judge.snapshot();
  const options = chip.judge.optionsStored;
  chip.debug.connect();
  expect(chip.debug.writeOptionBytes(new Map([[register, 0x5500]]))).toBe('ok');
  chip.receive(Uint8Array.of(2));
  expect(chip.judge.optionsStored).not.toEqual(options);
  const sent: string[] = [];
  chip.onLink = (bytes) => sent.push(bytes.join());
  for (const seed of ['a', 'b', 'a']) {
    chip.judge.restore(before, { seed });
    chip.receive(Uint8Array.of(0));
  }
  expect(chip.judge.optionsStored).toEqual(options);
  expect(chip.judge.optionsLoaded).toEqual(options);
  expect(sent[0]).toBe(sent[2]);
  expect(sent[0]).not.toBe(sent[1]);
});

test('refuses the snapshot of another chip, and while firmware runs', () => {
  const [one, other] = [chipWith('stm32f427'), chipWith('stm32f427')];
  expect(() => one.judge.restore(other.judge.snapshot())).toThrow(RangeError);
  const snapshot = one.judge.snapshot();
  const errors: unknown[] = [];
  one.power.onOperation = () => {
    for (const act of [() => one.judge.snapshot(), () => one.judge.restore(snapshot)])
      try {
        act();
      } catch (error) {
        errors.push(error);
      }
  };
  one.receive(Uint8Array.of(1));
  expect(errors.length).toBeGreaterThanOrEqual(2);
});
