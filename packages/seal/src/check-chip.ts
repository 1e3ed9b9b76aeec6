// What a chip adds to the checks of a package header: spec/package.md section 6, steps 7 to 10. With the
// catalogue alone steps 7 and 9; with the state of one chip (from its hello) 8 and 10 too.

import { type Chip, eraseUnitAt, hexAddress, policyBits, readoutLevel } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { effectiveReadoutLevel, type OptionValue, type ReadoutLevel } from '@firmseal/formats';
import type { Area } from './areas.ts';
import type { ManifestCore } from './core.ts';
import { agentAreaOf, type Manifest } from './manifest.ts';
import type { OptionRequirement } from './requirements.ts';

/** What a chip says of itself. */
export interface ChipState {
  readonly agentVersion: number;
  readonly securityCounter: number;
  /** Of the agent that runs; left out where nobody told it, and then it is not looked at. */
  readonly agentCounter?: number;
  /** An install of firmware was begun and has not ended. */
  readonly installPending?: boolean;
  /** As read. */
  readonly readoutLevel: ReadoutLevel;
  /** Whether somebody's key can take the readout level back. */
  readonly levelKey: boolean;
  readonly optionBytes: readonly OptionValue[];
}

/** The second slot of the agent, and nothing else. */
function checkAgentTarget(chip: Chip, { address, lengthBytes }: Area): void {
  const { addressStart, length } = chip.layout.agentCopy;
  if (address !== addressStart || lengthBytes > length)
    throw new Fault('agent-target-wrong', { chip: chip.id, address: hexAddress(address) });
  if (lengthBytes % chip.write.unitBytes !== 0)
    throw new Fault('area-misaligned', { area: 0, chip: chip.id });
}

function checkArea(chip: Chip, area: Area, ordinal: number, before: Area | undefined): void {
  const { address, lengthBytes, kind } = area;
  if (kind === 'agent') {
    checkAgentTarget(chip, area);
    return;
  }
  const inside = chip.layout.slots.some(
    ({ storeStart, length }) => address >= storeStart && address + lengthBytes <= storeStart + length,
  );
  if (!inside) throw new Fault('area-outside-application', { area: ordinal, chip: chip.id });
  const { unitBytes } = chip.write;
  if (address % unitBytes !== 0 || lengthBytes % unitBytes !== 0)
    throw new Fault('area-misaligned', { area: ordinal, chip: chip.id });
  if (before) {
    const lastBefore = eraseUnitAt(chip, before.address + before.lengthBytes - 1);
    if (lastBefore?.index === eraseUnitAt(chip, address)?.index)
      throw new Fault('area-overlap', { area: ordinal, chip: chip.id });
  }
  if (kind === 'generated-keys' && !chip.hasRandomGenerator)
    throw new Fault('area-kind-unsupported', { area: ordinal, chip: chip.id });
}

/** Readout protection is asked for as a whole; other bits one by one. */
function checkRequirement(chip: Chip, { register, mask }: OptionRequirement): void {
  const { neutral, clearOnly, setOnly, readout } = policyBits(chip, register);
  const known = (mask & ~(neutral | clearOnly | setOnly | readout)) === 0;
  const wholeLevel = (mask & readout) === 0 || (mask & readout) >>> 0 === readout;
  if (!known || !wholeLevel) throw new Fault('policy-field-unknown', { register, chip: chip.id });
}

interface Difference {
  readonly differs: boolean;
  readonly weakens: boolean;
}

/** Levels are compared, not bytes: many bytes mean level 1. */
function compareRequirement(
  chip: Chip,
  requirement: OptionRequirement,
  optionBytes: ReadonlyMap<number, number>,
): Difference {
  const { register, mask, value } = requirement;
  const present = optionBytes.get(register) ?? 0;
  const { clearOnly, setOnly, readout } = policyBits(chip, register);
  const differing = (present ^ value) & mask & ~readout;
  let differs = differing !== 0;
  let weakens = (differing & clearOnly & value) !== 0 || (differing & setOnly & ~value) !== 0;
  if ((mask & readout) !== 0) {
    const asked = readoutLevel(chip, new Map(optionBytes).set(register, value));
    const inForce = readoutLevel(chip, optionBytes);
    differs ||= asked !== inForce;
    weakens ||= asked < inForce;
  }
  return { differs, weakens };
}

