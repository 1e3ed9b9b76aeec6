// Makes a chip run its agent, whichever way leads to it: all of flash erased, agent and board settings
// written and read back, the option bytes set with which the chip starts it. spec/device.md section 4.

import { equalBytes } from '@firmseal/bytes';
import {
  bootOptions,
  brownOutOptions,
  type Chip,
  changedOptions,
  hexAddress,
  type OptionRequirement,
  type OptionValues,
  withoutWriteProtection,
} from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type ChipProgrammer, isUnreadable, requireOpenState } from '@firmseal/programming';

/** Bytes at a flash address; whole write units. */
export interface ImagePart {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface WriteAgentOptions {
  /** Agent and board settings, cut to the catalogue's ranges. */
  readonly image: readonly ImagePart[];
  /**
   * The least supply of the board in mV, for the brown-out level; left out: the least that the agent bears.
   */
  readonly leastMillivolts?: number;
  /** Takes readout level 1 back first, which erases the chip; without it such a chip is refused. */
  readonly eraseProtected?: boolean;
}

/** Where an erase unit is looked at after the erase: no vector table is shorter. */
const lookBytes = 64;

/** Where the chip starts: the anchor. */
export const agentAddress = (chip: Chip): number => chip.layout.anchor.addressStart;

/** Whether the way resets the chip into what its boot settings say; a ROM bootloader can only jump. */
const bootsByReset = ({ way }: ChipProgrammer): boolean => way === 'probe';

/**
 * The fields among the boot options that name an address. A chip that has them set leaves its ROM bootloader.
 */
function addressRegisters({ boot, options }: Chip): ReadonlySet<number> {
  const names = [boot.addressFields?.pinLow, boot.addressFields?.pinHigh];
  return new Set(
    options.registers
      .filter(({ fields }) => fields.some(({ name }) => names.includes(name)))
      .map(({ id }) => id),
  );
}

/** Stores the registers that differ, and holds the chip to them. Throws `boot-options-refused`. */
async function apply(programmer: ChipProgrammer, wanted: (values: OptionValues) => Map<number, number>) {
  const { chip } = programmer;
  const changes = wanted(await programmer.readOptions());
  if (changes.size === 0) return;
  await programmer.writeOptions(changes);
  const after = await programmer.readOptions();
  for (const [register, value] of changes)
    if (after.get(register) !== value)
      throw new Fault('boot-options-refused', {
        chip: chip.id,
        register: chip.options.registers[register]!.name,
      });
}

/** Of the requirements, what the way reaches: the agent sets the others at the end (link.md section 4). */
const reachable = (values: OptionValues, all: readonly OptionRequirement[]): OptionRequirement[] =>
  all.filter(({ register }) => values.has(register));

async function erase(programmer: ChipProgrammer): Promise<void> {
  const { chip } = programmer;
  await programmer.eraseAll();
  // A ROM bootloader does not say that an erase failed.
  for (const { addressStart } of chip.flash.eraseUnits) {
    const found = await read(programmer, addressStart, lookBytes);
    if (found === undefined || found.some((byte) => byte !== 0xff))
      throw new Fault('erase-not-done', { address: hexAddress(addressStart) });
  }
}

/** Undefined where the error correcting code of a word is broken. */
async function read(programmer: ChipProgrammer, address: number, lengthBytes: number) {
  try {
    return await programmer.read(address, lengthBytes);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}

async function write(programmer: ChipProgrammer, { address, bytes }: ImagePart): Promise<void> {
  await programmer.write(address, bytes);
  const found = await read(programmer, address, bytes.length);
  if (found === undefined || !equalBytes(found, bytes))
    throw new Fault('agent-write-failed', { address: hexAddress(address) });
}

/**
 * From the last part to the first, whose first write unit comes last of all: a chip whose writing was cut has
 * no vector table, and one with an empty check starts its ROM bootloader again.
 */
function inSafeOrder(chip: Chip, image: readonly ImagePart[]): ImagePart[] {
  const [first, ...others] = [...image].sort((a, b) => a.address - b.address);
  const { unitBytes } = chip.write;
  return [
    ...others.reverse(),
    { address: first!.address + unitBytes, bytes: first!.bytes.subarray(unitBytes) },
    { address: first!.address, bytes: first!.bytes.subarray(0, unitBytes) },
  ];
}

/**
 * All of flash is erased, not only where the agent lies: code that somebody left in another place could be
 * started later, at level 1, by option bytes that exchange banks or name a boot address, and would run from
 * flash with the agent's rights. Afterwards the chip runs its agent, and the programmer has let go of it.
 * Throws `chip-is-another`, `chip-flash-smaller`, `product-state-not-open`, `chip-protected`
 * before anything is changed; then
 * `erase-not-done`, `agent-write-failed`, `boot-options-refused` and the faults of the way.
 */
export async function writeAgent(
  programmer: ChipProgrammer,
  { image, leastMillivolts, eraseProtected = false }: WriteAgentOptions,
): Promise<void> {
  const { chip } = programmer;
  const identity = await programmer.identify();
  requireOpenState(chip, identity);
  const { readProtected } = identity;
  if (readProtected) {
    if (!eraseProtected) throw new Fault('chip-protected', { chip: chip.id, level: 1 });
    await programmer.unprotect();
  }
  const addresses = addressRegisters(chip);
  const banks = bootOptions(chip).filter(({ register }) => !addresses.has(register));
  const supply = brownOutOptions(chip, leastMillivolts ?? chip.supply.leastMillivolts);
  // One change of option bytes for all three: each one resets the chip.
  await apply(programmer, (values) => {
    const open = new Map([...values, ...withoutWriteProtection(chip, values)]);
    const after = new Map([...open, ...changedOptions(open, reachable(values, [...banks, ...supply]))]);
    return new Map([...after].filter(([register, value]) => values.get(register) !== value));
  });
  await erase(programmer);
  for (const part of inSafeOrder(chip, image)) await write(programmer, part);
  if (bootsByReset(programmer))
    await apply(programmer, (values) => changedOptions(values, bootOptions(chip)));
  await programmer.boot(agentAddress(chip));
}
