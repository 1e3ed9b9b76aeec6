// The lines of an install in the order of published logs, with the changes of the chip between them. A death
// of the tool is the end of the iteration: what was not reached has not happened.

import { has, licenseFits, type StandInChip, type World } from './world.ts';

/** The line at which each fault of the table ends an install, and what it leaves. */
interface InstallFault {
  readonly at: 'start' | 'license' | 'areas' | 'end';
  readonly lines: readonly string[];
  readonly leaves?: Readonly<Record<string, number>>;
  readonly shut?: true;
}

const rss = (value: string) => `Error: Execution of RSS CMD failed, returned value = ${value}`;
const catchAll = [
  'Error: SECURITY State Fail',
  'Error: Invalid state after SFI install !',
  'Error: RSS internal system error or License is invalid !',
];

export const installFaults: Readonly<Record<string, InstallFault>> = {
  'rss-catch-all': { at: 'end', lines: catchAll },
  'rss-catch-all-jlink': { at: 'end', lines: catchAll },
  'rss-0x1': { at: 'license', lines: [rss('0x1')] },
  'rss-0xf5-u5': { at: 'license', lines: [rss('0xF5F5F5F5')] },
  'rss-0xf5-h5': {
    at: 'start',
    lines: [rss('0xF5F5F5F5'), 'Error: Failed to get RSSe Status!', 'Error: Cannot launch RSSe...'],
  },
  'chip-firmware-old': {
    at: 'start',
    lines: ['Error: SFI command is not supported for the current device configuration ...'],
  },
  'stops-after-license': { at: 'license', lines: ['Error: Operation failed'] },
  'once-only': { at: 'license', lines: ['Error: Operation failed'] },
  'no-active-configuration': {
    at: 'end',
    lines: [
      'Reconnected !',
      "Error: Database: There's no active configuration for this device. All the 8 configurations are disabled!",
    ],
  },
  'trustzone-already-on': { at: 'license', lines: ['Error: Operation failed'] },
  'failed-in-provisioning': {
    at: 'areas',
    lines: ['Error: Operation failed'],
    leaves: { PRODUCT_STATE: 0x17, TZEN: 0xb4 },
  },
  'part-without-sfi': { at: 'start', lines: ['Error: Activating security Failure'] },
  'unreachable-after': { at: 'end', lines: ['Error: Operation failed'], shut: true },
  'wrong-card': { at: 'license', lines: ['Error: Operation failed', 'Your device may be lost FOREVER'] },
};

function* failAt(chip: StandInChip, at: InstallFault['at']): Generator<string, boolean> {
  for (const name of chip.faults) {
    const fault = installFaults[name];
    if (fault === undefined || fault.at !== at) continue;
    if (name === 'once-only' && chip.installs === 0) continue;
    Object.assign(chip.fields, fault.leaves ?? {});
    chip.shut ||= fault.shut === true;
    yield* fault.lines;
    return true;
  }
  return false;
}

function* optionStep(chip: StandInChip, name: string, value: number): Generator<string> {
  if (chip.fields[name] === value) {
    yield `Warning: Option Byte: ${name}, value: 0x${value.toString(16).toUpperCase()}, was not modified.`;
    yield "Warning: Option Bytes are unchanged, Data won't be downloaded";
    yield 'Time elapsed during option Bytes configuration: 00:00:00.004';
    return;
  }
  chip.fields[name] = value;
  yield 'Reconnecting...';
  yield 'Reconnected !';
  yield 'Time elapsed during option Bytes configuration: 00:00:02.139';
}

function* before(chip: StandInChip): Generator<string> {
  if (chip.family === 'h7') {
    yield 'Activating security Success';
    chip.fields['SECURITY'] = 1;
    yield 'Succeed to set write mode for SFI';
    yield 'Starting SFI part 1';
    return;
  }
  if ('TZEN' in chip.fields && chip.family !== 'h5' && chip.family !== 'h7rs') {
    yield* optionStep(chip, 'TZEN', 1);
    yield* optionStep(chip, 'nSWBOOT0', 0);
    yield 'RSS version = 1.4.0';
    yield 'STM32 Descriptor successfully read';
    yield 'RSSe version = 4.0.0';
    yield 'Starting SFI';
    return;
  }
  yield 'Get RSSe status...';
}

function* areaLines(chip: StandInChip): Generator<string> {
  if (chip.family === 'h7') {
    yield 'Writing Img header to address 0x24031000';
    yield 'Writing areas and areas wrapper...';
    yield 'RSS process started...';
    yield 'RSS command execution OK';
    yield 'RSS complete Value = 0x0';
    yield 'Reconnected !';
    yield 'Warning: Could not verify security state after last chunk programming';
    yield 'all areas processed';
    return;
  }
  yield 'Installing Areas...';
  yield 'Succeed to write Areas';
  yield 'Attempt to reconnect to check on SFI success...';
}

const licenseLine: Partial<Record<string, string>> = {
  h7: 'Writing license to address 0x24030800',
  h5: 'License Install',
  h7rs: 'License Install',
};

/** From "Starting Firmware Install operation" on; the exit status. */
export function* installLines(
  world: World,
  chip: StandInChip,
  license: Uint8Array,
): Generator<string, number> {
  yield 'Starting Firmware Install operation...';
  if (yield* failAt(chip, 'start')) return 1;
  yield* before(chip);
  yield licenseLine[chip.family] ?? 'Processing license...';
  if (yield* failAt(chip, 'license')) return 1;
  if (!licenseFits(license, chip, world.imageKey)) {
    yield* catchAll;
    return 1;
  }
  yield* areaLines(chip);
  if (yield* failAt(chip, 'areas')) return 1;
  if (yield* failAt(chip, 'end')) return 1;
  const early = has(chip, 'success-in-provisioning');
  Object.assign(chip.fields, early ? { PRODUCT_STATE: 0x17, BOOT_UBE: 0xc3 } : chip.final);
  chip.installed = true;
  chip.installs++;
  if (chip.fields['PRODUCT_STATE'] === 0x72) chip.shut = true;
  if (chip.family === 'h5' || chip.family === 'h7rs') yield 'Error: failed to reconnect after reset !';
  if (has(chip, 'silent-about-success')) return 0;
  yield chip.family === 'h7' ? 'SFI Process Finished!' : 'SFI install operation success';
  yield 'Time elapsed during SFI install operation: 00:00:07.060';
  if (has(chip, 'fails-with-success')) return 1;
  return 0;
}
