// The board of a line, told to the authority at an interval: which socket does what, the newest results, open
// alarms (docs/console.md). Each job gets the sockets that install its package. One that cannot be told is an
// alarm and stops nothing; the next one takes its place.

import { type BoardResult, type LineBoardView, mostBoardResults } from '@firmseal/authority-contract';
import { fromHex } from '@firmseal/bytes';
import { Fault, faultLabel } from '@firmseal/fault';
import {
  type Cycle,
  emptyBoard,
  type LineBoard,
  type LineEvent,
  type LineFile,
  updateLineBoard,
} from '@firmseal/line';
import { asFault, plainText } from '@firmseal/programmer';
import type { RunPackage } from './line-packages.ts';
import type { Outlet } from './outlets.ts';

/** Told that the board cannot be told, and that it can be again. */
type Alarm = (fault: Fault, raised: boolean) => void;

/** As long as the contract takes. */
const shown = (text: string, mostLength: number): string => plainText(text).slice(0, mostLength);
const mostAlarms = 32;

const resultOf = ({ name, time, times, outcome, fault, thumbprint }: Cycle): BoardResult => ({
  ...{ socket: name, atMs: Date.parse(time), totalMs: Math.round(times.totalMs), outcome },
  ...(fault === null ? {} : { error: faultLabel(fault.code) }),
  ...(thumbprint === null ? {} : { thumbprint: fromHex(thumbprint) }),
});

/** None where the line file does not ask for it, or no package has a job. */
export function openBoards(
  file: LineFile,
  packages: ReadonlyMap<string, Pick<RunPackage, 'tellBoard'>>,
  alarm: Alarm,
): Outlet[] {
  const { boardEverySeconds } = file;
  if (boardEverySeconds === undefined) return [];
  return [...packages].flatMap(([name, { tellBoard: tell }]) =>
    tell === undefined
      ? []
      : [new BoardOutlet({ line: file.name, package: name, everyMs: boardEverySeconds * 1000, tell, alarm })],
  );
}

interface BoardSettings {
  readonly line: string;
  readonly package: string;
  readonly everyMs: number;
  readonly tell: (board: LineBoardView) => Promise<void>;
  readonly alarm: Alarm;
}

class BoardOutlet implements Outlet {
  readonly #settings: BoardSettings;
  readonly #timer: NodeJS.Timeout;
  readonly #results: BoardResult[] = [];
  #board: LineBoard;
  #telling: Promise<void> | undefined;
  #untold: Fault | undefined;

  constructor(settings: BoardSettings) {
    this.#settings = settings;
    this.#board = emptyBoard(settings.line);
    this.#timer = setInterval(() => this.#tell(), settings.everyMs);
    // The first one is told as soon as the sockets are there.
    setImmediate(() => this.#tell());
  }

  take(event: LineEvent): void {
    this.#board = updateLineBoard(this.#board, event, Date.now());
    if (event.kind !== 'line-cycle' || event.package !== this.#settings.package) return;
    this.#results.push(resultOf(event));
    if (this.#results.length > mostBoardResults) this.#results.shift();
  }

  /** Tells how the line ended. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#telling;
    this.#tell();
    await this.#telling;
  }

  /** One at a time: an authority that answers slowly gets fewer. */
  #tell(): void {
    this.#telling ??= this.#tellNow().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellNow(): Promise<void> {
    const { alarm, tell } = this.#settings;
    try {
      await tell(this.#view());
      if (this.#untold !== undefined) alarm(this.#untold, false);
      this.#untold = undefined;
    } catch (error) {
      if (this.#untold !== undefined) return;
      this.#untold = new Fault('board-unsent', { reason: asFault(error).code }, { cause: error });
      alarm(this.#untold, true);
    }
  }

  #view(): LineBoardView {
    const { rows, tally, alarms } = this.#board;
    const { line, package: own } = this.#settings;
    return {
      ...{ line, tally, results: this.#results },
      sockets: rows
        .filter((row) => row.package === own)
        .map(({ name, place, state, step, fraction, last }) => ({
          ...{ name, place: shown(place, 300), package: own, state, step, fraction },
          ...(last === undefined ? {} : { last: resultOf(last) }),
        })),
      alarms: alarms.slice(-mostAlarms).map(({ name, fault }) => ({
        ...(name === null ? {} : { socket: name }),
        ...{ error: faultLabel(fault.code), sentence: shown(fault.sentence, 300) },
      })),
    };
  }
}
