// What an agent writes into its journal, by which the catalogue computes how long the flash lasts
// (packages/chips, wear.ts): counted on virtual chips, operation by operation.

import { type Chip, journalBytes, journalErases } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { type Line, personalizedLine } from './line.ts';
import { makePackage } from './trusted-site.ts';

/** Bytes that are programmed in the journal from here on, and erases of its units. */
function countJournal({ chip }: Line): { readonly bytes: () => number; readonly erases: () => number } {
  const { journal } = chip.chip.layout;
  const inJournal = (at: number) =>
    journal.some(({ addressStart, sizeBytes }) => at >= addressStart && at < addressStart + sizeBytes);
  let bytes = 0;
  let erases = 0;
  chip.power.onOperation = ({ kind, address, length }) => {
    if (!inJournal(address)) return;
    if (kind === 'program') bytes += length;
    if (kind === 'erase') erases++;
  };
  return { bytes: () => bytes, erases: () => erases };
}

/**
 * Up to the figure, and not much less: a figure that is far too high would hide an agent that writes more.
 */
const isAbout = (measured: number, figure: number) => {
  expect(measured).toBeLessThanOrEqual(figure);
  expect(measured).toBeGreaterThan(figure / 2);
};

function packageFor({ id, layout }: Chip) {
  const entry = layout.slots[0]!.storeStart;
  const area = { kind: 'firmware' as const, address: entry, lengthBytes: 2048 };
  return makePackage(id, {
    core: { entry, interruption: 'erase' },
    areas: [{ area, plaintext: new Uint8Array(2048).fill(3) }],
  });
}

test.each(['stm32f427', 'stm32g0b1'])('%s: an install, and a session that installs nothing', async (id) => {
  const line = await personalizedLine(id);
  const sealed = await packageFor(line.chip.chip);
  await line.install(sealed);
  const install = countJournal(line);
  await line.install(sealed);
  isAbout(install.bytes(), journalBytes.install);
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  const session = countJournal(line);
  line.hello();
  if (line.chip.chip.hasRandomGenerator) expect(session.bytes()).toBe(0);
  else isAbout(session.bytes(), journalBytes.seededSession);
});

test('a half of the journal is erased as often as the figure says each time that it is filled', async () => {
  const line = await personalizedLine('stm32f427');
  const sealed = await packageFor(line.chip.chip);
  const half = line.chip.chip.layout.journal[0]!.sizeBytes;
  const { bytes, erases } = countJournal(line);
  for (let i = 0; i < 12; i++) await line.install(sealed);
  // The half that is being filled has had its erases already, or not.
  const filled = bytes() / half;
  expect(filled).toBeGreaterThan(2);
  expect(erases()).toBeLessThanOrEqual(journalErases * filled);
  expect(erases()).toBeGreaterThan(journalErases * (filled - 1));
});
