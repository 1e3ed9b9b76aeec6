// The live view as lines: two a chip while they fit, else one, else as many chips as fit. Pure: what is
// drawn where on a terminal is screen.ts.

import { type ChipView, mapLegend } from './chip-view.ts';

export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Of several units that share a letter: the one that a person must know of first; `+`
 * where some are programmed.
 */
export function shrinkMap(map: string, columns: number): string {
  const share = Math.ceil(map.length / Math.max(1, columns));
  if (share <= 1) return map;
  const groups = map.match(new RegExp(`.{1,${share}}`, 'g')) ?? [];
  return groups
    .map((group) => {
      if (group.includes('!')) return '!';
      const letters = new Set(group);
      return letters.size === 1 ? group[0]! : '+';
    })
    .join('');
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function facts(view: ChipView): string {
  const { powered, readoutLevel, runs, boot0High, operations, cut } = view;
  return [
    powered ? `on, runs ${runs}` : 'off',
    `readout level ${readoutLevel}`,
    ...(boot0High ? ['BOOT0 high'] : []),
    `${operations} operations`,
    ...(cut === undefined ? [] : [`cut ${cut.moment} at ${cut.operation}`]),
    seconds(view.simulatedMs),
  ].join(', ');
}

function fullLines(view: ChipView, columns: number): string[] {
  const label = (bank: number) => (view.map.length === 1 ? '' : `bank ${bank + 1} `);
  const room = Math.floor((columns - 4) / view.map.length) - label(0).length - 2;
  const map = view.map.map((bank, i) => label(i) + shrinkMap(bank, room)).join('  ');
  return [`chip ${view.number}  ${view.chip}  ${facts(view)}`, `    ${map}`];
}

function shortLine(view: ChipView, columns: number): string {
  const head = `${String(view.number).padStart(3)} ${view.powered ? 'on ' : 'off'} L${view.readoutLevel} ${view.runs.padEnd(14)} `;
  const room = Math.floor((columns - head.length) / view.map.length) - 1;
  return head + view.map.map((bank) => shrinkMap(bank, Math.min(room, 32))).join(' ');
}

/**
 * At most rows - 1 lines of less than `columns` characters. `typed` is what stands on the line for controls.
 */
export function renderView(views: readonly ChipView[], typed: string, { columns, rows }: ViewSize): string[] {
  const width = Math.max(20, columns - 1);
  const room = Math.max(1, rows - 3); // legend, line for controls, the line under the cursor
  let lines: string[];
  if (2 * views.length <= room) lines = views.flatMap((view) => fullLines(view, width));
  else {
    const shown = views.length <= room ? views : views.slice(0, room - 1);
    lines = shown.map((view) => shortLine(view, width));
    if (shown.length < views.length) lines.push(`... and ${views.length - shown.length} more chips`);
  }
  return [...lines, mapLegend, `> ${typed.slice(-(width - 3))}_`].map((line) => line.slice(0, width));
}
