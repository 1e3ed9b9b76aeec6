// The sequences against the flash controllers of virtual chips, word by word through their debug ports;
// H5 too, which no OpenOCD of today knows.

import { chipIds, findChip, optionField, withOptionField } from '@firmseal/chips';
import { TestClock } from '@firmseal/link/testing';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { TestDebugger } from '@firmseal/virtual-stm32/testing';
import { describe, expect, it } from 'vitest';
import { programOptionRegisters, readOptionRegisters } from './option-sequence.ts';
import type { WordPort } from './word-port.ts';

function debugPort(id: string) {
  const chip = createVirtualChip({ chip: id, seed: `sequence ${id}`, executors: [machineCode()] });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  const port: WordPort = {
    async readWord(address) {
      const word = probe.readWord(address);
      if (word === undefined) throw new Error(`no word at ${address.toString(16)}`);
      return word;
    },
    async writeWord(address, value) {
      if (!probe.writeWord(address, value)) throw new Error(`no write at ${address.toString(16)}`);
    },
  };
  return { chip, port };
}

const waiting = () => ({ clock: new TestClock(), timeoutMs: 5000 });

describe('option bytes by registers', () => {
  it.each(chipIds())('of %s: one field changes, in force after a reset', async (id) => {
    const { chip, port } = debugPort(id);
    const before = await readOptionRegisters(chip.chip, port);
    expect([...before]).toEqual([...chip.judge.optionsLoaded]);
    const name = id === 'stm32g0b1' ? 'BORF_LEV' : 'BOR_LEV';
    const value = optionField(chip.chip, before, name) === 1 ? 2 : 1;
    const values = withOptionField(chip.chip, before, { name, value });
    const { clock, timeoutMs } = waiting();
    await clock.run(programOptionRegisters(chip.chip, { port, values, waiting: { clock, timeoutMs } }));
    chip.reset();
    expect([...chip.judge.optionsLoaded]).toEqual([...values]);
    expect([...(await readOptionRegisters(chip.chip, port))]).toEqual([...values]);
  });

  it('locks the option bytes again on F4, H7 and H5', async () => {
    for (const [id, control] of [
      ['stm32f427', 0x14],
      ['stm32h743', 0x18],
      ['stm32h563', 0x1c],
    ] as const) {
      const { chip, port } = debugPort(id);
      const values = await readOptionRegisters(chip.chip, port);
      const { clock, timeoutMs } = waiting();
      await clock.run(programOptionRegisters(chip.chip, { port, values, waiting: { clock, timeoutMs } }));
      const { registerBase } = chip.chip.flashController;
      expect((await port.readWord(registerBase + control)) & 1).toBe(1);
    }
  });

  it('end in a fault when the controller stays busy, or reports an error', async () => {
    const chip = findChip('stm32l476');
    const fake = (status: number): WordPort => ({
      readWord: async (address) => (address === chip.flashController.registerBase + 0x10 ? status : 0),
      writeWord: async () => undefined,
    });
    const values = new Map([[0, 0]]);
    const { clock, timeoutMs } = waiting();
    const busy = programOptionRegisters(chip, { port: fake(1 << 16), values, waiting: { clock, timeoutMs } });
    await expect(clock.run(busy)).rejects.toMatchObject({
      code: 'flash-controller-busy',
      fields: { timeoutMs },
    });
    expect(clock.nowMs()).toBeGreaterThanOrEqual(timeoutMs);
    const wrong = programOptionRegisters(chip, { port: fake(1 << 3), values, waiting: waiting() });
    await expect(wrong).rejects.toMatchObject({ code: 'option-bytes-refused', fields: { flags: '0x8' } });
  });
});
