// Carries out a plan: unprotect, erase, program, read back, option bytes, start; in that order, so that a
// chip whose power goes in the middle is finished by planning and running once more.

import { concatBytes } from '@firmseal/bytes';
import { accessLevel, hexAddress, type OptionValues, readoutLevel } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Segment } from '@firmseal/image';
import type { ChipProgrammer } from '../chip-programmer.ts';
import { type PermanentConsent, requireConsent } from '../permanent-steps.ts';
import { firstDifference } from './compare.ts';
import type { OnFlashEvent } from './flash-event.ts';
import type { FlashPlan, UnitPlan } from './plan.ts';
import { isUnreadable } from './unreadable.ts';

export interface RunOptions {
  /** For the permanent steps of exactly this plan. */
  readonly consent?: PermanentConsent;
  readonly onEvent?: OnFlashEvent;
}

const bytesOf = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { bytes }) => sum + bytes.length, 0);

/**
 * Throws `permanent-steps-unconfirmed` before anything is done; `erase-not-done`, `write-not-done`,
 * `option-not-in-force`, and the faults of the way.
 */
export async function runPlan(
  programmer: ChipProgrammer,
  plan: FlashPlan,
  { consent, onEvent = () => {} }: RunOptions = {},
): Promise<void> {
  requireConsent(plan.chip, plan.permanent, consent);
  if (plan.unprotect) {
    await programmer.unprotect();
    onEvent({ event: 'unprotected' });
  }
  await erase(programmer, plan.units, onEvent);
  await write(programmer, plan.units, onEvent);
  await verify(programmer, plan.units, onEvent);
  await setOptions(programmer, plan, onEvent);
  if (plan.start !== undefined) {
    await programmer.start(plan.start);
    onEvent({ event: 'started', address: plan.start });
  }
}

async function erase(
  programmer: ChipProgrammer,
  units: readonly UnitPlan[],
  onEvent: OnFlashEvent,
): Promise<void> {
  const erased = units.filter(({ action }) => action === 'erase-and-program');
  if (erased.length === 0) return;
  await programmer.eraseUnits(
    erased.map(({ unit }) => unit),
    (done) => onEvent({ event: 'progress', stage: 'erase', done, total: erased.length }),
  );
  // Bootloaders acknowledge erases that write protection stopped. Programming over old content would
  // spoil it.
  for (const { unit, programmedAt = unit.addressStart } of erased) {
    const at = programmedAt - (programmedAt % 4);
    if ((await programmer.read(at, 4)).some((byte) => byte !== 0xff))
      throw new Fault('erase-not-done', { address: hexAddress(unit.addressStart) });
  }
}

async function write(
  programmer: ChipProgrammer,
  units: readonly UnitPlan[],
  onEvent: OnFlashEvent,
): Promise<void> {
  const runs = joined(units.flatMap(({ writes }) => writes));
  const total = bytesOf(runs);
  let before = 0;
  for (const { address, bytes } of runs) {
    await programmer.write(address, bytes, (done) =>
      onEvent({ event: 'progress', stage: 'write', done: before + done, total }),
    );
    before += bytes.length;
  }
}

/** Segments that touch each other as one: a way that starts a loader for each write starts it once. */
function joined(segments: readonly Segment[]): Segment[] {
  const runs: Segment[][] = [];
  for (const segment of segments) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && last.address + last.bytes.length === segment.address)
      runs.at(-1)!.push(segment);
    else runs.push([segment]);
  }
  return runs.map((run) => ({
    address: run[0]!.address,
    bytes: concatBytes(...run.map(({ bytes }) => bytes)),
  }));
}

async function verify(
  programmer: ChipProgrammer,
  units: readonly UnitPlan[],
  onEvent: OnFlashEvent,
): Promise<void> {
  const written = units.filter(({ action }) => action !== 'skip');
  const total = written.reduce((sum, { expected }) => sum + bytesOf(expected), 0);
  const segments = written.flatMap(({ expected }) => expected);
  if (segments.length > 0 && (await programmer.holds?.(segments)) === true) {
    onEvent({ event: 'progress', stage: 'verify', done: total, total });
    return;
  }
  let before = 0;
  for (const plan of written) {
    const tell = (done: number) =>
      onEvent({ event: 'progress', stage: 'verify', done: before + done, total });
    const differs = await differenceOf(programmer, plan, tell);
    if (differs !== undefined) {
      if (plan.action !== 'program') throw new Fault('write-not-done', { address: hexAddress(differs) });
      await writeAgain(programmer, plan, onEvent);
    }
    before += bytesOf(plan.expected);
  }
}

/** On parts with an error correcting code a word that was programmed twice cannot be read back. */
async function differenceOf(
  programmer: ChipProgrammer,
  { expected, unit }: UnitPlan,
  tell: (bytes: number) => void,
): Promise<number | undefined> {
  try {
    return await firstDifference(programmer, expected, tell);
  } catch (error) {
    if (isUnreadable(error)) return unit.addressStart;
    throw error;
  }
}

/** What looked erased and was not: erased, written and compared once. */
async function writeAgain(
  programmer: ChipProgrammer,
  { unit, writes, expected }: UnitPlan,
  onEvent: OnFlashEvent,
): Promise<void> {
  onEvent({ event: 'unit-again', address: unit.addressStart });
  await programmer.eraseUnits([unit]);
  for (const { address, bytes } of writes) await programmer.write(address, bytes);
  const differs = await firstDifference(programmer, expected);
  if (differs !== undefined) throw new Fault('write-not-done', { address: hexAddress(differs) });
}

const changedRegisters = (before: OptionValues, after: OptionValues): Map<number, number> =>
  new Map([...after].filter(([register, value]) => before.get(register) !== value));

async function setOptions(
  programmer: ChipProgrammer,
  { chip, options }: FlashPlan,
  onEvent: OnFlashEvent,
): Promise<void> {
  const { before, after, changes } = options;
  if (changes.length === 0) return;
  const closes = accessLevel(chip, after) === 2;
  try {
    await programmer.writeOptions(changedRegisters(before, after));
  } catch (error) {
    // A closed chip has nobody left to answer.
    if (!closes || !(error instanceof Fault)) throw error;
    onEvent({ event: 'chip-closed' });
    return;
  }
  const fields = changes.map(({ field }) => field);
  const { readProtected } = await programmer.identify();
  if (readProtected && readoutLevel(chip, after) > 0) {
    onEvent({ event: 'options-in-force', fields });
    return;
  }
  const found = await programmer.readOptions();
  for (const [register, value] of changedRegisters(before, after))
    if (found.get(register) !== value)
      throw new Fault('option-not-in-force', { register: chip.options.registers[register]!.name });
  onEvent({ event: 'options-in-force', fields });
}
