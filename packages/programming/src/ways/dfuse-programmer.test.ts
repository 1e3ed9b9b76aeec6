import { chipUsbPlace } from '@firmseal/dfu/testing';
import { TestClock } from '@firmseal/link/testing';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { describeProgrammer } from '../../test/index.ts';
import { openDfuseProgrammer } from './dfuse-programmer.ts';

describeProgrammer({
  name: 'DfuSe bootloader',
  chips: ['stm32f427', 'stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'],
  open: async (id, named) => {
    const chip = startInBootloader(id);
    const clock = new TestClock();
    const place = chipUsbPlace(chip);
    const openDevice = () => place.open();
    const programmer = await clock.run(openDfuseProgrammer({ chip: named, clock, openDevice }));
    return {
      ...{ chip, programmer, run: (promise) => clock.run(promise), close: async () => place.close() },
      started: (address) => chip.bootedApplication?.address === address,
    };
  },
});
