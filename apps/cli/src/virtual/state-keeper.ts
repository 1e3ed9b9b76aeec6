// Keeps the chips in their file: a second after they changed, and at the end. A crash of this
// process loses at most that second.

import type { Board } from './board.ts';
import { writeState } from './state-file.ts';

const delayMs = 1000;

export class StateKeeper {
  readonly #file: string;
  readonly #seed: string;
  readonly #boards: () => readonly Board[];
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    file: string;
    seed: string;
    boards: () => readonly Board[];
    failed: (error: unknown) => void;
  }) {
    this.#file = options.file;
    this.#seed = options.seed;
    this.#boards = options.boards;
    this.#failed = options.failed;
  }

  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      try {
        this.save();
      } catch (error) {
        this.#failed(error);
      }
    }, delayMs);
  }

  /** Throws `file-unwritable`. */
  save(): void {
    const boards = this.#boards();
    writeState(this.#file, {
      chip: boards[0]!.chip.chip.id,
      seed: this.#seed,
      chips: boards.map(({ chip }) => chip.keep()),
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
