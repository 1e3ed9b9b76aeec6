// The operator's screen as lines of text for a terminal of a given size: a row a socket, counts, alarms, what
// can be typed. Every word is there without colour; colour only repeats it. Pure.

import { faultLabel } from '@firmseal/fault';
import { plainText, seconds } from '@firmseal/programmer';
import type { Tally } from './events.ts';
import type { LineBoard, LineRow, OpenAlarm } from './line-board.ts';
import type { Cycle } from './outcome.ts';

type Tone = 'good' | 'bad' | 'busy' | 'warn';

/** A line of the screen: pieces of text, each in a tone or in none. */
interface Piece {
  readonly text: string;
  readonly tone?: Tone | undefined;
}
type ScreenLine = readonly Piece[];

export interface RenderedScreen {
  /** Each shorter than the terminal is wide. */
  readonly lines: readonly string[];
  /** The same with colours. */
  readonly painted: readonly string[];
}

export interface ScreenInput {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  /** That stands behind the prompt. */
  readonly typed: string;
  readonly prompt: string;
}

const mostNameColumns = 12;
const stateColumns = 11;
const leastCellColumns = 56;
const shownAlarms = 3;
/** From this width on, package and place stand at the end of a row. */
const detailFromColumns = 118;
const detailColumns = 36;

const colours: Readonly<Record<Tone, string>> = { good: '32', bad: '1;31', busy: '36', warn: '33' };

const toneOf = ({ state, last }: LineRow): Tone | undefined => {
  if (state === 'installing') return 'busy';
  if (state === 'halted') return 'bad';
  if (state === 'held' || state === 'label') return 'warn';
  if (state !== 'done' || last === undefined) return undefined;
  return toneOfResult(last);
};

const toneOfResult = ({ outcome }: Cycle): Tone =>
  outcome === 'pass' ? 'good' : outcome === 'fail' ? 'bad' : 'warn';

const resultWord = ({ outcome }: Cycle): string => outcome.toUpperCase();

/** `PASS 12.1s` or `FAIL FS0909 chip-silent`. */
function resultText(cycle: Cycle): string {
  if (cycle.fault === null) return `${resultWord(cycle)} ${seconds(cycle.times.totalMs)}`;
  return `${resultWord(cycle)} ${faultLabel(cycle.fault.code)} ${cycle.fault.code}`;
}

function bar(fraction: number, columns: number): string {
  const full = Math.floor(fraction * (columns - 2) + 1e-9);
  const head = full < columns - 2 ? '>' : '';
  return `[${('='.repeat(full) + head).padEnd(columns - 2)}]`;
}

/** Cuts at the width, and fills up to it where `fill` says so. */
function fit(line: ScreenLine, width: number, fill = false): ScreenLine {
  let left = width;
  const pieces = line.flatMap((piece): Piece[] => {
    const text = piece.text.slice(0, left);
    left -= text.length;
    return text === '' ? [] : [{ ...piece, text }];
  });
  return fill && left > 0 ? [...pieces, { text: ' '.repeat(left) }] : pieces;
}

/** One socket within `width` columns. */
function cell(row: LineRow, width: number, { nameColumns, nowMs }: CellInput): ScreenLine {
  const { name, state, step, fraction, beganMs, last } = row;
  const tone = toneOf(row);
  const word = state === 'installing' && step !== '' ? step : state;
  const head: Piece[] = [
    { text: `${name.slice(0, nameColumns).padEnd(nameColumns)} ` },
    { text: word.padEnd(stateColumns), tone },
  ];
  const room = width - nameColumns - 1 - stateColumns;
  // The result of the chip that was here before is of no use while the next one is
  // written, where room is short.
  const barColumns = Math.min(30, Math.max(10, room - 36));
  const isOpen = state === 'installing';
  const stands = state === 'done' || state === 'halted' || state === 'ended';
  const result: Piece[] =
    last === undefined
      ? []
      : stands
        ? [{ text: ` ${resultText(last)}`, tone }, ...labelOf(last)]
        : [{ text: ` last ${resultText(last)}` }];
  const percent = `${Math.floor(100 * fraction + 1e-9)}%`.padStart(5);
  const time = seconds(nowMs - (beganMs ?? nowMs)).padStart(7);
  const progress: Piece[] = isOpen
    ? [{ text: bar(fraction, barColumns), tone }, { text: percent + time }]
    : [];
  const line = [...head, ...progress, ...result];
  if (width < detailFromColumns) return fit(line, width);
  const detail = { text: ` ${row.package} ${plainText(row.place)}` };
  return fit([...fit(line, detailFromColumns - detailColumns, true), detail], width);
}

const labelOf = ({ label }: Cycle): Piece[] => (label === null ? [] : [{ text: ` ${plainText(label)}` }]);

interface CellInput {
  readonly nameColumns: number;
  readonly nowMs: number;
}

/** Those at work and those in trouble first, when not all fit. */
const rank = ({ state, last }: LineRow): number => {
  if (state === 'halted' || state === 'held') return 0;
  if (state === 'installing' || state === 'label') return 1;
  return last !== undefined && last.fault !== null ? 2 : 3;
};

