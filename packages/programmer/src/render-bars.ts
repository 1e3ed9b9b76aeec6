// Progress bars of a gang: a board that events update, and its lines for a terminal of a given size. Pure;
// what is written to the terminal, and when, is bar-screen.ts.

import type { EndOfInstall, InstallEvent } from './events.ts';
import type { InstallStateName } from './install-states.ts';
import { plainText, stateWords } from './render-text.ts';

export interface BoardRow {
  readonly socketNumber: number;
  readonly socket: string;
  readonly state: InstallStateName;
  /** 0 to 1, of the records. */
  readonly fraction: number;
  readonly restarts: number;
  /** Of an install whose receipt was verified. */
  readonly outcome?: EndOfInstall;
}

/** Rows by socket, in the order of their numbers. */
export type Board = readonly BoardRow[];

/** The board after an event. */
export function updateBoard(board: Board, event: InstallEvent): Board {
  const { socketNumber, socket } = event;
  const found = board.find((row) => row.socketNumber === socketNumber);
  const row: BoardRow = found ?? { socketNumber, socket, state: 'opening', fraction: 0, restarts: 0 };
  const updated = { ...row, ...changeOf(event) };
  const rest = board.filter((other) => other.socketNumber !== socketNumber);
  return [...rest, updated].sort((a, b) => a.socketNumber - b.socketNumber);
}

function changeOf(event: InstallEvent): Partial<BoardRow> {
  switch (event.kind) {
    case 'state':
      return { state: event.to };
    case 'progress':
      return { fraction: event.totalBytes === 0 ? 1 : event.doneBytes / event.totalBytes };
    case 'restart':
      return { restarts: event.restarts, fraction: 0 };
    case 'result':
      return event.outcome === 'fail'
        ? { state: 'failed' }
        : { state: 'passed', fraction: 1, outcome: event.outcome };
    default:
      return {};
  }
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const wordColumns = Math.max(...Object.values(stateWords).map((word) => word.length));
const mostSocketColumns = 24;
const mostBarColumns = 40;
const leastBarColumns = 8;

/** At most rows - 1 lines, each shorter than the terminal is wide, so that none ever wraps. */
export function renderBoard(board: Board, size: TerminalSize): string[] {
  const width = Math.max(1, size.columns - 1);
  const room = Math.max(1, size.rows - 2);
  const shown = pickRows(board, room);
  const socketColumns = Math.min(mostSocketColumns, Math.max(0, ...shown.map(({ socket }) => socket.length)));
  const lines = shown.map((row) => renderRow(row, { width, socketColumns }).slice(0, width));
  return [...lines, summary(board, board.length - shown.length).slice(0, width)];
}

/**
 * When not all fit: those at work first, then failures, then the rest; shown in the order of their numbers.
 */
function pickRows(board: Board, room: number): Board {
  if (board.length <= room) return board;
  const rank = ({ state }: BoardRow) => (state === 'passed' ? 2 : state === 'failed' ? 1 : 0);
  const picked = [...board]
    .sort((a, b) => rank(a) - rank(b) || a.socketNumber - b.socketNumber)
    .slice(0, room);
  return picked.sort((a, b) => a.socketNumber - b.socketNumber);
}

function renderRow(
  row: BoardRow,
  { width, socketColumns }: { width: number; socketColumns: number },
): string {
  const number = String(row.socketNumber).padStart(3);
  const name = plainText(row.socket);
  // The end of a port path tells sockets apart, so a long one loses its middle.
  const short =
    name.length <= socketColumns
      ? name.padEnd(socketColumns)
      : `${name.slice(0, 6)}..${name.slice(8 - socketColumns)}`;
  const percent = `${Math.floor(100 * row.fraction + 1e-9)}%`.padStart(4);
  const isWeak = row.outcome !== undefined && row.outcome !== 'pass';
  const word = (isWeak ? row.outcome.toUpperCase() : stateWords[row.state]).padEnd(wordColumns);
  const again = row.restarts === 0 ? '' : ` (again ${row.restarts})`;
  const barColumns = Math.min(mostBarColumns, width - (number.length + socketColumns + wordColumns + 12));
  const bar = barColumns < leastBarColumns ? '' : ` [${drawBar(row, barColumns)}]`;
  return `${number} ${short}${bar} ${percent} ${word}${again}`.trimEnd();
}

function drawBar({ fraction, state }: BoardRow, columns: number): string {
  const full = Math.floor(fraction * columns);
  const isOpen = state !== 'passed' && state !== 'failed' && full < columns;
  const drawn = '='.repeat(full) + (isOpen ? '>' : '');
  return drawn.padEnd(columns);
}

function summary(board: Board, hidden: number): string {
  const passed = board.filter(({ outcome }) => outcome === 'pass').length;
  const failed = board.filter(({ state }) => state === 'failed').length;
  const weak = board.filter(({ state }) => state === 'passed').length - passed;
  const working = board.length - passed - failed - weak;
  const weaker = weak > 0 ? `, ${weak} weaker than PASS` : '';
  const more = hidden > 0 ? `, ${hidden} not shown` : '';
  return `${passed} passed${weaker}, ${failed} failed, ${working} at work${more}`;
}
