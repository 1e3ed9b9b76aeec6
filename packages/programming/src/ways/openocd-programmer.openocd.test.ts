// The way through OpenOCD on every family that OpenOCD 0.12 knows, by the program itself.

import { systemClock } from '@firmseal/link';
import { openocdOnChip, openocdTargets } from '@firmseal/openocd/testing';
import { connectTcp } from '@firmseal/tcp-adapter';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { lackingTool } from '../../../../tools/test-report/skip-tests.ts';
import { describeProgrammer, type ProgrammerWay } from '../../test/index.ts';
import { openOpenocdProgrammer } from './openocd-programmer.ts';

const lack = lackingTool(['openocd']);

const open: ProgrammerWay['open'] = async (id, named) => {
  const chip = createVirtualChip({ chip: id, seed: `programmer ${id}`, executors: [machineCode()] });
  chip.powerOn();
  const program = await openocdOnChip(chip);
  const stream = await connectTcp('127.0.0.1', program.port);
  const programmer = await openOpenocdProgrammer({ chip: named, stream, clock: systemClock });
  return {
    ...{ chip, programmer, run: (promise) => promise },
    started: (address) => {
      const { processor } = chip.machine;
      return (processor.core.PC & ~1) === address + 0x100;
    },
    close: async () => {
      await programmer.close();
      await program.close();
    },
  };
};

describeProgrammer({
  name: 'OpenOCD',
  // F405 has the flash controller of F427.
  chips: Object.keys(openocdTargets).filter((id) => id !== 'stm32f405'),
  open,
  ...(lack === undefined ? {} : { lack }),
});
