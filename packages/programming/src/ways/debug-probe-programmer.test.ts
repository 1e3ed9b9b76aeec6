import type { AddressInfo } from 'node:net';
import { chipIds } from '@firmseal/chips';
import { virtualProbe } from '@firmseal/virtual-probe';
import { createVirtualChip, machineCode, serveProbe } from '@firmseal/virtual-stm32';
import { describeProgrammer } from '../../test/index.ts';
import { openProbeProgrammer } from './debug-probe-programmer.ts';

describeProgrammer({
  name: 'probe of a virtual chip',
  chips: chipIds(),
  open: async (id, named) => {
    const chip = createVirtualChip({ chip: id, seed: `programmer ${id}`, executors: [machineCode()] });
    chip.powerOn();
    const server = await serveProbe(chip, 0);
    const { port } = server.address() as AddressInfo;
    const programmer = await openProbeProgrammer(named, virtualProbe({ host: '127.0.0.1', port }));
    return {
      ...{ chip, programmer, run: (promise) => promise },
      started: () => chip.running,
      close: async () => {
        await programmer.close();
        server.close();
      },
    };
  },
});
