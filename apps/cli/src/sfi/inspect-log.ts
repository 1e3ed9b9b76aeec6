// Shows a kept log of ST's tool: how far the install came, what its errors mean, and whether a license was
// spent. A log alone never says that a chip is installed.

import { hexAddress } from '@firmseal/chips';
import {
  type Diagnosis,
  diagnose,
  findCauses,
  realErrors,
  type SfiFamily,
  type ToolLog,
  wayBackText,
} from '@firmseal/sfi';
import type { Face } from '../face.ts';
import { causeEvent, causeLines } from './show-cause.ts';

const known = <T>(label: string, value: T | undefined, shown = (one: T) => String(one)): string[] =>
  value === undefined ? [] : [`  ${label}: ${shown(value)}`];

function verdictOf(log: ToolLog): string {
  const errors = realErrors(log).length;
  if (log.positive !== undefined && errors === 0)
    return "ST's tool says that it is done; that is no proof. Read the state of the chip back";
  if (log.positive !== undefined) return "ST's tool says that it is done, and tells errors too: unknown";
  if (errors > 0) return 'failed: errors, and never the line that says that it is done';
  return log.steps.length === 0
    ? 'no install in this log'
    : 'unknown: the log ends before the tool says that it is done';
}

const isSpent = (log: ToolLog): boolean => log.steps.includes('license-drawn');

function licenseText(log: ToolLog): string {
  if (isSpent(log)) return 'one was drawn from a card, by the order of these lines';
  return log.namesCard
    ? 'a card was named; these lines do not show whether it gave one'
    : 'these lines show none that was drawn from a card';
}

function stateText(log: ToolLog, family: SfiFamily | undefined, found: Diagnosis | undefined): string[] {
  if (family === undefined || found?.value === undefined) return [];
  const { value, state } = found;
  return [
    `  ${family.stateField} in the log: 0x${value.toString(16).toUpperCase()}${state === undefined ? '' : `, ${state.name}: ${state.allows}`}`,
    ...(log.steps.length === 0 ? [`  ${wayBackText(state)}`] : []),
  ];
}

/** `chosen`: the family that the command line names; else the log's. */
export function inspectLog(
  face: Face,
  path: string,
  { log, chosen }: { log: ToolLog; chosen: SfiFamily | undefined },
): void {
  const familyOfLog = chosen ?? log.family;
  const stateOf = familyOfLog === undefined ? undefined : diagnose(familyOfLog, log);
  const errors = realErrors(log);
  const failed = errors.length > 0 && log.positive === undefined;
  const found = findCauses({
    log,
    failed,
    asked: log.steps.length === 0,
    ...(familyOfLog === undefined ? {} : { family: familyOfLog.id }),
  });
  const verdict = verdictOf(log);
  const { lines: _, family: __, ...told } = log;
  const harmless = log.errors.filter((one) => !errors.includes(one));
  face.tell(
    {
      event: 'sfi-log',
      file: path,
      ...told,
      ...(familyOfLog === undefined ? {} : { family: familyOfLog.id }),
      errors,
      harmless,
      licenseSpent: isSpent(log),
      verdict,
      causes: found.map(causeEvent),
    },
    `${path}: log of ST's tool`,
    ...known('STM32CubeProgrammer', log.toolVersion),
    ...known('runs on', log.system),
    ...known('probe', log.probe),
    ...known(
      'device id',
      log.deviceId,
      (id) => `0x${id.toString(16)}${log.deviceName === undefined ? '' : `, ${log.deviceName}`}`,
    ),
    ...known('family', familyOfLog?.name),
    ...known('protocol version', log.protocolVersion),
    ...known('image version', log.imageVersion),
    ...known('areas', log.areaCount),
    ...log.areas.map(
      ({ type, sizeBytes, destinationAddress }, index) =>
        `    area ${index + 1}  ${type}  ${sizeBytes ?? '?'} bytes at ${destinationAddress === undefined ? '?' : hexAddress(destinationAddress)}`,
    ),
    ...known('steps', log.steps.length === 0 ? undefined : log.steps.join(', ')),
    ...stateText(log, familyOfLog, stateOf),
    ...known('life cycle', log.lifecycle),
    ...known('integrity of debug authentication data', log.integrity, (value) => hexAddress(value)),
    ...errors.map(({ line, text }) => `  line ${line}: ${text}`),
    ...harmless.map(({ line, text }) => `  line ${line}: ${text} (belongs to good installs)`),
    `  Verdict: ${verdict}`,
    `  License: ${licenseText(log)}`,
    ...found.flatMap(causeLines),
  );
}
