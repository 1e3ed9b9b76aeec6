// What an install is called at the station: spec/receipt.md section 4.

import type { DevicePublic, Origin } from '@firmseal/formats';
import { expect, test } from 'vitest';
import { createBench } from '../test/bench.ts';
import { ModelChip, verifyModelCertificate } from '../test/model-chip.ts';
import { exitCodeOf } from './exit-code.ts';
import { renderBoard, updateBoard } from './render-bars.ts';
import { renderLines } from './render-lines.ts';

test('a chip below the level that the package asks for ends as UNPROTECTED, with its own exit status', async () => {
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip', receiptLevel: 1 }) });
  const results = await bench.run();
  expect(results).toMatchObject([{ outcome: 'unprotected' }]);
  expect(exitCodeOf(results)).toBe(21);
  const lines = bench.events.flatMap(renderLines);
  expect(lines).toContainEqual(
    expect.stringMatching(/receipt verified, stored by the authority, UNPROTECTED$/),
  );
  expect(lines.at(-1)).toMatch(/^#RESULT:1:#UNPROTECTED /);
  const board = bench.events.reduce(updateBoard, []);
  const [row, summary] = renderBoard(board, { columns: 100, rows: 9 });
  expect(row).toMatch(/100% UNPROTECTED$/);
  expect(summary).toBe('0 passed, 1 weaker than PASS, 0 failed, 0 at work');
  expect(bench.journal.entries.at(-1)).toMatchObject({ kind: 'receipt', outcome: 'UNPROTECTED' });
});

test('an identity that its certificate calls enrolled is not taken from a chip that says witnessed', async () => {
  const enrolled: Origin = { kind: 'enrolled', rehearsal: false };
  const verifyCertificate = (certificate: Uint8Array): DevicePublic => ({
    ...verifyModelCertificate(certificate),
    origin: enrolled,
  });
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip' }) }, { verifyCertificate });
  expect(await bench.run()).toMatchObject([{ outcome: 'fail', fault: { code: 'hello-origin-wrong' } }]);
});
