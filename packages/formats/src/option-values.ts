// Option bytes as hello and receipt report them: an array of [register, value] in ascending register.

import { arrayOf, type CborInput, type Schema, tuple } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { count, word } from './shapes.ts';

export interface OptionValue {
  /** The catalogue's number of the register. */
  readonly register: number;
  /** 32 bits, as read. */
  readonly value: number;
}

export const readoutLevels = [0, 1, 2] as const;
export type ReadoutLevel = (typeof readoutLevels)[number];

/** Level 2 counts as 1 while somebody's key can take it back: spec/agent.md section 4. */
export function effectiveReadoutLevel(state: {
  readonly readoutLevel: ReadoutLevel;
  readonly levelKey: boolean;
}): ReadoutLevel {
  return state.levelKey && state.readoutLevel === 2 ? 1 : state.readoutLevel;
}

const pairs = arrayOf(tuple(count, word), 0, 32);

export const optionValues: Schema<OptionValue[]> = (given, what) => {
  let before = -1;
  return pairs(given, what).map(([register, value]) => {
    if (register <= before) throw new Fault('cbor-schema', { what: `${what} is not in ascending register` });
    before = register;
    return { register, value };
  });
};

export function encodeOptionValues(values: readonly OptionValue[]): CborInput {
  return values.map(({ register, value }) => [register, value]);
}
