// The example of README.md, run.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { formatWitnessRequest } from '@firmseal/ledger';
import { noteSigner, TestLog } from '@firmseal/ledger/testing';
import { expect, test } from 'vitest';
import { openWitnessState, Witness } from './index.ts';

test('the example', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-witness-'));
  const path = join(folder, 'state.json');
  const signer = noteSigner('witness', 'witness.example');
  const log = new TestLog();
  await log.grow(3);
  const state = await openWitnessState(path);
  const witness = new Witness({ crypto, signer, logs: [log.signer.key], state });
  const request = formatWitnessRequest({ old: 0, proof: [], checkpoint: await log.checkpoint() });
  const cosignature = await witness.addCheckpoint(request);
  expect(state.list()).toEqual([{ origin: log.origin, size: 3 }]);
  await state.release();
  expect(cosignature).toMatch(/^\u2014 witness\.example \S+\n$/u);
  rmSync(folder, { recursive: true });
});
