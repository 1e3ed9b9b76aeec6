// The description of an update and its run on a virtual chip.

import { equalBytes, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { readReceiptFile } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { attachLicense } from '@firmseal/seal';
import { openChipLink } from '@firmseal/virtual-line';
import { describe, expect, it } from 'vitest';
import { personalizedLine } from '../../../device/agent/test/line.ts';
import {
  delegate,
  makeLicense,
  makePackage,
  product,
  root,
} from '../../../device/agent/test/trusted-site.ts';
import {
  createTextJournal,
  findAgent,
  isInterrupted,
  offerOfPage,
  openOffer,
  readOffer,
  runUpdate,
} from './index.ts';

const now = () => new Date();
const description = async (change: Record<string, unknown> = {}) => ({
  ...{ format: 'firmseal-update-1', product, rootKey: toBase64url(root.publicKey) },
  deviceCaDelegation: toBase64url(await delegate('device-ca', 'device CA')),
  package: { url: 'panel.seal' },
  ...change,
});
const offerOf = async (change: Record<string, unknown> = {}) =>
  readOffer(JSON.stringify(await description(change)), 'update.json');

function textStore() {
  const kept = { text: '' };
  return {
    read: () => kept.text,
    write: (text: string) => {
      kept.text = text;
    },
  };
}

describe('the description', () => {
  it('is read strictly, and says which field is wrong', async () => {
    expect((await offerOf()).rootKey).toEqual(root.publicKey);
    for (const [change, field] of [
      [{ rootKey: 'AAAA' }, 'rootKey'],
      [{ package: { bytes: '!' } }, 'package'],
      [{ licenses: { bytes: { thumb: 'AAAA' } } }, 'licenses'],
      [{ surprise: 1 }, 'the whole'],
      [{ format: 'firmseal-update-2' }, 'format'],
    ] as const)
      await expect(offerOf(change), field).rejects.toMatchObject({
        code: 'update-offer-invalid',
        fields: { problem: expect.stringContaining(field) },
      });
    expect(() => readOffer('{', 'x')).toThrow(expect.objectContaining({ code: 'update-offer-invalid' }));
  });

  it('is found inside of a page', () => {
    const page = '<p></p><script type="application/firmseal-update+json">{"a":1}</script>';
    expect(offerOfPage(page)).toBe('{"a":1}');
    expect(offerOfPage('<script>1</script>')).toBeUndefined();
  });

  it('is refused with a package of another root, and without its package', async () => {
    const stranger = await makePackage('stm32f427', { stranger: 'stranger' });
    const inside = await offerOf({ package: { bytes: toBase64url(stranger.file) } });
    const readPart = async () => undefined;
    await expect(openOffer(crypto, { offer: inside, readPart, now })).rejects.toMatchObject({
      code: 'delegation-signature-invalid',
    });
    await expect(openOffer(crypto, { offer: await offerOf(), readPart, now })).rejects.toMatchObject({
      code: 'update-part-missing',
    });
  });
});

describe('a run', () => {
  it('takes the license from inside of the package, and gives a receipt file', async () => {
    const line = await personalizedLine('stm32f427');
    line.hello();
    const { chip, device } = line;
    const sealed = await makePackage('stm32f427');
    const { bundle } = await makeLicense(sealed, device!);
    const file = Uint8Array.from(attachLicense(sealed.file, bundle).flatMap((part) => [...part]));
    const asked: string[] = [];
    const readPart = async (url: string) => {
      asked.push(url);
      return url === 'panel.seal' ? file : undefined;
    };
    const offer = await offerOf({ licenses: { url: 'licenses' }, earlier: { ['ab'.repeat(32)]: '0.9' } });
    const opened = await openOffer(crypto, { offer, readPart, now });
    expect(opened.versionOf('ab'.repeat(32))).toBe('0.9');
    const opener = {
      open: async (socket: string) => {
        if (socket !== 'chip') throw new DOMException('not there', 'NetworkError');
        return openChipLink(chip);
      },
    };
    await expect(findAgent(opener, ['nothing'], systemClock)).rejects.toThrow('not there');
    expect(await findAgent(opener, ['chip'], systemClock)).toEqual(['chip']);
    const store = textStore();
    const journal = createTextJournal(store);
    const settings = { crypto, opened, opener, socket: 'chip', journal, clock: systemClock, now };
    const { result, before, receiptFile } = await runUpdate(settings);
    expect(result).toMatchObject({ outcome: 'pass' });
    expect(before).toMatchObject({ thumbprint: toHex(device!.thumbprint), lifeCycle: 'personalized' });
    const read = readReceiptFile(receiptFile!);
    expect(equalBytes(read.bundle!, bundle)).toBe(true);
    expect(asked).toEqual(['panel.seal']);
    // Before the receipt stood in it, the journal told of an update that had begun.
    expect(isInterrupted(journal)).toBe(false);
    const torn = store.read().split('\n').slice(0, -2).join('\n');
    expect(isInterrupted(createTextJournal({ read: () => `${torn}\n`, write: () => undefined }))).toBe(true);

    // Another device's license is no license.
    const stranger = await personalizedLine('stm32f427', 2, 'a stranger');
    const other = await runUpdate({
      ...{ ...settings, journal: createTextJournal(textStore()) },
      opener: { open: async () => openChipLink(stranger.chip) },
    });
    expect(other.result).toMatchObject({ outcome: 'fail', fault: { code: 'update-license-missing' } });
    expect(asked.slice(1)).toEqual([`licenses/${other.before!.thumbprint}.license`]);
  });
});
