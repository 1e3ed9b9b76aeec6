// Where the cells are kept: those of clients that run anywhere, and those that another machine recorded.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ClientRecord } from './cell.ts';
import { renderTable } from './render-table.ts';

const folder = new URL('../../conformance/', import.meta.url);
const files = ['clients.json', 'clients-usb-vm.json'] as const;
const page = new URL('../../../../docs/virtual-stm32-conformance.md', import.meta.url);

/** `clients-usb-vm.json` (OpenOCD over CMSIS-DAP, recorded in a virtual machine with USB) may be absent. */
export function readRecords(): ClientRecord[] {
  return files
    .map((name) => fileURLToPath(new URL(name, folder)))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as ClientRecord);
}

export function writeRecord(record: ClientRecord): void {
  const { cells, ...head } = record;
  const lines = cells.map((cell) => `    ${JSON.stringify(cell)}`).join(',\n');
  const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cells": [\n${lines}\n  ]\n}\n`;
  writeFileSync(new URL(files[0], folder), text);
}

export const pageText = (): string => readFileSync(page, 'utf8');

export function writePage(): void {
  writeFileSync(page, renderTable(readRecords()));
}
