// Whether the chip that answers is the one that was meant, from what a way learned of it.

import { type Chip, chipIds, findChip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { ChipIdentity } from './chip-programmer.ts';

/** Names of the catalogue's chips with that device id. */
export function chipsWithDeviceId(deviceId: number): readonly string[] {
  return chipIds().filter((id) => {
    const { identity, romBootloader } = findChip(id);
    return identity.deviceId === deviceId || romBootloader.productId === deviceId;
  });
}

/** Returns the identity. Throws `chip-is-another`, `chip-flash-smaller`. */
export function checkIdentity(chip: Chip, identity: ChipIdentity): ChipIdentity {
  const { deviceId, flashSizeBytes } = identity;
  const expected = [chip.identity.deviceId, chip.romBootloader.productId];
  if (deviceId !== undefined && !expected.includes(deviceId)) {
    const others = chipsWithDeviceId(deviceId);
    throw new Fault('chip-is-another', {
      chip: chip.id,
      deviceId: hexAddress(deviceId),
      found: others.length === 0 ? 'a chip that the catalogue does not have' : others.join(' or '),
    });
  }
  // A flash size word of FFFF means the most that the family has (device electronic signature).
  const isKnown = flashSizeBytes !== undefined && flashSizeBytes !== 0xffff * 1024;
  if (isKnown && flashSizeBytes < chip.flash.sizeBytes)
    throw new Fault('chip-flash-smaller', {
      chip: chip.id,
      sizeKiB: flashSizeBytes / 1024,
      wantedKiB: chip.flash.sizeBytes / 1024,
    });
  return identity;
}

/** The 16 bits, little-endian, of the flash size register: KiB. */
export const flashSizeOf = (bytes: Uint8Array): number => (bytes[0]! | (bytes[1]! << 8)) * 1024;
