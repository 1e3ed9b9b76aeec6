// Shows a kept log of ST's tool: how far the install came, what its errors mean, and whether a license was
// spent. A log alone never says that a chip is installed.

import { hexAddress } from '@firmseal/chips';
import { findCauses, lifeState, realErrors, type ToolLog } from '@firmseal/sfi';
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

function stateText(log: ToolLog): string[] {
  if (log.family === undefined) return [];
  const value = log.fields[log.family.stateField];
  if (value === undefined) return [];
  const state = lifeState(log.family, value);
  return [
    `  ${log.family.stateField} in the log: 0x${value.toString(16).toUpperCase()}${state === undefined ? '' : `, ${state.name}`}`,
  ];
}

export function inspectLog(face: Face, path: string, log: ToolLog): void {
  const errors = realErrors(log);
  const failed = errors.length > 0 && log.positive === undefined;
  const found = findCauses({ log, failed });
  const verdict = verdictOf(log);
  const { lines: _, family, ...told } = log;
  const harmless = log.errors.filter((one) => !errors.includes(one));
  face.tell(
    {
      event: 'sfi-log',
      file: path,
      ...told,
      ...(family === undefined ? {} : { family: family.id }),
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
    ...known('family', family?.name),
    ...known('protocol version', log.protocolVersion),
    ...known('image version', log.imageVersion),
    ...known('areas', log.areaCount),
    ...log.areas.map(
      ({ type, sizeBytes, destinationAddress }, index) =>
        `    area ${index + 1}  ${type}  ${sizeBytes ?? '?'} bytes at ${destinationAddress === undefined ? '?' : hexAddress(destinationAddress)}`,
    ),
    ...known('steps', log.steps.length === 0 ? undefined : log.steps.join(', ')),
    ...stateText(log),
    ...known('life cycle', log.lifecycle),
    ...known('integrity of debug authentication data', log.integrity, (value) => hexAddress(value)),
    ...errors.map(({ line, text }) => `  line ${line}: ${text}`),
    ...harmless.map(({ line, text }) => `  line ${line}: ${text} (belongs to good installs)`),
    `  Verdict: ${verdict}`,
    `  License: ${isSpent(log) ? 'one was drawn from a card, by the order of these lines' : 'none was drawn from a card in this log'}`,
    ...found.flatMap(causeLines),
  );
}
