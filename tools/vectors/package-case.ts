// One vector of a package: a file, what its reader knows, and the outcome that spec/package.md gives it.

import type { Bytes } from '@firmseal/bytes';
import { type Chip, defaultOptionValues, findChip, withOptionField } from '@firmseal/chips';
import type { FaultCode } from '@firmseal/fault';
import type { ChipState } from '@firmseal/seal';
import { type Assembly, assemble, type Pieces, pieces } from './workshop.ts';

export interface PackageCase {
  readonly name: string;
  readonly file: Bytes;
  readonly fault?: FaultCode;
  /**
   * Where the link shows it in another way: records are lengths there, and the host
   * sends no more than announced.
   */
  readonly onLink?: FaultCode | 'none';
  readonly product?: string;
  readonly epoch?: number;
  readonly chip?: string;
  readonly state?: Partial<ChipState>;
  /** Left out when the outcome is met before it is needed. */
  readonly contentKey?: Bytes;
  /** Of the per-device areas, for the license. */
  readonly deviceData?: readonly Bytes[];
}

export function optionBytesAt(chipId: string, rdp: number, also: Readonly<Record<string, number>> = {}) {
  const chip = vectorChip(chipId);
  let values = withOptionField(chip, defaultOptionValues(chip), { name: 'RDP', value: rdp });
  for (const [name, value] of Object.entries(also)) values = withOptionField(chip, values, { name, value });
  return [...values].map(([register, value]) => ({ register, value }));
}

/**
 * No chip of the catalogue has a bit that can only be set: this one is an STM32F427 but for that one field.
 */
export const inventedChip = { id: 'invented', like: 'stm32f427', setOnlyField: 'WDG_SW' } as const;

/** A chip of the catalogue, or the invented one. */
export function vectorChip(id: string): Chip {
  const { like, setOnlyField } = inventedChip;
  if (id !== inventedChip.id) return findChip(id);
  const chip = findChip(like);
  const registers = chip.options.registers.map((register) => ({
    ...register,
    fields: register.fields.map((field) =>
      field.name === setOnlyField ? { ...field, policy: 'set-only' as const } : field,
    ),
  }));
  return { ...chip, id, options: { ...chip.options, registers } };
}

/** A personalized chip at readout level 2 that has counter 5. */
export function defaultState(chipId: string): ChipState {
  return {
    agentVersion: 1,
    agentCounter: 1,
    securityCounter: 5,
    readoutLevel: 2,
    levelKey: false,
    optionBytes: optionBytesAt(chipId, 0xcc),
  };
}

/** A case whose outcome is met in the header: the default package with one change, without its records. */
export async function headerCase(
  name: string,
  fault: FaultCode,
  change: (parts: Pieces) => Assembly | undefined | Promise<Assembly | undefined>,
  context: Partial<PackageCase> = {},
): Promise<PackageCase> {
  const parts = await pieces();
  const assembly = (await change(parts)) ?? {};
  return { name, fault, file: assemble(parts, { withoutRecords: true, ...assembly }), ...context };
}
