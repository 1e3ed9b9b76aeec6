// Both sources under the engine: the authority over its client, and a batch made in advance.

import { AuthorityClient } from '@firmseal/authority-client';
import { fromBase64url, fromHex, Secret, toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { expect, test } from 'vitest';
import { createBench } from '../test/bench.ts';
import { makeBundle } from '../test/model-authority.ts';
import { ModelChip } from '../test/model-chip.ts';
import { createAuthoritySource } from './authority-source.ts';
import { createBatchSource } from './batch-source.ts';
import type { ReceiptDelivery } from './license-source.ts';

type Field = 'hello' | 'certificate' | 'challenge' | 'requestId' | 'licenseId' | 'receipt';

const thumbprintOf = (chip: ModelChip) => chip.device.thumbprint;

test('over the interface of the authority: PASS, fresh, stored by the authority', async () => {
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip' }) });
  const { authority } = bench;
  const decode = (text: unknown) => fromBase64url(String(text))!;
  const answer = async (route: string, body: { [field in Field]?: string }) => {
    if (route === 'challenge' || route === 'receipt-challenge')
      return { challenge: toHex(await authority.challenge()) };
    const challenge = fromHex(String(body.challenge));
    if (route === 'receipts') {
      await authority.storeReceipt({
        licenseId: fromHex(String(body.licenseId)),
        receipt: decode(body.receipt),
        challenge,
      });
      return { accepted: true, outcome: 'PASS', fresh: true };
    }
    const { thumbprint } = bench.sockets.get('usb-1')!.device;
    const [hello, certificate] = [decode(body.hello), decode(body.certificate)];
    const requestId = String(body.requestId);
    const { bundle, newUnit } = await authority.license({
      hello,
      certificate,
      challenge,
      thumbprint,
      manifestDigest: bench.sealed.manifest.digest,
      requestId,
    });
    const { licenseId, unitIndex } = authority.licenses.at(-1)!.terms;
    return { bundle: toBase64url(bundle), licenseId: toHex(licenseId), unitIndex, newUnit };
  };
  const fetchModel = (async (url: string, init: RequestInit) => {
    const route = new URL(url).pathname.split('/').at(-1)!;
    return Response.json(await answer(route, JSON.parse(String(init.body)) as { [field in Field]?: string }));
  }) as typeof fetch;
  const client = new AuthorityClient({
    baseUrl: 'https://authority.example',
    job: 'j',
    token: new Secret(utf8('t')),
    clock: systemClock,
    fetch: fetchModel,
  });
  const [result] = await bench.run({ source: createAuthoritySource(client) });
  expect(result).toMatchObject({ outcome: 'pass' });
  expect(bench.events.find(({ kind }) => kind === 'receipt')).toMatchObject({
    fresh: true,
    storedBy: 'authority',
  });
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
  const source = createBatchSource({
    bundles: new Map([[toHex(thumbprintOf(chip)), bundle]]),
    keepReceipt: async (delivery) => {
      outbox.push(delivery);
    },
  });
  expect((await bench.run({ source }))[0]).toMatchObject({ outcome: 'pass' });
  expect(bench.events.find(({ kind }) => kind === 'receipt')).toMatchObject({
    fresh: false,
    storedBy: 'outbox',
  });
  bench.journal.text = '';
  expect((await bench.run({ source }))[0]).toMatchObject({ outcome: 'pass' });
  expect(outbox.map(({ licenseId }) => toHex(licenseId))).toEqual(['01'.repeat(16), '01'.repeat(16)]);
});

test('a chip that the batch does not know is license-missing, and nothing is sent to it', async () => {
  const chip = new ModelChip({ name: 'stranger' });
  const bench = await createBench({ 'usb-1': chip });
  const source = createBatchSource({ bundles: new Map(), keepReceipt: async () => undefined });
  expect((await bench.run({ source }))[0]).toMatchObject({ fault: { code: 'license-missing' } });
  expect(chip.requests).not.toContain(0x20);
});
