// The virtual chips on the USB of a Linux kernel, used by programs that nobody here wrote: dfu-util with
// the DfuSe bootloaders, OpenOCD with CMSIS-DAP probes. Expectations are what AN3156 and the reference
// manuals say of each level. What was observed is kept in results/usb-vm.json; the test compares,
// FIRMSEAL_RECORD=1 writes it again.

import { readFileSync, writeFileSync } from 'node:fs';
import { findChip } from '@firmseal/chips';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { guest, isWhole, lackOfGuest } from '../usb-vm/guest-of-tests.ts';
import { guestVersions } from '../usb-vm/guest-versions.ts';
import type { AccessCell } from './access-cell.ts';
import { type DfuObservation, dfuChips, observeDfu } from './usb-vm-dfu.ts';

const recordFile = new URL('results/usb-vm.json', import.meta.url);
const cells: AccessCell[] = [];

/** `npm run lab -- usb-vm` runs all; the tests of the whole tree one of them. */
const dfuSome = isWhole ? dfuChips : dfuChips.slice(0, 1);

const startupMs = 600_000;

describe('dfu-util', () => {
  skipTests(lackOfGuest);
  let observed: DfuObservation[];
  beforeAll(async () => {
    if (guest === undefined) return;
    observed = await observeDfu(guest, dfuSome);
    for (const { printed: _, holdsImage: __, ...cell } of observed)
      if (cell.action !== 'list') cells.push(cell);
  }, startupMs);
  const at = (chip: string, level: number, action: string): DfuObservation =>
    observed.find((one) => one.chip === chip && one.level === level && one.action === action)!;

  test.each(dfuSome)('%s is listed with its memories, at both levels', (id) => {
    const { alternates } = findChip(id).romBootloader.dfu!;
    for (const level of [0, 1]) {
      const { printed } = at(id, level, 'list');
      expect(printed.match(/Found DFU: \[0483:df11\]/g)).toHaveLength(alternates.length);
      for (const [number, layout] of alternates.entries())
        expect(printed).toContain(`alt=${number}, name="${layout}"`);
    }
  });

  test.each(dfuSome)('%s is written, and reads back the same', (id) => {
    expect(at(id, 0, 'write flash')).toMatchObject({ outcome: 'done', levelAfter: 0, holdsImage: true });
    expect(at(id, 0, 'read flash')).toMatchObject({ outcome: 'done', contentKept: true });
  });

  test.each(dfuSome)('%s at level 1 refuses reading, writing and erasing, and keeps its content', (id) => {
    const refused = { outcome: 'refused', levelAfter: 1, contentKept: true };
    for (const [action, command] of [
      ['read flash', 'SET_ADDRESS'],
      ['write flash', 'ERASE_PAGE'],
      ['mass erase', 'MASS_ERASE'],
    ] as const)
      expect(at(id, 1, action)).toMatchObject({ ...refused, answer: `${command} not correctly executed` });
  });
});

afterAll(() => {
  if (guest === undefined) return;
  if (isWhole && process.env['FIRMSEAL_RECORD'] === '1') {
    const record = { date: new Date().toISOString().slice(0, 10), clients: guestVersions(guest), cells };
    writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  }
  const kept = JSON.parse(readFileSync(recordFile, 'utf8')) as { cells: AccessCell[] };
  for (const cell of cells) expect(kept.cells).toContainEqual(cell);
  if (isWhole) expect(cells).toHaveLength(kept.cells.length);
});
