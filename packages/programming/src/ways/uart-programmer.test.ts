import { TestClock } from '@firmseal/link/testing';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import { describeProgrammer } from '../../test/index.ts';
import { openUartProgrammer } from './uart-programmer.ts';

describeProgrammer({
  name: 'UART bootloader',
  chips: ['stm32f427', 'stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'],
  open: async (id, named) => {
    const chip = startInBootloader(id);
    const clock = new TestClock();
    const programmer = await clock.run(
      openUartProgrammer({ chip: named, stream: openChipUart(chip), clock }),
    );
    return {
      ...{ chip, programmer, run: (promise) => clock.run(promise), close: () => programmer.close() },
      started: (address) => chip.bootedApplication?.address === address,
    };
  },
});
