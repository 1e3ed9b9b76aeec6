// The live view on a terminal: redrawn in place at most ten times a second, a line for controls under it,
// notes above it. Takes the keyboard for as long as it lives, so that typing does not break the picture.

import { repaint } from '@firmseal/programmer';
import type { Shell } from './shell.ts';
import type { TerminalSize } from './text-sink.ts';

const redrawMs = 100;
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const mostTyped = 200;

export interface ScreenHooks {
  /** The lines below; `painted` are the same with colours. */
  readonly render: (
    typed: string,
    size: TerminalSize,
  ) => { readonly lines: readonly string[]; readonly painted?: readonly string[] };
  readonly line: (text: string) => void;
  readonly quit: () => void;
}

export class LiveScreen {
  readonly #shell: Shell;
  readonly #hooks: ScreenHooks;
  readonly #stopResizing: () => void;
  #drawn: readonly string[] = [];
  #above: string[] = [];
  #typed = '';
  #timer: NodeJS.Timeout | undefined;
  readonly #onKeys = (keys: string): void => this.#take(keys);

  constructor(shell: Shell, hooks: ScreenHooks) {
    this.#shell = shell;
    this.#hooks = hooks;
    shell.in.setRawMode(true).setEncoding('utf8').on('data', this.#onKeys);
    this.#stopResizing = shell.out.onResize(() => this.update());
    shell.out.write(hideCursor);
    this.update();
  }

  /** Prints lines above the picture, for good. */
  note(...lines: readonly string[]): void {
    this.#above.push(...lines);
    this.update();
  }

  /** Something changed: draws soon. */
  update(): void {
    this.#timer ??= setTimeout(() => this.#draw(), redrawMs);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { out } = this.#shell;
    const { columns, rows } = out.size;
    const { lines, painted = lines } = this.#hooks.render(this.#typed, { columns, rows });
    out.write(repaint(this.#drawn, { above: this.#above, lines: painted, columns }));
    this.#above = [];
    this.#drawn = lines;
  }

  #take(keys: string): void {
    for (const key of keys) {
      if (key === '\u0003' || (key === '\u0004' && this.#typed === '')) {
        this.#hooks.quit();
        return;
      }
      if (key === '\r' || key === '\n') {
        const line = this.#typed;
        this.#typed = '';
        if (line.trim() !== '') this.#hooks.line(line);
      } else if (key === '\u007f' || key === '\b') this.#typed = this.#typed.slice(0, -1);
      else if (key === '\u0015') this.#typed = '';
      else if (key >= ' ' && this.#typed.length < mostTyped) this.#typed += key;
    }
    this.update();
  }

  /** Draws what is left and gives the terminal back; the last picture stays. */
  close(): void {
    this.#draw();
    const { in: keyboard, out } = this.#shell;
    keyboard.off('data', this.#onKeys);
    keyboard.setRawMode(false).pause();
    this.#stopResizing();
    out.write(showCursor);
  }
}
