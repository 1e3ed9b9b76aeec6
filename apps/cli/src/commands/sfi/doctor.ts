// `firmseal sfi doctor`: the state of a chip's life, what it allows and the ways back; and closing a chip,
// which is refused while its debug authentication is not provisioned.

import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import {
  type ChipState,
  diagnose,
  discover,
  familyOfPart,
  hasDiscovery,
  type LifeState,
  lifeState,
  readState,
  refuseToClose,
  type SfiFamily,
  stWords,
  type ToRead,
  wayBackText,
} from '@firmseal/sfi';
import type { Face } from '../../face.ts';
import { examples, toNumber } from '../../options.ts';
import { runs } from '../../runs.ts';
import { stToolName, stToolPath, toolAt } from '../../sfi/run-tool.ts';
import { causeEvent, causeLines } from '../../sfi/show-cause.ts';
import { portOption, toolPort } from '../../sfi/tool-port.ts';
import type { Shell } from '../../shell.ts';

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

function stateValueOption(text: string): number {
  const value = toNumber(text, { most: 0xff });
  if (value === undefined) throw new InvalidArgumentError('It must be the value of a state, as 0x72.');
  return value;
}

const stateLine = ({ stateField }: SfiFamily, { value, name, allows, wayBack, lost }: LifeState): string =>
  `  ${stateField} ${hex(value)} ${name}: ${allows}` +
  (allows === 'everything'
    ? ''
    : `. Way back: ${wayBack === undefined ? 'none' : `${wayBack}; erases ${lost}`}`);

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--chip <part>', 'the part, as on its package', familyOfPart)
    .addOption(portOption())
    .option(
      '--close <state>',
      'set the state of an H5 or H7RS, as 0x72; refused without debug authentication',
      stateValueOption,
    )
    .option('--tool <program>', "ST's STM32_Programmer_CLI; by default on the PATH or where ST installs it")
    .addHelpText(
      'after',
      `
Without --via it lists the states of the family. Nothing of it was tried on a chip; the sources are in
docs/st-errors.md.
${examples('sfi doctor --chip stm32h573', 'sfi doctor --chip stm32h573 --via swd', 'sfi doctor --chip stm32h573 --via swd --close 0x72')}`,
    )
    .action(
      runs(shell, async (face, { chip: family, via, close, tool: named }) => {
        if (via === undefined) return tellFamily(face, family);
        const tool = toolAt({ program: stToolPath(named, shell.environment['PATH']), name: stToolName });
        const reading: ToRead = { tool, port: await toolPort(via), family, onLine: () => undefined };
        const state = await readState(reading);
        tellState(face, family, state);
        if (close !== undefined) await closeChip(face, reading, close);
      }),
    );

function tellFamily(face: Face, family: SfiFamily): undefined {
  const { id, name, states, startStates, chipFirmware } = family;
  face.tell(
    { event: 'sfi-family', family: id, states, startStates },
    `${name}: an install starts from ${startStates.map(hex).join(' or ')}`,
    ...states.map((state) => stateLine(family, state)),
    ...(chipFirmware === undefined ? [] : [`  The chip's own firmware: ${chipFirmware}`]),
  );
}

function tellState(face: Face, family: SfiFamily, state: ChipState): void {
  const found = diagnose(family, state, state.logs);
  const { integrity, lifecycle } = state;
  const { causes, ...told } = found;
  face.tell(
    {
      event: 'sfi-state',
      family: family.id,
      ...told,
      fields: state.fields,
      ...(lifecycle === undefined ? {} : { lifecycle }),
      ...(integrity === undefined ? {} : { integrity }),
      causes: causes.map(causeEvent),
    },
    found.state === undefined
      ? `${family.name}: the state could not be read`
      : `${family.name}: ${stateLine(family, found.state).trim()}`,
    ...found.obstacles.map((obstacle) => `  An install cannot start: ${obstacle}`),
    `  ${found.remedy}`,
    ...(integrity === undefined
      ? []
      : [
          `  Debug authentication data: ${integrity === 0xeaeaeaea ? 'provisioned' : 'NOT provisioned'} (${hex(integrity)})`,
        ]),
    ...causes.flatMap((cause) => [
      `  Seen before: ${cause.text.replaceAll('`', '')}`,
      ...causeLines(cause).map((line) => `  ${line}`),
    ]),
  );
}

/**
 * Throws `sfi-close-refused`, and `sfi-outcome-unknown` where the state does not read as wanted afterwards.
 */
async function closeChip(face: Face, reading: ToRead, value: number): Promise<void> {
  const { family, port, tool } = reading;
  const wanted = family.states.find((state) => state.value === value);
  if (wanted === undefined)
    throw new Fault('sfi-close-refused', { reason: `${hex(value)} is no state of ${family.name}` });
  const integrity = hasDiscovery(family) ? (await discover(reading)).integrity : undefined;
  refuseToClose(family, wanted, integrity);
  await tool.run(stWords.setState(port, family, value), () => undefined);
  const after = await readState(reading);
  const found = diagnose(family, after).value;
  if (found !== value)
    throw new Fault('sfi-needs-person', {
      chip: `at ${port.port}`,
      reason: `${family.stateField} was to be ${hex(value)} and reads ${found === undefined ? 'nothing' : hex(found)}`,
      remedy: wayBackText(found === undefined ? undefined : lifeState(family, found)),
    });
  face.tell(
    { event: 'sfi-closed', value, state: wanted.name },
    `closed: ${family.stateField} ${hex(value)}, ${wanted.name}`,
  );
}
