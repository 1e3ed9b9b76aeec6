// Both authorities under the engine: the authority over its client, and a batch made in advance.

import { AuthorityClient, accessForJob } from '@firmseal/authority-client';
import { calls, decodeInput, encodeAnswer } from '@firmseal/authority-contract';
import { Secret, toHex, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { expect, test } from 'vitest';
import { createBench } from '../test/bench.ts';
import { makeBundle } from '../test/model-authority.ts';
import { ModelChip } from '../test/model-chip.ts';
import { createBatchAuthority } from './batch-authority.ts';
import type { ReceiptDelivery } from './line-authority.ts';
import { renderLines } from './render-lines.ts';

const thumbprintOf = (chip: ModelChip) => chip.device.thumbprint;

test.each<[string, Uint8Array<ArrayBuffer>, string | null]>([
  ['this job', new Uint8Array(16).fill(7), null],
  ['another job', new Uint8Array(16).fill(9), '09'.repeat(16)],
])('over the interface of the authority: PASS, fresh, stored under %s', async (_, under, otherJob) => {
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip' }) });
  const { authority } = bench;
  const job = new Uint8Array(16).fill(7);
  const { thumbprint } = bench.sockets.get('usb-1')!.device;
  /** The model behind the paths of the interface. */
  const answer = async (route: string, fields: unknown): Promise<unknown> => {
    const parts = { inPath: { job: toHex(job) }, fields };
    if (route.endsWith('challenge'))
      return encodeAnswer(calls.giveHelloChallenge, { challenge: await authority.giveChallenge() });
    if (route === 'receipts') {
      const { licenseId, receipt, challenge, certificate } = decodeInput(calls.storeReceipt, parts);
      await authority.storeReceipt({ licenseId, receipt, challenge, certificate: certificate! });
      return encodeAnswer(calls.storeReceipt, { accepted: true, outcome: 'PASS', fresh: true, job: under });
    }
    const request = decodeInput(calls.issueLicense, parts);
    const { manifestDigest } = request;
    const given = await authority.issueLicense({ ...request, thumbprint, manifestDigest: manifestDigest! });
    const { licenseId, unitIndex } = authority.licenses.at(-1)!.terms;
    return encodeAnswer(calls.issueLicense, { ...given, licenseId, unitIndex });
  };
  const fetchModel = (async (url: string, init: RequestInit) => {
    const route = new URL(url).pathname.split('/').at(-1)!;
    return Response.json(await answer(route, JSON.parse(String(init.body))));
  }) as typeof fetch;
  const client = new AuthorityClient({
    address: 'https://authority.example',
    token: new Secret(utf8('fsl_0123456789abcdef')),
    clock: systemClock,
    fetch: fetchModel,
  });
  const [result] = await bench.run({ authority: accessForJob(client, job) });
  expect(result).toMatchObject({ outcome: 'pass' });
  expect(bench.events.find(({ kind }) => kind === 'receipt')).toMatchObject({
    fresh: true,
    keptBy: 'authority',
    otherJob,
  });
  const shown = bench.events.flatMap(renderLines).join('\n');
  if (otherJob === null) expect(shown).not.toContain('nothing was spent');
  else expect(shown).toContain(`installed under job ${otherJob}: nothing was spent`);
  expect(authority.receipts.size).toBe(1);
});

test('from a batch: PASS, NOT FRESH, in the outbox; again after the journal is gone', async () => {
  const chip = new ModelChip({ name: 'chip' });
  const bench = await createBench({ 'usb-1': chip });
  const { manifest } = bench.sealed;
  const terms = {
    jobId: new Uint8Array(16),
    licenseId: new Uint8Array(16).fill(1),
    unitIndex: 0,
    thumbprint: thumbprintOf(chip),
    mode: 'standing',
    receiptNonce: new Uint8Array(32).fill(2),
    counterFloor: 0,
    origin: chip.device.origin,
    ceiling: 16,
  } as const;
  const { kemKey } = chip.device;
  const { contentKey } = bench;
  const { bundle } = await makeBundle({ terms, manifest, kemKey, contentKey });
  const outbox: ReceiptDelivery[] = [];
  const authority = createBatchAuthority({
    bundles: new Map([[toHex(thumbprintOf(chip)), bundle]]),
    keepReceipt: async (delivery) => {
      outbox.push(delivery);
    },
  });
  expect((await bench.run({ authority }))[0]).toMatchObject({ outcome: 'pass' });
  expect(bench.events.find(({ kind }) => kind === 'receipt')).toMatchObject({
    fresh: false,
    keptBy: 'outbox',
  });
  bench.journal.text = '';
  expect((await bench.run({ authority }))[0]).toMatchObject({ outcome: 'pass' });
  expect(outbox.map(({ licenseId }) => toHex(licenseId))).toEqual(['01'.repeat(16), '01'.repeat(16)]);
});

test('a chip that the batch does not know is license-missing, and nothing is sent to it', async () => {
  const chip = new ModelChip({ name: 'stranger' });
  const bench = await createBench({ 'usb-1': chip });
  const authority = createBatchAuthority({ bundles: new Map(), keepReceipt: async () => undefined });
  expect((await bench.run({ authority }))[0]).toMatchObject({ fault: { code: 'license-missing' } });
  expect(chip.requests).not.toContain(0x20);
});
