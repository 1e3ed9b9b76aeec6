// Plain lines of a line's events, for logs and for output that is no terminal: one event a line, with its
// time and its socket, no progress.

import { faultLabel } from '@firmseal/fault';
import { plainText, renderLines } from '@firmseal/programmer';
import type { BlankStep } from './blank-chips.ts';
import type { LineEvent } from './events.ts';
import type { Cycle } from './outcome.ts';
import { tallyText } from './render-screen.ts';

/** Words of a socket's state, where it is worth a line. */
const stateTexts: Readonly<Record<string, string>> = {
  label: 'waits for a label',
  queued: 'waits for its turn',
  held: 'keeps its chip until the authority is back',
  halted: 'takes no further chip',
};

const blankTexts: Readonly<Record<BlankStep, string>> = {
  begun: 'a blank chip: personalization begins',
  'agent-written': 'agent written and read back',
  'identity-made': 'identity made in the chip',
  certified: 'certified by the device CA',
  protected: 'final protection in force, as the chip itself says',
};

function cycleText(cycle: Cycle): string {
  const chip = cycle.thumbprint === null ? '' : `, device ${cycle.thumbprint.slice(0, 16)}`;
  const label = cycle.label === null ? '' : `, label ${cycle.label}`;
  const why = cycle.fault === null ? '' : `: ${faultLabel(cycle.fault.code)} ${cycle.fault.sentence}`;
  return `chip ${cycle.cycle} ${cycle.outcome.toUpperCase()}${chip}${label}${why}`;
}

/** Without time and socket; none for what happens too often. */
function texts(event: LineEvent): string[] {
  switch (event.kind) {
    case 'line-socket':
      return stateTexts[event.state] === undefined ? [] : [stateTexts[event.state]!];
    case 'line-install':
      // The result line follows with the cycle; a refused chip gets no result line of its own.
      return renderLines(event.install)
        .filter((line) => !line.startsWith('#RESULT'))
        .map((line) => line.replace(/^\[\d+\] \S+: /, ''));
    case 'line-personalize':
      return [blankTexts[event.step]];
    case 'line-cycle':
      return [cycleText(event), ...(event.fault === null ? [] : [`to do: ${event.fault.remedy}`])];
    case 'line-alarm': {
      const label = faultLabel(event.fault.code);
      return event.raised
        ? [`ALARM ${label} ${event.fault.sentence}`, `to do: ${event.fault.remedy}`]
        : [`alarm ${label} is over`];
    }
    case 'line-tally':
      return [tallyText(event)];
  }
}

const timeOf = (event: LineEvent): string =>
  event.kind === 'line-install' ? event.install.time : event.time;

/** The socket that an event is about; undefined for the whole line. */
export const socketOf = (event: LineEvent): string | undefined =>
  event.kind === 'line-tally' ? undefined : (event.name ?? undefined);

/** Lines without line feeds: `2026-01-01T00:00:00.000Z A1 chip 3 PASS, device 0123456789abcdef`. */
export function renderLog(event: LineEvent): string[] {
  const head = `${timeOf(event)} ${socketOf(event) ?? '-'}`;
  return texts(event).map((text) => plainText(`${head} ${text}`));
}

/** One JSON line: events of the line as they are, those of an install with the name of the socket. */
export function renderLineJson(event: LineEvent): string {
  if (event.kind === 'line-install') {
    const { kind, ...install } = event.install;
    return JSON.stringify({ event: kind, name: event.name, ...install });
  }
  const { kind, ...fields } = event;
  return JSON.stringify({ event: kind, ...fields });
}
