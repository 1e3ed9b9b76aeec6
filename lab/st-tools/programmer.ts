// STM32_Programmer_CLI as the stand-in has it: words in, lines out. Never ST's software (README.md).

import { installLines } from './install-lines.ts';
import { certificateOf, has, licenseFor, type StandInChip, type StandInFiles, type World } from './world.ts';

const hex = (value: number): string => `0x${value.toString(16).toUpperCase()}`;

/** The word after `name`, or undefined. */
const after = (words: readonly string[], name: string, distance = 1): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + distance];
};

const setting = (words: readonly string[], name: string): string | undefined =>
  words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);

function findChip({ chips }: World, words: readonly string[]): StandInChip | undefined {
  const serial = setting(words, 'sn');
  return serial === undefined ? chips[0] : chips.find(({ serialNumber }) => serialNumber === serial);
}

function* banner({ toolVersion }: World): Generator<string> {
  yield '      -------------------------------------------------------------------';
  yield `                        STM32CubeProgrammer v${toolVersion}                  `;
  yield '      -------------------------------------------------------------------';
  yield '';
}

/** Whether the chip answers. */
function* connect(chip: StandInChip | undefined): Generator<string, boolean> {
  if (chip === undefined) {
    yield 'Error: No debug probe detected.';
    return false;
  }
  if (chip.probe === 'j-link') yield 'J-Link V11.00';
  else yield `ST-LINK SN  : ${chip.serialNumber}`;
  if (chip.shut) {
    yield 'Error: Cannot connect to access port 1!';
    yield 'Error: No STM32 target found! If your product embeds Debug Authentication, please perform a discovery using Debug Authentication';
    return false;
  }
  if (has(chip, 'level-half')) yield 'ST-LINK error (DEV_TARGET_NOT_HALTED)';
  yield 'Connect mode: Hot Plug';
  yield `Device ID   : 0x${chip.deviceId.toString(16)}`;
  yield `Device name : ${chip.deviceName}`;
  return true;
}

function* showOptions(chip: StandInChip): Generator<string, number> {
  yield 'UPLOADING OPTION BYTES DATA ...';
  yield '  Bank          : 0x00';
  yield '  Size          : 36 Bytes';
  yield 'OPTION BYTES BANK: 0';
  for (const [name, value] of Object.entries(chip.fields))
    yield `     ${name.padEnd(13)}: ${hex(value)} (stand-in)`;
  return 0;
}

/** Lines of the card while it makes a license, as published; it counts down before the file is written. */
function* drawLicense(
  world: World,
  words: readonly string[],
  files: StandInFiles,
): Generator<string, number> {
  const certificate = files.read(after(words, '-hsmglfcb')!);
  yield 'Init Communication ...';
  yield 'P11 lib initialization Success!';
  yield 'Opening session with slot ID 1...';
  if (world.chips.some((chip) => has(chip, 'card-away'))) {
    yield 'Error: no card';
    return 1;
  }
  if (certificate === undefined || world.card.counter === 0) {
    yield 'Error: license not generated';
    return 1;
  }
  yield 'Succeed to Open session with reader slot ID 1';
  world.card.counter--;
  yield 'Succeed to generate license for the current STM32 device';
  yield 'Closing session with reader slot ID 1...';
  files.write(after(words, '-hsmglfcb', 2)!, licenseFor(certificate, world.card.key));
  yield 'Session closed with reader slot ID 1';
  return 0;
}

const lifecycleNames: Readonly<Record<number, string>> = {
  237: 'OPEN',
  57: 'OPEN',
  23: 'PROVISIONING',
  46: 'IROT_PROVISIONED',
  198: 'TZ_CLOSED',
  114: 'CLOSED',
  92: 'LOCKED',
};

