// Compares a chip with what the catalogue says of it, through any way of programming. The chip's flash is
// erased and put back, as far as it could be read before; its option bytes too. What a step found is written
// down whether it was expected or not; a fault of the way in one step ends that step alone.

import { equalBytes, toHex } from '@firmseal/bytes';
import { type Chip, hexAddress, type OptionValues, optionField, withOptionField } from '@firmseal/chips';
import { Fault, faultLabel } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import type { PlaceKind } from '@firmseal/places';
import { type ChipIdentity, type ChipProgrammer, isUnreadable, optionTexts } from '@firmseal/programming';
import type { CheckOutcome, SiliconCheck, SiliconReport } from './report.ts';

export interface CheckOptions {
  /** Reached and at readout level 0. */
  readonly programmer: ChipProgrammer;
  readonly clock: Clock;
  readonly placeKind: Exclude<PlaceKind, 'station' | 'written'>;
  readonly now: Date;
  readonly firmsealVersion: string;
  readonly board?: string;
  /** Puts the unique id into the report. */
  readonly withUniqueId?: boolean;
  readonly onCheck?: (check: SiliconCheck) => void;
}

/** What a check found, without its name and time. */
type Found = Omit<SiliconCheck, 'name' | 'milliseconds'>;

const judged = (isRight: boolean, expected: string, found: string): Found => ({
  outcome: isRight ? 'pass' : 'fail',
  expected,
  found,
});

const noted = (found: string): Found => ({ outcome: 'noted', found });

