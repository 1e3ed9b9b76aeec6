// Where the cells are kept, and the page that is made of them.

import { readFileSync, writeFileSync } from 'node:fs';
import type { ClientRecord } from './cell.ts';
import { renderTable } from './render-table.ts';

const kept = new URL('../results/clients.json', import.meta.url);
const page = new URL('../../../docs/virtual-stm32-conformance.md', import.meta.url);

export const readRecord = (): ClientRecord => JSON.parse(readFileSync(kept, 'utf8')) as ClientRecord;

/** A line for each cell where it fits: as the formatter of this tree has it. */
const longestLine = 110;

/** `name` stands before it on its line. */
function objectText(object: object, name = ''): string {
  const members = Object.entries(object).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  const line = `{ ${members.join(', ')} }`;
  const text =
    line.length + 5 + name.length <= longestLine ? line : `{\n      ${members.join(',\n      ')}\n    }`;
  return name + text;
}

export function writeRecord({ runs, cells }: ClientRecord): void {
  const runLines = Object.entries(runs).map(([client, run]) => `    ${objectText(run, `"${client}": `)}`);
  const cellLines = cells.map((cell) => `    ${objectText(cell)}`);
  const text = `{\n  "runs": {\n${runLines.join(',\n')}\n  },\n  "cells": [\n${cellLines.join(',\n')}\n  ]\n}\n`;
  writeFileSync(kept, text);
}

export const pageText = (): string => readFileSync(page, 'utf8');

export function writePage(): void {
  writeFileSync(page, renderTable(readRecord()));
}
