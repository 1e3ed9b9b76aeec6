// Keeps the board at the bottom of a terminal: redraws in place, at most a few times a second, each
// time as one write that changes lines without clearing them first, and follows the terminal's size.
// Knows no Node: the app gives the output.

import type { Clock } from '@firmseal/link';
import type { InstallEvent } from './events.ts';
import { type Board, renderBoard, type TerminalSize, updateBoard } from './render-bars.ts';
import { renderLines } from './render-lines.ts';

export interface TerminalOutput {
  write(text: string): void;
  /** Asked at each drawing, so that a resized terminal is followed. */
  size(): TerminalSize;
}

const redrawMs = 100;
const controlSequence = '\u001b[';
const eraseToLineEnd = `${controlSequence}K`;
const eraseBelow = `${controlSequence}J`;
/** Terminals that know synchronized output show the whole change at once; others ignore the two. */
const beginUpdate = `${controlSequence}?2026h`;
const endUpdate = `${controlSequence}?2026l`;

/**
 * The text that replaces the lines drawn before by `lines`, with `above` printed over them for good. A
 * terminal that has become narrower has wrapped the old lines: they are counted as it shows them now.
 */
export function repaint(
  drawn: readonly string[],
  { above, lines, columns }: { above: readonly string[]; lines: readonly string[]; columns: number },
): string {
  const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  const up = rows === 0 ? '' : `${controlSequence}${rows}A`;
  const text = [...above, ...lines].map((line) => `${line}${eraseToLineEnd}\n`).join('');
  return `${beginUpdate}\r${up}${text}${eraseBelow}${endUpdate}`;
}

export class BarScreen {
  readonly #output: TerminalOutput;
  readonly #clock: Clock;
  #board: Board = [];
  #drawn: readonly string[] = [];
  #above: string[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(output: TerminalOutput, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  /** Takes an event; results, restarts and notes are printed above the bars and stay. */
  take(event: InstallEvent): void {
    this.#board = updateBoard(this.#board, event);
    if (event.kind === 'result' || event.kind === 'restart' || event.kind === 'note')
      this.#above.push(...renderLines(event));
    this.#cancelTimer ??= this.#clock.after(redrawMs, () => this.draw());
  }

  /** Draws now; also what the app calls when the terminal was resized. */
  draw(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const size = this.#output.size();
    const lines = renderBoard(this.#board, size);
    this.#output.write(repaint(this.#drawn, { above: this.#above, lines, columns: size.columns }));
    this.#above = [];
    this.#drawn = lines;
  }

  /** Draws what is left and lets go of the terminal; the last board stays on it. */
  finish(): void {
    this.draw();
    this.#drawn = [];
  }
}
