// Makes a chip run its agent: all of flash erased, the agent written and read back, the option bytes set with
// which the chip starts it. spec/device.md section 4.

import { equalBytes } from '@firmseal/bytes';
import { bootOptions, type Chip, changedOptions, hexAddress, withoutWriteProtection } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { DebugProbe } from '@firmseal/programming';
import { identifyChip } from './identify-chip.ts';

/** Bytes at a flash address. */
export interface ImagePart {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Stores registers, where there are any to store, and attaches again once they are in force. */
async function applyOptions(probe: DebugProbe, values: ReadonlyMap<number, number>): Promise<void> {
  if (values.size === 0) return;
  await probe.writeOptionBytes(values);
  await probe.release();
  await probe.connect();
}

/**
 * All of flash is erased, not only where the agent lies: code that somebody left in another place could be
 * started later, at level 1, by option bytes that exchange banks or name a boot address, and would run from
 * flash with the agent's rights. Throws `chip-is-another`, `chip-flash-smaller`, `chip-protected` before
 * anything is changed; then `agent-write-failed`, `boot-options-refused`, `probe-refused`, `probe-failed`.
 */
export async function writeAgent(
  chip: Chip,
  probe: DebugProbe,
  agentImage: readonly ImagePart[],
): Promise<void> {
  await probe.connect();
  await identifyChip(chip, probe);
  await applyOptions(probe, withoutWriteProtection(chip, await probe.readOptionBytes()));
  for (const { addressStart } of chip.flash.eraseUnits) await probe.eraseUnit(addressStart);
  for (const { address, bytes } of agentImage) {
    await probe.program(address, bytes);
    if (!equalBytes(await probe.readMemory(address, bytes.length), bytes))
      throw new Fault('agent-write-failed', { address: hexAddress(address) });
  }
  await applyOptions(probe, changedOptions(await probe.readOptionBytes(), bootOptions(chip)));
  const left = changedOptions(await probe.readOptionBytes(), bootOptions(chip));
  for (const [register] of left)
    throw new Fault('boot-options-refused', {
      chip: chip.id,
      register: chip.options.registers[register]!.name,
    });
  await probe.release();
}
