// Programs a chip through a DebugProbe, whose operations are those of the chip's debug port (that of a
// virtual chip): erase and program are whole there, and option bytes take force when the probe lets go of
// the chip.

import type { Bytes } from '@firmseal/bytes';
import {
  type Chip,
  chipIds,
  type EraseUnit,
  findChip,
  hexAddress,
  type OptionValues,
  withOptionField,
} from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { ChipIdentity, ChipProgrammer } from '../chip-programmer.ts';
import type { DebugProbe } from '../debug-probe.ts';
import { checkIdentity, explainSilence, flashSizeOf, protectionOf } from '../identity.ts';
import { refuseUnreachable } from '../reachable.ts';

/** Attaches. Throws `probe-refused`, `product-state-silent`, `probe-unreachable`. */
export async function openProbeProgrammer(chip: Chip, probe: DebugProbe): Promise<ChipProgrammer> {
  try {
    await probe.connect();
  } catch (error) {
    throw explainSilence(chip, error);
  }
  return new ProbeProgrammer(chip, probe);
}

const blockBytes = 16 * 1024;

class ProbeProgrammer implements ChipProgrammer {
  readonly chip: Chip;
  readonly way = 'probe';
  readonly #probe: DebugProbe;
  #attached = true;

  constructor(chip: Chip, probe: DebugProbe) {
    this.chip = chip;
    this.#probe = probe;
  }

  async identify(): Promise<ChipIdentity> {
    const { identity } = this.chip;
    const idCode = await this.#idCodeAs(this.chip);
    const [deviceId, revision] = [idCode & 0xfff, idCode >>> 16];
    if (deviceId !== identity.deviceId) await this.#refuseAnother(deviceId);
    const protection = protectionOf(this.chip, await this.readOptions());
    const flashSizeBytes = flashSizeOf(await this.#probe.readMemory(identity.flashSizeAddress, 2));
    const uniqueId = await this.#probe.readMemory(identity.uniqueIdAddress, identity.uniqueIdLength);
    return checkIdentity(this.chip, { deviceId, revision, flashSizeBytes, uniqueId, ...protection });
  }

  /** DBGMCU_IDCODE where this kind of chip has it; 0 where nothing is there. */
  async #idCodeAs(chip: Chip): Promise<number> {
    return (await this.#probe.readWord(chip.identity.deviceIdRegister)) ?? 0;
  }

  /** Another chip may have its id in another place: it is named where one of the catalogue fits. */
  async #refuseAnother(deviceId: number): Promise<never> {
    for (const id of chipIds()) {
      const found = (await this.#idCodeAs(findChip(id))) & 0xfff;
      if (found === findChip(id).identity.deviceId)
        checkIdentity(this.chip, { deviceId: found, readProtected: false });
    }
    throw new Fault('chip-is-another', {
      chip: this.chip.id,
      deviceId: deviceId === 0 ? 'no device id' : hexAddress(deviceId),
      found: 'a chip that the catalogue does not have',
    });
  }

  async read(
    address: number,
    lengthBytes: number,
    onBlock: (block: Uint8Array, offset: number) => boolean = () => true,
  ): Promise<Bytes> {
    const whole = new Uint8Array(lengthBytes);
    for (let offset = 0; offset < lengthBytes; offset += blockBytes) {
      const length = Math.min(blockBytes, lengthBytes - offset);
      const block = await this.#probe.readMemory(address + offset, length);
      whole.set(block, offset);
      if (!onBlock(block, offset)) return whole.slice(0, offset + length);
    }
    return whole;
  }

  async eraseUnits(units: readonly EraseUnit[], onErased: (units: number) => void = () => {}): Promise<void> {
    for (const [i, { addressStart }] of units.entries()) {
      await this.#probe.eraseUnit(addressStart);
      onErased(i + 1);
    }
  }

  eraseAll(): Promise<void> {
    return this.eraseUnits(this.chip.flash.eraseUnits);
  }

  async write(
    address: number,
    bytes: Uint8Array,
    onBlock: (bytes: number) => void = () => {},
  ): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += blockBytes) {
      const block = bytes.subarray(offset, offset + blockBytes);
      await this.#probe.program(address + offset, block);
      onBlock(offset + block.length);
    }
  }

  readOptions(): Promise<OptionValues> {
    return this.#probe.readOptionBytes();
  }

  async writeOptions(values: OptionValues): Promise<void> {
    const before = await this.readOptions();
    refuseUnreachable(this.chip, { values, reachable: before, way: this.way });
    await this.#probe.writeOptionBytes(new Map([...before, ...values]));
    await this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    await this.#probe.release();
    await this.#probe.connect();
  }

  protect(): Promise<void> {
    return this.#setReadout(this.chip.readoutProtection.level1);
  }

  async unprotect(): Promise<void> {
    const { productStates, level0 } = this.chip.readoutProtection;
    if (productStates !== undefined) throw new Fault('unprotect-not-possible', { chip: this.chip.id });
    await this.#setReadout(level0);
  }

  async #setReadout(value: number): Promise<void> {
    const { field: name } = this.chip.readoutProtection;
    await this.writeOptions(withOptionField(this.chip, await this.readOptions(), { name, value }));
  }

  /** The chip starts by itself when it is let go: from the place that its boot settings name. */
  async start(address: number): Promise<void> {
    const { flash } = this.chip;
    if (address !== flash.addressStart)
      throw new Fault('start-not-possible', { address: `0x${address.toString(16)}` });
    await this.close();
  }

  boot(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    if (!this.#attached) return;
    this.#attached = false;
    await this.#probe.release();
  }
}
