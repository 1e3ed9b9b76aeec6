// Whether the chip that answers is the one that was meant, from what a way learned of it.

import {
  accessLevel,
  type Chip,
  chipIds,
  findChip,
  hexAddress,
  type OptionValues,
  optionField,
} from '@firmseal/chips';
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

/** Name of the product state with these values, or its number where the catalogue has no name (H5). */
export function productStateOf(chip: Chip, values: OptionValues): { readonly productState?: string } {
  const { productStates, field } = chip.readoutProtection;
  if (productStates === undefined) return {};
  const value = optionField(chip, values, field);
  return {
    productState: productStates.find((one) => one.value === value)?.name ?? `0x${value.toString(16)}`,
  };
}

/** What the option bytes say about reading memory, and in which product state the chip is. */
export const protectionOf = (
  chip: Chip,
  values: OptionValues,
): Pick<ChipIdentity, 'readProtected' | 'productState'> => ({
  readProtected: accessLevel(chip, values) > 0,
  ...productStateOf(chip, values),
});

/**
 * A chip in another product state than open belongs to the person who began to provision it: he may hold the
 * password or certificate that takes it back. Throws `product-state-not-open`. Chips without product states
 * pass.
 */
export function requireOpenState(chip: Chip, { productState }: Pick<ChipIdentity, 'productState'>): void {
  const { productStates, level0 } = chip.readoutProtection;
  const open = productStates?.find(({ value }) => value === level0)?.name;
  if (productState !== undefined && productState !== open)
    throw new Fault('product-state-not-open', { chip: chip.id, state: productState });
}

const silentCodes: readonly string[] = ['probe-refused', 'openocd-no-target'];

/** What a failed attempt to open a debug port means: on a chip with product states more than a cable. */
export function explainSilence(chip: Chip, error: unknown): unknown {
  const isSilent = error instanceof Fault && silentCodes.includes(error.code);
  if (!isSilent || chip.readoutProtection.productStates === undefined) return error;
  return new Fault('product-state-silent', { chip: chip.id }, { cause: error });
}