const patternBytes = 4096;
const pattern = Uint8Array.from(
  { length: patternBytes },
  (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 0xff,
);

function identityFound({ identity, flash, romBootloader }: Chip, found: ChipIdentity): Found {
  const expected = `device id ${hexAddress(identity.deviceId)}, ${flash.sizeBytes / 1024} KiB`;
  const size = found.flashSizeBytes ?? flash.sizeBytes;
  const id = found.deviceId ?? identity.deviceId;
  const isRight = size === flash.sizeBytes && [identity.deviceId, romBootloader.productId].includes(id);
  return judged(isRight, expected, `device id ${hexAddress(id)}, ${size / 1024} KiB`);
}

/** Read in the ROM where the bootloader did not say it. */
async function romVersion(programmer: ChipProgrammer, said: number | undefined): Promise<Found> {
  const { address, known } = programmer.chip.romBootloader.version;
  const text = (value: number) => `0x${value.toString(16).padStart(2, '0')}`;
  const expected = known.map(text).join(' or ');
  try {
    const version = said ?? (await programmer.read(address, 1))[0]!;
    return judged(known.includes(version), expected, text(version));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { outcome: 'skipped', expected, found: 'this way does not show the ROM' };
  }
}

/** What the ROM says that it can do, beside the catalogue. */
function romInterfaceFound(
  { romBootloader }: Chip,
  way: ChipProgrammer['way'],
  said?: readonly string[],
): Found {
  const { uart, dfu } = romBootloader;
  const commands = uart?.commands.map((one) => `0x${one.toString(16).padStart(2, '0')}`);
  const known = way === 'dfuse' ? dfu?.alternates : commands;
  if (said === undefined || known === undefined)
    return { outcome: 'skipped', found: 'this way has no ROM bootloader' };
  return judged(known.join() === said.join(), known.join(', '), said.join(', '));
}

/** Words about the longest time that the flash may take. */
function programTime({ timing, write }: Chip, bytes: number): string {
  const one = timing.program[write.parallelism];
  if (one === undefined) return '';
  return `, in at most ${Math.ceil((one.maximumUs * bytes) / write.unitBytes / 1000)} ms and what the line needs`;
}

/** The last erase unit: no program that somebody left begins there. */
const sparedUnit = (chip: Chip) => chip.flash.eraseUnits.at(-1)!;

function longestEraseMs(chip: Chip, sizeBytes: number): number {
  const times = Object.values(chip.timing.erase.get(sizeBytes) ?? {}).map(({ maximumUs }) => maximumUs);
  return Math.max(0, ...times) / 1000;
}

/**
 * Bytes of the other bits over a word that is programmed, as a program that is cut
 * and begun again would write.
 */
async function secondProgram(programmer: ChipProgrammer): Promise<Found> {
  const { addressStart } = sparedUnit(programmer.chip);
  const length = programmer.chip.write.unitBytes;
  const before = pattern.slice(0, length);
  const other = before.map((byte) => ~byte & 0xff);
  try {
    await programmer.write(addressStart, other);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return noted(`refused: ${error.code}`);
  }
  try {
    const found = await programmer.read(addressStart, length);
    if (equalBytes(found, before)) return noted('left as it was');
    const isAnd = found.every((byte, i) => byte === (before[i]! & other[i]!));
    return noted(isAnd ? 'both ANDed' : `something else: ${toHex(found)}`);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return noted('cannot be read any more');
  }
}

const brownOutField = ({ options }: Chip): string =>
  options.registers.flatMap(({ fields }) => fields).find(({ name }) => /^BOR(F)?_LEV$/.test(name))!.name;

async function optionChange(programmer: ChipProgrammer, before: OptionValues): Promise<Found> {
  const { chip } = programmer;
  const name = brownOutField(chip);
  const value = optionField(chip, before, name) === 1 ? 2 : 1;
  const changed = withOptionField(chip, before, { name, value });
  await programmer.writeOptions(changed);
  const found = optionField(chip, await programmer.readOptions(), name);
  await programmer.writeOptions(new Map([...before].filter(([register]) => changed.has(register))));
  const back = optionField(chip, await programmer.readOptions(), name);
  const isRight = found === value && back === optionField(chip, before, name);
  return judged(
    isRight,
    `${name} takes ${value} and comes back`,
    `${name} took ${found} and came back as ${back}`,
  );
}

/**
 * Runs the checks; the chip keeps what it had but for the last erase unit, which is erased, written and put
 * back. Throws the faults of the way where the chip could not be reached at all, `chip-read-protected`.
 */
export async function checkSilicon(options: CheckOptions): Promise<SiliconReport> {
  const { programmer, clock, onCheck } = options;
  const { chip } = programmer;
  const checks: SiliconCheck[] = [];
  const run = async (name: string, action: () => Promise<Found>): Promise<CheckOutcome> => {
    const startMs = clock.nowMs();
    let found: Found;
    try {
      found = await action();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      found = { outcome: 'fail', found: `${faultLabel(error.code)} ${error.code}: ${error.message}` };
    }
    const check = { name, ...found, milliseconds: Math.round(clock.nowMs() - startMs) };
    checks.push(check);
    onCheck?.(check);
    return check.outcome;
  };

  const identity = await programmer.identify();
  if (identity.readProtected) throw new Fault('chip-read-protected', { chip: chip.id });
  await run('identity', async () => identityFound(chip, identity));
  await run('rom-version', () => romVersion(programmer, identity.bootloaderVersion));
  await run('rom-interface', async () => romInterfaceFound(chip, programmer.way, identity.romInterface));
  const before = await programmer.readOptions();
  await run('option-bytes', async () => ({ outcome: 'pass', found: optionTexts(chip, before).join(', ') }));

  const unit = sparedUnit(chip);
  const kept = await programmer.read(unit.addressStart, unit.sizeBytes).catch(() => undefined);
  await run('erase', async () => {
    const startMs = clock.nowMs();
    await programmer.eraseUnits([unit]);
    const tookMs = clock.nowMs() - startMs;
    const found = await programmer.read(unit.addressStart, Math.min(patternBytes, unit.sizeBytes));
    const mostMs = longestEraseMs(chip, unit.sizeBytes);
    return judged(
      found.every((byte) => byte === 0xff),
      `erased, in at most ${mostMs} ms and what the line needs`,
      `${found.every((byte) => byte === 0xff) ? 'erased' : 'not erased'}, in ${Math.round(tookMs)} ms`,
    );
  });
  await run('write-and-read', async () => {
    const bytes = pattern.subarray(0, Math.min(patternBytes, unit.sizeBytes));
    const startMs = clock.nowMs();
    await programmer.write(unit.addressStart, bytes);
    const tookMs = Math.round(clock.nowMs() - startMs);
    const found = await programmer.read(unit.addressStart, bytes.length);
    const isEqual = equalBytes(found, bytes);
    return judged(
      isEqual,
      `reads back as written${programTime(chip, bytes.length)}`,
      `${isEqual ? 'does' : 'differs'}; written in ${tookMs} ms`,
    );
  });
  await run('second-program', () => secondProgram(programmer));
  await run('option-change', () => optionChange(programmer, before));
  await run('put-back', async () => {
    await programmer.eraseUnits([unit]);
    if (kept === undefined) return noted('the unit could not be read before: it is erased now');
    if (kept.some((byte) => byte !== 0xff)) await programmer.write(unit.addressStart, kept);
    const found = await programmer.read(unit.addressStart, unit.sizeBytes);
    return judged(equalBytes(found, kept), 'flash as it was', equalBytes(found, kept) ? 'is' : 'differs');
  });
  const { uniqueId, readProtected: _, romInterface: __, ...shown } = identity;
  return {
    ...{ format: 'firmseal-silicon-report', version: 1, firmseal: options.firmsealVersion },
    ...{ at: options.now.toISOString(), chip: chip.id, placeKind: options.placeKind, way: programmer.way },
    ...(options.board !== undefined && { board: options.board }),
    identity: {
      ...shown,
      ...(options.withUniqueId === true && uniqueId !== undefined && { uniqueId: toHex(uniqueId) }),
    },
    checks,
  };
}
