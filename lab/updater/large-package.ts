// A package of one firmware area, of a size that time can be measured with.

import type { Site } from '../../apps/updater/test/site.ts';
import { firmware, places, type TestChipId, type TestPackage } from '../../device/agent/test/trusted-site.ts';

interface LargePackage {
  readonly chipId: TestChipId;
  readonly firmwareVersion: string;
  readonly securityCounter: number;
  readonly firmwareBytes: number;
}

export function largePackage(site: Site, order: LargePackage): Promise<TestPackage> {
  const { chipId, firmwareVersion, securityCounter, firmwareBytes } = order;
  const address = places[chipId].firmware;
  return site.package(chipId, firmwareVersion, {
    core: { securityCounter, chunkSizeBytes: 4096 },
    areas: [
      {
        area: { kind: 'firmware', address, lengthBytes: firmwareBytes },
        plaintext: firmware(address, firmwareBytes, securityCounter),
      },
    ],
  });
}