function* discovery(chip: StandInChip | undefined): Generator<string, number> {
  yield 'Start Debug Authentication Sequence';
  if (chip === undefined || has(chip, 'discovery-fails')) {
    yield 'Error: Failed to communicate with target !';
    return 1;
  }
  if (has(chip, 'no-mailbox')) {
    yield 'Error: Unable to detect DBGMCU Mailbox';
    return 1;
  }
  yield 'discovery: target ID.......................:0x484';
  yield `discovery: PSA lifecycle...................:ST_LIFECYCLE_${lifecycleNames[chip.fields['PRODUCT_STATE'] ?? 0] ?? 'UNKNOWN'}`;
  yield `discovery: ST provisioning integrity status:${chip.provisioned ? '0xeaeaeaea' : '0xf5f5f5f5'}`;
  yield 'Debug Authentication: Discovery Success';
  return 0;
}

function* setState(chip: StandInChip, value: number): Generator<string, number> {
  if (value === 0xed && chip.fields['PRODUCT_STATE'] === 0x17) {
    yield 'Error: Expected value for Option Byte "PRODUCT_STATE": 0xED, found: 0x17';
    yield 'Error: Option Byte Programming failed';
    return 1;
  }
  chip.fields['PRODUCT_STATE'] = value;
  chip.shut = value === 0x72;
  yield 'Error: failed to reconnect after reset !';
  return 1;
}

/** Faults of provisioning, each by the words of the table. */
const provisioningFaults: Readonly<Record<string, string>> = {
  'obk-size': 'Error: RSSLIB_SETOBKEY_BAD_SIZE',
  'obk-encrypted': 'Error: OBKey Provisioning failed',
};

function* provision(chip: StandInChip, file: string | undefined): Generator<string, number> {
  if (file === undefined) {
    yield 'Error: The sdp option in the command line is missing the obk filepath';
    return 0;
  }
  const fault = chip.faults.find((name) => name in provisioningFaults);
  if (fault !== undefined) {
    yield provisioningFaults[fault]!;
    return 1;
  }
  chip.provisioned = true;
  yield 'OBKey Provisioned successfully';
  return 0;
}

function* withChip(
  world: World,
  chip: StandInChip,
  words: readonly string[],
  files: StandInFiles,
): Generator<string, number> {
  if (words.includes('-gc')) {
    if (has(chip, 'certificate-partition')) {
      yield 'Error: an error occurred while uploading data from the virtual partition 0xF1';
      return 1;
    }
    yield 'Requesting Chip Certificate from device ...';
    files.write(after(words, '-gc')!, certificateOf(chip));
    yield 'Get Certificate done successfully';
    return 0;
  }
  if (words.includes('-sdp')) return yield* provision(chip, after(words, '-sdp'));
  const state = setting(words, 'PRODUCT_STATE') ?? after(words, '-psrss');
  if (state !== undefined) return yield* setState(chip, Number(state));
  if (words.includes('-ob')) return yield* showOptions(chip);
  if (words.includes('-sfi')) {
    const at = words.indexOf('hsm=0');
    const license = files.read(words[at + 1] ?? '');
    yield '  SFI header information    : ';
    yield '  SFI protocol version        : 2';
    if (license === undefined) {
      yield 'Error: license file not found';
      return 1;
    }
    return yield* installLines(world, chip, license);
  }
  yield 'Error: Wrong command line';
  return 1;
}

/** Lines of one run; the exit status at the end. The world changes between the lines. */
export function* programmer(
  world: World,
  words: readonly string[],
  files: StandInFiles,
): Generator<string, number> {
  yield* banner(world);
  if (words.includes('--version')) return 0;
  if (words.includes('-hsmgetcounter')) {
    if (world.chips.some((chip) => has(chip, 'counter-unreadable'))) return 1;
    yield `HSM license counter : ${world.card.counter}`; // invented
    return 0;
  }
  if (words.includes('-hsmgetstatus')) {
    yield `HSM STATE : ${world.card.status}`; // invented
    return 0;
  }
  if (words.includes('-hsmgetinfo')) {
    yield `HSM FW IDENTIFIER : ${world.card.firmware}`;
    return 0;
  }
  if (words.includes('-hsmglfcb')) return yield* drawLicense(world, words, files);
  const chip = findChip(world, words);
  if (words.includes('debugauth=2')) return yield* discovery(chip);
  if (!(yield* connect(chip))) return 1;
  return yield* withChip(world, chip!, words, files);
}
