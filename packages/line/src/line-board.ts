// The state of a line as an operator sees it, from its events: a row a socket, counts, open alarms.

import type { FaultReport, InstallEvent } from '@firmseal/programmer';
import { type BlankStep, blankSteps } from './blank-chips.ts';
import type { LineEvent, SocketState, Tally, UnitsLeft } from './events.ts';
import type { Cycle } from './outcome.ts';

export interface LineRow {
  readonly name: string;
  readonly place: string;
  readonly package: string;
  readonly state: SocketState;
  /** What the engine does while it installs; empty otherwise. */
  readonly step: string;
  /** 0 to 1, of the records. */
  readonly fraction: number;
  /** When the install began; undefined while none runs. */
  readonly beganMs: number | undefined;
  readonly last: Cycle | undefined;
}

export interface OpenAlarm {
  readonly name: string | null;
  readonly fault: FaultReport;
}

export interface LineBoard {
  readonly line: string;
  /** In the order of the line file. */
  readonly rows: readonly LineRow[];
  readonly tally: Tally;
  readonly units: readonly UnitsLeft[];
  readonly alarms: readonly OpenAlarm[];
}

export const emptyBoard = (line: string): LineBoard => ({
  ...{ line, rows: [], units: [], alarms: [] },
  tally: { passed: 0, passedFirst: 0, failed: 0, refused: 0 },
});

/** What a person calls the states of an install. */
const steps: Readonly<Record<string, string>> = {
  opening: 'connecting',
  hello: 'identifying',
  licensing: 'licensing',
  package: 'checking',
  license: 'erasing',
  records: 'writing',
  receipt: 'proving',
  storing: 'storing',
  closing: 'closing',
  restarting: 'again',
};

const blankFraction = (step: BlankStep): number => blankSteps.indexOf(step) / blankSteps.length;

function changeOf(event: InstallEvent, nowMs: number): Partial<LineRow> {
  switch (event.kind) {
    case 'planned':
      return { fraction: 0, beganMs: nowMs, step: steps['opening']! };
    case 'state':
      return { step: steps[event.to] ?? '' };
    case 'progress':
      return { fraction: event.totalBytes === 0 ? 1 : event.doneBytes / event.totalBytes };
    case 'restart':
      return { fraction: 0 };
    default:
      return {};
  }
}

/** The board after an event; `nowMs` is of the clock that the screen is drawn by. */
export function updateLineBoard(board: LineBoard, event: LineEvent, nowMs: number): LineBoard {
  const change = (name: string, changed: Partial<LineRow>): LineBoard => ({
    ...board,
    rows: board.rows.map((row) => (row.name === name ? { ...row, ...changed } : row)),
  });
  switch (event.kind) {
    case 'line-socket': {
      const { name, place, package: named, state } = event;
      if (board.rows.some((row) => row.name === name)) return change(name, { state });
      const fresh = { step: '', fraction: 0, beganMs: undefined, last: undefined };
      return { ...board, rows: [...board.rows, { ...fresh, name, place, package: named, state }] };
    }
    case 'line-install':
      return change(event.name, changeOf(event.install, nowMs));
    case 'line-personalize':
      return change(event.name, {
        step: 'personalizing',
        fraction: blankFraction(event.step),
        beganMs: nowMs,
      });
    case 'line-cycle': {
      const { kind: _, ...cycle } = event;
      const fraction = cycle.fault === null ? { fraction: 1 } : {};
      return change(event.name, { last: cycle, step: '', beganMs: undefined, ...fraction });
    }
    case 'line-tally': {
      const { passed, passedFirst, failed, refused, units } = event;
      return { ...board, units, tally: { passed, passedFirst, failed, refused } };
    }
    case 'line-alarm': {
      const { name, fault, raised } = event;
      // Two packages of a line can have the same alarm: its sentence tells them apart.
      const isIt = (one: OpenAlarm) =>
        one.name === name && one.fault.code === fault.code && one.fault.sentence === fault.sentence;
      const others = board.alarms.filter((one) => !isIt(one));
      return { ...board, alarms: raised ? [...others, { name, fault }] : others };
    }
  }
}
