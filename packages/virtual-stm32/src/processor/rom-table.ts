// ROM tables (IHI 0031, D2; DDI 0403 C1.3): the one that the access port names carries ST's identity and the
// device id. It lists the core's components itself (Cortex-M4) or the table of the core, which lists them:
// system control space, DWT without comparators, FPB.

import type { Chip } from '@firmseal/chips';
import { type Peripheral, RegisterBlock } from '../peripherals/peripheral.ts';
import { type ComponentIdentity, coreIdentities, identityRegisters } from './component-identity.ts';

const coreTableStart = 0xe00f_f000;
const watchStart = 0xe000_1000;
const components = [0xe000_e000, watchStart, 0xe000_2000] as const;
const present = 3;

class RomTable extends RegisterBlock {
  constructor(addressStart: number, entries: readonly number[], identity: ComponentIdentity) {
    const words = entries.map((address, i) => [
      4 * i,
      ((((address - addressStart) & 0xffff_f000) >>> 0) | present) >>> 0,
    ]);
    super({
      ...{ name: 'ROM table', addressStart, sizeBytes: 0x1000 },
      resetValues: { ...Object.fromEntries(words), ...identityRegisters(identity) },
    });
  }

  override writeRegister(): void {}
}

/** The tables of a chip and the DWT, of which nothing but its identity is there. */
export function romTables({ core, debug, identity }: Chip): readonly Peripheral[] {
  const { table, watch } = coreIdentities(core);
  const own: ComponentIdentity = { designer: 'st', part: identity.deviceId, class: 1 };
  const first = debug.romTableBase;
  const tables =
    table === undefined
      ? [new RomTable(first, components, own)]
      : [new RomTable(first, [coreTableStart], own), new RomTable(coreTableStart, components, table)];
  const dwt = new RegisterBlock({
    ...{ name: 'DWT', addressStart: watchStart, sizeBytes: 0x1000 },
    resetValues: identityRegisters(watch),
  });
  return [...tables, dwt];
}
