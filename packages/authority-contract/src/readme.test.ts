// The example of README.md, run.

import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { expect, test } from 'vitest';
import { calls, decodeAnswer, decodeInput, encodeAnswer, encodeRequest } from './index.ts';

test('the example', () => {
  const job = fromHex('0a'.repeat(16));
  const licenseId = job;
  const challenge = new Uint8Array(32);
  const [hello, certificate, bundle] = [utf8('hello'), utf8('certificate'), utf8('bundle')];
  const requestId = 'r1';

  const item = calls.issueLicense;
  const { method, path, body } = encodeRequest(item, { job, hello, certificate, challenge, requestId });
  const input = decodeInput(item, { inPath: { job: toHex(job) }, fields: JSON.parse(body!) });
  const value = encodeAnswer(item, { bundle, licenseId, unitIndex: 0, newUnit: true });
  const { unitIndex } = decodeAnswer(item, JSON.parse(JSON.stringify(value)));

  expect([method, path]).toEqual(['POST', `/v1/jobs/${toHex(job)}/licenses`]);
  expect(input).toEqual({ job, hello, certificate, challenge, requestId });
  expect(unitIndex).toBe(0);
});
