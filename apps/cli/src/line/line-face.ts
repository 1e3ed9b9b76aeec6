// How a line shows itself: JSON lines, the operator's screen on a terminal, or plain lines.

import { createInterface } from 'node:readline';
import {
  emptyBoard,
  type LineEvent,
  renderLineJson,
  renderLog,
  renderScreen,
  updateLineBoard,
} from '@firmseal/line';
import type { Face } from '../face.ts';
import { LiveScreen } from '../live-screen.ts';
import { ownsTerminal } from '../virtual/terminal.ts';

/** Elapsed times go on while nothing happens. */
const tickMs = 500;

export interface LineFaceHooks {
  readonly lineName: string;
  /** Of the line under the counts. */
  readonly prompt: () => string;
  /** What was typed or scanned. */
  readonly typed: (text: string) => void;
  /** Ctrl-C on the screen. */
  readonly quit: () => void;
}

export interface LineFace {
  take(event: LineEvent): void;
  /** For people: above the screen, or a line of its own. */
  say(text: string): void;
  finish(): void;
}

export function createLineFace(face: Face, hooks: LineFaceHooks): LineFace {
  const { shell } = face;
  if (!face.json && ownsTerminal(shell)) return createScreen(face, hooks);
  const input = shell.in.isTTY ? undefined : createInterface({ input: shell.in }).on('line', hooks.typed);
  return {
    take(event) {
      if (face.json) shell.out.write(`${renderLineJson(event)}\n`);
      else face.lines(...renderLog(event));
    },
    say: (text) => face.lines(text),
    finish: () => input?.close(),
  };
}

function createScreen(face: Face, { lineName, prompt, typed, quit }: LineFaceHooks): LineFace {
  const { shell } = face;
  let board = emptyBoard(lineName);
  const isColoured = (shell.environment['NO_COLOR'] ?? '') === '' && shell.environment['TERM'] !== 'dumb';
  const screen = new LiveScreen(shell, {
    render: (text, { columns, rows }) => {
      const input = { columns, rows, nowMs: performance.now(), typed: text, prompt: prompt() };
      const { lines, painted } = renderScreen(board, input);
      return isColoured ? { lines, painted } : { lines };
    },
    line: typed,
    quit,
  });
  const ticking = setInterval(() => screen.update(), tickMs);
  return {
    take(event) {
      board = updateLineBoard(board, event, performance.now());
      if (event.kind === 'line-cycle' || (event.kind === 'line-alarm' && event.raised))
        screen.note(...renderLog(event));
      screen.update();
    },
    say: (text) => screen.note(text),
    finish() {
      clearInterval(ticking);
      screen.close();
    },
  };
}
