// Chips as they come from ST, and a station around them. Apart from world.ts, so that the stand-in as a
// process starts without the product's code.

import { type FamilyId, findFamily } from '@firmseal/sfi';
import type { StandInChip, World } from './world.ts';

const deviceIds: Partial<Record<FamilyId, number>> = {
  u5: 0x482,
  h5: 0x484,
  h7: 0x450,
  l5: 0x472,
  h7rs: 0x485,
};

/** A chip as it comes from ST. */
export function freshChip(family: FamilyId, given: Partial<StandInChip> = {}): StandInChip {
  const { stateField, startStates, productIds, name, turnsTrustZoneOn } = findFamily(family);
  const closed = stateField === 'RDP' ? 0xbb : 0x72;
  return {
    serialNumber: '066BFF01',
    family,
    deviceId: deviceIds[family] ?? 0x400,
    deviceName: name,
    productId: productIds[0] ?? '48202001',
    probe: 'st-link',
    fields: {
      [stateField]: startStates[0]!,
      ...(turnsTrustZoneOn ? { TZEN: 0, nSWBOOT0: 1 } : {}),
      ...(family === 'h5' ? { TZEN: 0xc3, BOOT_UBE: 0xb4 } : {}),
    },
    final: { [stateField]: closed, ...(turnsTrustZoneOn ? { TZEN: 1 } : {}) },
    provisioned: true,
    shut: false,
    installed: false,
    installs: 0,
    faults: [],
    ...given,
  };
}

export const freshWorld = (chips: StandInChip[], given: Partial<World> = {}): World => ({
  toolVersion: '2.20.0',
  chips,
  card: { counter: 10, firmware: 'panel', key: 'key-1', status: 'OPERATIONAL_STATE' },
  imageKey: 'key-1',
  ...given,
});