function checkAgentState({ agentCounter: offered = 0 }: Area, state: ChipState): void {
  const { agentCounter: stored, installPending = false } = state;
  if (stored !== undefined && offered <= stored)
    throw new Fault('agent-counter-rolled-back', { offered, stored });
  if (installPending) throw new Fault('agent-install-pending');
}

function checkCounters({ core }: Manifest, state: ChipState): void {
  if (state.agentVersion < core.leastAgentVersion)
    throw new Fault('agent-too-old', { agentVersion: state.agentVersion, least: core.leastAgentVersion });
  const agent = agentAreaOf(core);
  if (agent) {
    checkAgentState(agent, state);
    return;
  }
  const [offered, stored] = [core.securityCounter, state.securityCounter];
  if (offered < stored) throw new Fault('counter-rolled-back', { offered, stored });
}

function checkProtection(chip: Chip, { core }: Manifest, state: ChipState): void {
  const level = effectiveReadoutLevel(state);
  if (level < core.leastReadoutLevel)
    throw new Fault('readout-level-too-low', { level, least: core.leastReadoutLevel });
  const optionBytes = new Map(state.optionBytes.map(({ register, value }) => [register, value]));
  const compared = core.optionBytes.map((one) => compareRequirement(chip, one, optionBytes));
  if (compared.some(({ weakens }) => weakens)) throw new Fault('policy-not-stronger', { chip: chip.id });
  if (state.readoutLevel === 2 && compared.some(({ differs }) => differs))
    throw new Fault('policy-locked', { chip: chip.id });
}

/**
 * Steps 7 and 9, and with `state` 8 and 10, in that order. Throws `manifest-chip-wrong`,
 * `area-outside-application`, `area-misaligned`, `area-overlap`, `area-kind-unsupported`;
 * `agent-target-wrong`; `agent-too-old`, `counter-rolled-back`, `agent-counter-rolled-back`,
 * `agent-install-pending`, `policy-field-unknown`; `readout-level-too-low`,
 * `policy-not-stronger`, `policy-locked`.
 */
export function checkForChip(manifest: Manifest, chip: Chip, state?: ChipState): void {
  const { chips, areas, optionBytes } = manifest.core;
  if (!chips.includes(chip.id)) throw new Fault('manifest-chip-wrong', { chip: chip.id });
  for (const [i, area] of areas.entries()) checkArea(chip, area, i, areas[i - 1]);
  if (state) checkCounters(manifest, state);
  for (const requirement of optionBytes) checkRequirement(chip, requirement);
  if (state) checkProtection(chip, manifest, state);
}

/**
 * The first requirement that the option bytes do not meet, bits of readout protection apart;
 * a missing register meets none.
 */
export function unmetRequirement(
  chip: Chip,
  core: Pick<ManifestCore, 'optionBytes'>,
  found: readonly OptionValue[],
): OptionRequirement | undefined {
  const optionBytes = new Map(found.map(({ register, value }) => [register, value]));
  return core.optionBytes.find(({ register, mask, value }) => {
    const asked = mask & ~policyBits(chip, register).readout;
    const present = optionBytes.get(register);
    return asked !== 0 && (present === undefined || ((present ^ value) & asked) !== 0);
  });
}

/**
 * The effective level below which an install is UNPROTECTED: that of the manifest, of its
 * requirements, of the chip's tier.
 */
export function protectionAsked(
  chip: Chip,
  core: Pick<ManifestCore, 'leastReadoutLevel' | 'optionBytes'>,
): ReadoutLevel {
  return Math.max(packageReadoutLevel(chip, core), chip.tier.readoutLevel) as ReadoutLevel;
}

/** The effective level that the package itself asks for: that of the manifest and of its requirements. */
export function packageReadoutLevel(
  chip: Chip,
  core: Pick<ManifestCore, 'leastReadoutLevel' | 'optionBytes'>,
): ReadoutLevel {
  const required = askedReadoutLevel(chip, core.optionBytes) ?? 0;
  return Math.max(core.leastReadoutLevel, required) as ReadoutLevel;
}

/** Readout level that a set of option bytes asks for; undefined when it does not ask for one. */
export function askedReadoutLevel(
  chip: Chip,
  requirements: readonly OptionRequirement[],
): ReadoutLevel | undefined {
  const asked = requirements.find(({ register, mask }) => (mask & policyBits(chip, register).readout) !== 0);
  if (!asked) return undefined;
  return readoutLevel(chip, new Map([[asked.register, asked.value]]));
}
