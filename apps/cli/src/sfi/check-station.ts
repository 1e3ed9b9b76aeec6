// Checks of tool, card and chip through ST's program: all before a license is drawn, and none of them changes
// anything.

import { basename } from 'node:path';
import {
  type ChipState,
  diagnose,
  type OptionMeanings,
  readState,
  type SfiFamily,
  type StTool,
  stWords,
  type ToolLog,
  ToolLogReader,
  type ToolPort,
} from '@firmseal/sfi';
import { type Finding, good, note, notLooked, problem } from '../doctor/finding.ts';
import { howMany } from '../how-many.ts';
import { programWidth } from './program-width.ts';

export interface StationToCheck {
  readonly tool: StTool;
  readonly program: string;
  readonly port: ToolPort;
  readonly family: SfiFamily;
  readonly slot: number | undefined;
  readonly rsse: string | undefined;
  readonly meanings: OptionMeanings | undefined;
}

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

async function logOf(tool: StTool, words: readonly string[]): Promise<ToolLog> {
  const reader = new ToolLogReader();
  await tool.run(words, (line) => reader.take(line));
  return reader.log;
}

/** By the file's name alone: its content is ST's secret. */
function checkRsse(family: SfiFamily, rsse: string | undefined, toolVersion: string | undefined): Finding[] {
  if (rsse === undefined)
    return family.rsse
      ? [
          problem(
            'rsse',
            `an install of ${family.name} takes an RSSe file`,
            'Give --rsse, the file for this family and version of the tool.',
          ),
        ]
      : [];
  const name = basename(rsse);
  const named = /STM32([A-Z]+\d\w?)/i.exec(name)?.[0]?.toUpperCase();
  const kind = /sfi/i.test(name)
    ? []
    : [note('rsse', `${name} does not call itself a file for SFI`, 'Other RSSe files install nothing.')];
  const other =
    named !== undefined &&
    !family.name.startsWith(named.slice(0, family.name.length)) &&
    !named.startsWith(family.name)
      ? [
          problem(
            'rsse',
            `${name} is named for ${named}, not for ${family.name}`,
            'Take the RSSe file of the family.',
          ),
        ]
      : [];
  const minor = Number(toolVersion?.split('.')[1] ?? Number.NaN);
  const replaced =
    minor >= 14 && minor <= 17
      ? [
          note(
            'rsse',
            `RSSe files of version 2.${minor} are among those that ST asks to replace (SA0022)`,
            'Take the file of X-CUBE-RSSe 1.0.0 or later.',
          ),
        ]
      : [];
  const found = [...kind, ...other, ...replaced];
  return found.length > 0 ? found : [good('rsse', name)];
}

async function checkTool({ tool, program, family, rsse }: StationToCheck): Promise<Finding[]> {
  const { toolVersion } = await logOf(tool, stWords.version());
  const findings =
    toolVersion === undefined
      ? [note('tool', `${program} tells no version`, 'Look whether it is STM32_Programmer_CLI.')]
      : [good('tool', `STM32CubeProgrammer ${toolVersion}`)];
  const width = programWidth(program);
  if (width === 32)
    findings.push(
      problem(
        'tool-width',
        'the program is a 32-bit build, whose debug authentication fails',
        'Install the 64-bit build.',
      ),
    );
  if (width === undefined)
    findings.push(notLooked('tool-width', `${program} is no program file that tells its width`));
  return [...findings, ...checkRsse(family, rsse, toolVersion)];
}

async function checkCard({ tool, slot }: StationToCheck): Promise<Finding[]> {
  if (slot === undefined) return [notLooked('card', 'no --slot was given')];
  const counter = (await logOf(tool, stWords.cardCounter(slot))).cardCounter;
  const { cardState } = await logOf(tool, stWords.cardStatus(slot));
  const { cardFirmware } = await logOf(tool, stWords.cardInfo(slot));
  const about = [
    ...(cardState === undefined ? [] : [`state ${cardState.trim()}`]),
    ...(cardFirmware === undefined ? [] : [`firmware ${cardFirmware}`]),
  ].join(', ');
  const findings: Finding[] = [];
  if (counter === undefined)
    findings.push(
      note('card', `the counter in slot ${slot} could not be read`, 'Look at reader, slot and card.'),
    );
  else if (counter === 0) findings.push(problem('card', 'the counter is 0', 'Take another card.'));
  else findings.push(good('card', `${howMany(counter, 'license')} left${about === '' ? '' : `, ${about}`}`));
  if (cardState !== undefined && !/OPERATIONAL/i.test(cardState))
    findings.push(
      problem(
        'card',
        `the card is in ${cardState.trim()}`,
        'A card that makes licenses is in OPERATIONAL_STATE; program it first.',
      ),
    );
  return findings;
}

/** What the option-byte file changes, against the chip as it is. */
function diffOf(meanings: OptionMeanings, state: ChipState): Finding[] {
  const fields = meanings.registers.flatMap((register) => register.fields);
  const changed = fields.flatMap(({ name, value }) => {
    const now = state.fields[name];
    return now === undefined || now === value ? [] : [`${name} ${hex(now)} to ${hex(value)}`];
  });
  const unread = fields.filter(({ name }) => state.fields[name] === undefined).map(({ name }) => name);
  return [
    good('option-bytes-diff', changed.length === 0 ? 'nothing that was read changes' : changed.join(', ')),
    ...(unread.length === 0
      ? []
      : [notLooked('option-bytes-diff', `not read from the chip: ${unread.join(', ')}`)]),
  ];
}

async function checkChip(given: StationToCheck): Promise<Finding[]> {
  const { family, meanings } = given;
  const state = await readState({ ...given, onLine: () => undefined });
  const found = diagnose(family, state, state.logs);
  const logs = state.logs;
  const findings: Finding[] = [];
  const deviceId = logs[0]?.deviceId;
  if (deviceId !== undefined && !family.deviceIds.includes(deviceId))
    findings.push(
      problem(
        'part',
        `the chip's device id is 0x${deviceId.toString(16)}, which is no ${family.name}`,
        'Name the part that is on the board.',
      ),
    );
  if (found.state !== undefined && found.mayStart)
    findings.push(good('state', `${found.state.name}: an install may start`));
  for (const obstacle of found.obstacles) findings.push(problem('state', obstacle, found.remedy));
  for (const { id, cause, remedy } of found.causes)
    if (remedy !== undefined && ['discovery-fails', 'no-mailbox', 'level-half'].includes(id))
      findings.push(problem('reset', cause, remedy.replaceAll('`', '')));
  if (logs[0]?.probe === 'j-link' && family.id === 'h7')
    findings.push(problem('probe', 'AN5054 describes H7 with an ST-LINK only', 'Install with an ST-LINK.'));
  findings.push(
    family.chipFirmware === undefined
      ? notLooked('chip-firmware', 'no public document names a least version')
      : notLooked(
          'chip-firmware',
          `no command is known that tells it for certain; needed: ${family.chipFirmware}`,
        ),
  );
  findings.push(
    notLooked(
      'reset-wiring',
      'wire NRST to the probe alone: parts that load it let H5 fail; firmseal cannot measure it',
    ),
  );
  return meanings === undefined ? findings : [...findings, ...diffOf(meanings, state)];
}

/** Throws `st-tool-missing`, `st-tool-silent`. */
export async function checkStation(given: StationToCheck): Promise<Finding[]> {
  return [...(await checkTool(given)), ...(await checkCard(given)), ...(await checkChip(given))];
}