function pick(rows: readonly LineRow[], room: number): readonly LineRow[] {
  if (rows.length <= room) return rows;
  const best = [...rows].sort((a, b) => rank(a) - rank(b)).slice(0, room);
  return rows.filter((row) => best.includes(row));
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${((100 * part) / whole).toFixed(1)} %)`;

/** `312 passed of 315 (99.0 %), first pass 309 (98.1 %), 3 failed, 1 refused`. */
export function tallyText({ passed, passedFirst, failed, refused }: Tally): string {
  const ended = passed + failed;
  return (
    `${passed} passed of ${ended}${percent(passed, ended)}, ` +
    `first pass ${passedFirst}${percent(passedFirst, ended)}, ${failed} failed, ${refused} refused`
  );
}

function unitsLine({ units }: LineBoard): ScreenLine[] {
  const known = units.filter(({ left }) => left !== null);
  if (known.length === 0) return [];
  const isLow = known.some(({ left }) => left! < 20);
  const text = known.map(({ package: name, left }) => `${name} ${left}`).join(', ');
  return [[{ text: `units left: ${text}`, tone: isLow ? 'warn' : undefined }]];
}

function alarmLines(alarms: readonly OpenAlarm[]): ScreenLine[] {
  const shown = alarms.slice(-shownAlarms).flatMap(({ name, fault }): ScreenLine[] => [
    [
      {
        text: `! ${name === null ? '' : `${name}: `}${faultLabel(fault.code)} ${plainText(fault.sentence)}`,
        tone: 'bad',
      },
    ],
    [{ text: `  ${plainText(fault.remedy)}` }],
  ]);
  const more = alarms.length - shownAlarms;
  return more > 0 ? [...shown, [{ text: `  ${more} more alarms` }]] : shown;
}

/** Breaks long text at blanks; alarms have to be read whole. */
function wrap(line: ScreenLine, width: number): ScreenLine[] {
  const [piece] = line;
  if (line.length !== 1 || piece!.text.length <= width) return [fit(line, width)];
  const { text, tone } = piece!;
  const at = text.lastIndexOf(' ', width);
  const cut = at > 2 ? at : width;
  const rest = `  ${text.slice(cut).trim()}`;
  return [[{ text: text.slice(0, cut), tone }], ...wrap([{ text: rest, tone }], width)];
}

const plain = (line: ScreenLine): string =>
  line
    .map(({ text }) => text)
    .join('')
    .trimEnd();

const paint = (line: ScreenLine): string =>
  line
    .map(({ text, tone }) => (tone === undefined ? text : `\u001b[${colours[tone]}m${text}\u001b[0m`))
    .join('');

function socketLines(
  rows: readonly LineRow[],
  room: number,
  { width, nowMs }: { width: number; nowMs: number },
) {
  const perLine = rows.length <= room ? 1 : Math.max(1, Math.floor(width / leastCellColumns));
  const shown = pick(rows, room * perLine);
  const nameColumns = Math.min(mostNameColumns, Math.max(1, ...shown.map(({ name }) => name.length)));
  const cellWidth = perLine === 1 ? width : Math.floor(width / perLine) - 1;
  const height = Math.ceil(shown.length / perLine);
  // Down the first column, then down the next, as people count.
  const lines = Array.from({ length: height }, (_, y) =>
    Array.from({ length: perLine }, (_, x) => shown[x * height + y]).flatMap((row, x): Piece[] => {
      if (row === undefined) return [];
      const gap = x === 0 ? [] : [{ text: ' ' }];
      return [...gap, ...fit(cell(row, cellWidth, { nameColumns, nowMs }), cellWidth, perLine > 1)];
    }),
  );
  return { lines, hidden: rows.length - shown.length };
}

/** Fits into the terminal: at most rows - 1 lines, each shorter than it is wide, so that none ever wraps. */
export function renderScreen(board: LineBoard, input: ScreenInput): RenderedScreen {
  const width = Math.max(20, input.columns - 1);
  const atWork = board.rows.filter(({ state }) => state === 'installing').length;
  const below: ScreenLine[] = [
    ...wrap([{ text: tallyText(board.tally) }], width),
    ...unitsLine(board).flatMap((line) => wrap(line, width)),
    ...alarmLines(board.alarms).flatMap((line) => wrap(line, width)),
    ...wrap([{ text: input.prompt }], width),
    [{ text: `> ${plainText(input.typed)}_` }],
  ];
  const room = Math.max(1, input.rows - 2 - below.length);
  const { lines, hidden } = socketLines(board.rows, room, { width, nowMs: input.nowMs });
  const more = hidden > 0 ? `, ${hidden} not shown` : '';
  const title = `${board.line}: ${atWork} of ${board.rows.length} sockets at work${more}`;
  const all = [[{ text: title }], ...lines, ...below].map((line) => fit(line, width));
  return { lines: all.map(plain), painted: all.map(paint) };
}
