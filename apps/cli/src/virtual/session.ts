// Virtual chips from start to end: made blank or from their file, doors opened, controls taken,
// what happens told, kept, ended.

import { createInterface } from 'node:readline';
import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { holdFile } from '@firmseal/files';
import type { DfuseQuirk, HostWire } from '@firmseal/virtual-stm32';
import type { Face } from '../face.ts';
import { LiveScreen } from '../live-screen.ts';
import { Board, type BoardWatcher } from './board.ts';
import { viewOf } from './chip-view.ts';
import { controlHelp } from './control-help.ts';
import { applyControl, boardsOf, type Control, parseControl } from './controls.ts';
import { type DoorPlan, openDoors } from './doors.ts';
import {
  announceChip,
  announceEvent,
  announceFault,
  announceReady,
  announceState,
  type Printer,
} from './printer.ts';
import { renderView } from './render-view.ts';
import { readState } from './state-file.ts';
import { StateKeeper } from './state-keeper.ts';
import { ownsTerminal } from './terminal.ts';

export interface SessionPlan extends DoorPlan {
  readonly chip: string;
  readonly count: number;
  readonly seed: string;
  readonly boot0High: boolean;
  /** The pins that the host's wires end at; undefined: any UART hears it. */
  readonly wire?: HostWire | undefined;
  readonly quirks: readonly DfuseQuirk[];
  readonly stateFile?: string | undefined;
  /** Done before power comes on. */
  readonly faults: readonly Control[];
}

/** Throws `chip-unknown`, `state-of-other-chips`, and what the state file throws. */
function makeBoards(plan: SessionPlan, watcher: BoardWatcher): { boards: Board[]; seed: string } {
  findChip(plan.chip);
  const kept = plan.stateFile === undefined ? undefined : readState(plan.stateFile);
  if (kept !== undefined && (kept.chip !== plan.chip || kept.chips.length !== plan.count)) {
    const [held, asked] = [`${kept.chips.length} ${kept.chip}`, `${plan.count} ${plan.chip}`];
    throw new Fault('state-of-other-chips', { file: plan.stateFile!, held, asked });
  }
  const seed = kept?.seed ?? plan.seed;
  const { chip, boot0High, wire, quirks } = plan;
  const make = (index: number) =>
    new Board(
      {
        ...{ chip, boot0High, wire, quirks, number: index + 1, seed: `${seed}/${index}` },
        kept: kept?.chips[index],
      },
      watcher,
    );
  try {
    return { boards: Array.from({ length: plan.count }, (_, index) => make(index)), seed };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Fault('state-damaged', { file: plan.stateFile!, reason: error.message }, { cause: error });
  }
}

/**
 * Keeps a second process from the same file: each would overwrite what the other kept. Throws `state-in-use`.
 */
async function holdState(file: string): Promise<() => Promise<void>> {
  const lock = await holdFile(file);
  if (!lock.held) throw new Fault('state-in-use', { file, process: lock.process });
  return () => lock.release();
}

/** Until a signal, `quit`, or Ctrl-C. Everything that was opened is closed. */
export async function runSession(face: Face, plan: SessionPlan): Promise<void> {
  // From here on: a lock that a stopped command left would be in the way of the next.
  const stopped = face.shell.stops.wait();
  const release = plan.stateFile === undefined ? undefined : await holdState(plan.stateFile);
  try {
    await runChips(face, plan, stopped);
  } finally {
    await release?.();
  }
}

async function runChips(face: Face, plan: SessionPlan, stopped: Promise<void>): Promise<void> {
  const { shell } = face;
  const end = Promise.withResolvers<void>();
  let screen: LiveScreen | undefined;
  let keeper: StateKeeper | undefined;
  const printer: Printer = {
    lines: (...lines) => {
      if (screen === undefined) face.lines(...lines);
      else if (lines.length > 0) screen.note(...lines);
    },
    event: (event) => face.event(event),
  };
  const { boards, seed } = makeBoards(plan, {
    event: (board, event) => {
      announceEvent(printer, board, event);
      screen?.update();
    },
    operation: () => {
      keeper?.changed();
      screen?.update();
    },
  });
  if (plan.stateFile !== undefined)
    keeper = new StateKeeper({ file: plan.stateFile, seed, boards: () => boards, failed: end.reject });

  const obey = (control: Control): void => {
    if (control.kind === 'quit') end.resolve();
    else if (control.kind === 'help') printer.lines(...controlHelp);
    else
      for (const board of boardsOf(boards, control.chip)) {
        if (control.kind === 'state') announceState(printer, viewOf(board));
        else applyControl(board, control);
      }
  };
  const obeyLine = (line: string): void => {
    try {
      if (line.trim() !== '') obey(parseControl(line));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      announceFault(printer, error);
    }
    screen?.update();
  };

  for (const control of plan.faults) obey(control);
  const { doors, close } = await openDoors(boards, plan);
  try {
    keeper?.save();
    for (const [i, board] of boards.entries()) announceChip(printer, board, doors[i]!);
    const live = !face.json && ownsTerminal(shell);
    if (live)
      screen = new LiveScreen(shell, {
        render: (typed, size) => ({ lines: renderView(boards.map(viewOf), typed, size) }),
        line: obeyLine,
        quit: end.resolve,
      });
    else if (!shell.in.isTTY) createInterface({ input: shell.in }).on('line', obeyLine);
    void stopped.then(end.resolve);
    if (plan.uart !== undefined || plan.usb || plan.debug !== undefined)
      for (const { chip } of boards) chip.powerOn();
    announceReady(printer, boards);
    await end.promise;
  } finally {
    keeper?.stop();
    screen?.close();
    await close();
  }
  keeper?.save();
}
