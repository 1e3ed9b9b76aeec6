// What a chip keeps without power, so that it can go on in another process: flash with the state of
// its granules, option bytes, OTP, unique id; and what the simulation needs to go on as one chip: the
// count of operations, the clock, and how far each stream of chance was drawn (a random generator that
// began again would repeat its numbers). How it is written to a file is the application's. RAM, pins
// and the plan of cuts are not kept.

import type { ChipParts } from '../chip/parts.ts';
import type { SimulatedClock } from './clock.ts';
import type { KeptCells } from './erase-unit-cells.ts';

export interface KeptState {
  /** Catalogue id. */
  readonly chip: string;
  readonly uid: Uint8Array;
  /** Erase units that are not blank. */
  readonly units: readonly KeptUnit[];
  /** Stored values by register. */
  readonly options: ReadonlyMap<number, number>;
  readonly otp: Uint8Array | undefined;
  /** Keys of readout levels by name; empty for most chips. */
  readonly levelKeys: ReadonlyMap<string, Uint8Array>;
  readonly operations: number;
  readonly clockUs: number;
  /** Four words a stream. */
  readonly chance: ReadonlyMap<string, readonly number[]>;
}

export interface KeptUnit extends KeptCells {
  readonly index: number;
}

export function keepParts({ memory, power, streams }: ChipParts, clock: SimulatedClock): KeptState {
  const { chip, flash, options, otp, uid } = memory;
  return {
    chip: chip.id,
    uid: uid.slice(),
    units: flash.keep(),
    options: new Map(options.stored),
    otp: otp?.keep(),
    levelKeys: options.levelKeys.save(),
    operations: power.operations,
    clockUs: clock.nowUs,
    chance: new Map([...streams].map(([name, stream]) => [name, stream.position])),
  };
}

/**
 * Into parts that were just made, with the clock at 0. RangeError when the state is not one of such a chip.
 */
export function takeParts(
  { memory, power, streams }: ChipParts,
  clock: SimulatedClock,
  kept: KeptState,
): void {
  const { chip, flash, options, otp, uid } = memory;
  if (kept.chip !== chip.id) throw new RangeError(`the state is one of ${kept.chip}, not of ${chip.id}`);
  if (kept.uid.length !== uid.length || kept.otp?.length !== otp?.keep().length)
    throw new RangeError('unique id or OTP have another length');
  uid.set(kept.uid);
  flash.take(kept.units);
  options.levelKeys.restore(kept.levelKeys);
  options.take(kept.options);
  if (kept.otp !== undefined) otp?.take(kept.otp);
  power.continueFrom(kept.operations);
  clock.advance(kept.clockUs);
  for (const [name, stream] of streams) {
    const position = kept.chance.get(name);
    if (position === undefined) throw new RangeError(`the stream ${name} is missing`);
    stream.position = position;
  }
}
