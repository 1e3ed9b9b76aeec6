// Virtual chips whose flash holds the same image, made once in a process: writing anchor and agent, and the
// copy of the agent that the first boot makes, cost more than most tests do with the chip afterwards.

import { createVirtualChip, type KeptState, machineCode, type VirtualChip } from '@firmseal/virtual-stm32';

const states = new Map<string, KeptState>();

export interface Wanted {
  readonly chipId: string;
  readonly seed: string;
  /** Names everything that `make` does: the same name stands for the same state. */
  readonly name: string;
}

/**
 * A chip that is off, for machine code, in the state in which `make` leaves a blank one, and `add` then
 * leaves it, during which no firmware runs. Unique id and chance are those of the seed, as if nothing had
 * happened to it, whether or not it is the first of its name.
 */
export function chipLike(
  { chipId, seed, name }: Wanted,
  make: (chip: VirtualChip) => void,
  add?: (chip: VirtualChip) => void,
): VirtualChip {
  const create = (kept?: KeptState, executors = [machineCode()]): VirtualChip =>
    createVirtualChip({ chip: chipId, seed, executors, ...(kept === undefined ? {} : { kept }) });
  const keep = (chip: VirtualChip, change: (chip: VirtualChip) => void): KeptState => {
    change(chip);
    if (chip.powered) throw new Error(`the chip ${name} was left with its power on`);
    return chip.keep();
  };
  const blank = create();
  const { uid, chance } = blank.keep();
  const made = states.get(name) ?? keep(blank, make);
  states.set(name, made);
  const whole = add === undefined ? made : keep(create(made, []), add);
  return create({ ...whole, uid, chance });
}
