// Looks at the chip at the end of a probe before anything is erased: is it the chip that was named, is it
// whole, and is it open? Registers and addresses are the catalogue's (identity, options).

import { accessLevel, type Chip, chipIds, findChip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { DebugProbe } from '@firmseal/programming';

const deviceIdMask = 0xfff;

/**
 * The device id (DBGMCU_IDCODE, bits 11 to 0) as this kind of chip has it; undefined
 * where its register is not there.
 */
async function deviceIdAs(chip: Chip, probe: DebugProbe): Promise<number | undefined> {
  const word = await probe.readWord(chip.identity.deviceIdRegister);
  return word === undefined ? undefined : word & deviceIdMask;
}

/**
 * Ids of the catalogue's chips that the connected chip may be, the likeliest first;
 * empty for a chip that it lacks.
 */
async function candidates(probe: DebugProbe): Promise<string[]> {
  const found: string[] = [];
  for (const id of chipIds()) {
    const chip = findChip(id);
    if ((await deviceIdAs(chip, probe)) === chip.identity.deviceId) found.push(id);
  }
  return found;
}

/**
 * Returns when the connected chip is `chip`, with all of its flash, and a debugger may read and write it.
 * The probe is connected and nothing is changed. Throws `chip-is-another`, `chip-flash-smaller`,
 * `chip-protected`, `probe-failed`.
 */
export async function identifyChip(chip: Chip, probe: DebugProbe): Promise<void> {
  const found = await deviceIdAs(chip, probe);
  if (found !== chip.identity.deviceId) {
    const others = await candidates(probe);
    throw new Fault('chip-is-another', {
      chip: chip.id,
      deviceId: found === undefined ? 'no device id' : hexAddress(found),
      found: others.length === 0 ? 'a chip that the catalogue does not have' : others.join(' or '),
    });
  }
  const options = await probe.readOptionBytes();
  const level = accessLevel(chip, options);
  if (level !== 0) throw new Fault('chip-protected', { chip: chip.id, level });
  const size = await probe.readMemory(chip.identity.flashSizeAddress, 2);
  const sizeKiB = size[0]! | (size[1]! << 8);
  const wantedKiB = chip.flash.sizeBytes / 1024;
  if (sizeKiB < wantedKiB) throw new Fault('chip-flash-smaller', { chip: chip.id, sizeKiB, wantedKiB });
}
