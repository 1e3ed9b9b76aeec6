// An install of 1 MiB on one virtual STM32F427: simulated time against what the flash alone
// needs, and what it costs the host.

import { eraseProgramTimeUs, findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { nodeCrypto } from '@firmseal/crypto-node';
import {
  createOwner,
  defaultConditions,
  installOnChips,
  personalizeVirtualChip,
} from '@firmseal/virtual-line';
import { buildAgent } from '../device/agent/build.ts';
import type { BenchRow } from './row.ts';

const sizeBytes = 1024 * 1024;

export async function installRows(): Promise<BenchRow[]> {
  const bytes = withVectorTable(findChip('stm32f427'), 0x0800_0000, nodeCrypto.randomBytes(sizeBytes));
  const image = { format: 'bin' as const, segments: [{ address: 0x0800_0000, bytes }], notes: [] };
  const owner = await createOwner(image, 'stm32f427', defaultConditions);
  try {
    const agentModule = await buildAgent('stm32f427');
    const chip = await personalizeVirtualChip(owner, defaultConditions, { index: 0, level: 2, agentModule });
    const sealed = await owner.seal(2);
    const job = await owner.openJob(sealed, 1);
    const startUs = chip.chip.clock.nowUs;
    const cpuBefore = process.cpuUsage();
    const [result] = await installOnChips({
      owner,
      conditions: defaultConditions,
      sealed,
      job,
      chips: [chip],
    });
    const { user, system } = process.cpuUsage(cpuBefore);
    if (result?.outcome !== 'pass') throw new Error(`the install ended as ${result?.outcome}`);
    const simulatedUs = chip.chip.clock.nowUs - startUs;
    const ranges = sealed.sealed.manifest.core.areas.map(({ address, lengthBytes }) => ({
      addressStart: address,
      length: lengthBytes,
    }));
    const boundUs = eraseProgramTimeUs(owner.chip, ranges, 'typical');
    return [
      {
        name: 'flash operations of an install of 1 MiB on a virtual F427',
        value: simulatedUs / 1e6,
        unit: 's',
        ratio: simulatedUs / boundUs,
        aim: 1.03,
        limit: 1.1,
        note: `simulated time, typical flash timing; peer: erase + program of the catalogue, ${(boundUs / 1e6).toFixed(2)} s; without link and agent cycles: the rows by machine code`,
      },
      {
        name: 'host CPU for 1 MiB installed',
        value: (user + system) / 1e6,
        unit: 's',
        note: 'CPU time of one process that is station, authority and chip at once',
      },
    ];
  } finally {
    await owner.end();
  }
}
