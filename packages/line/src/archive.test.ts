// The archive of a released line: what goes in comes out, and no byte of it can be another.

import { utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { delegate, root, testSigner } from '@firmseal/seal/testing';
import { expect, it } from 'vitest';
import { makeLineArchive, openLineArchive } from './index.ts';

const files = new Map([
  ['line.json', utf8('{}')],
  ['packages/panel.seal', new Uint8Array(500).fill(7)],
]);
const folders = new Map([['licenses/panel/', new Map([['ab.license', utf8('license')]])]]);

async function make() {
  const signer = testSigner('package signer');
  const delegation = await delegate('package-signer', 'package signer');
  return makeLineArchive(crypto, { files, folders }, { signer, delegation });
}

const open = (bytes: Uint8Array) =>
  openLineArchive(crypto, bytes, { rootPublicKey: root.publicKey, file: 'a.released' });

it('comes back as it went in', async () => {
  const opened = open(await make());
  expect(opened.files).toEqual(files);
  expect(opened.folders).toEqual(folders);
  expect(opened.signerKey).toEqual(testSigner('package signer').publicKey);
});

it('every byte that differs, and every length that is shorter, is refused', async () => {
  const bytes = await make();
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at]! ^= 1;
    expect(() => open(changed), `byte ${at}`).toThrow(/^(?!.*never be in)/);
  }
  for (let length = 0; length < bytes.length; length += 13)
    expect(() => open(bytes.subarray(0, length))).toThrow(/is not a released line/);
});

it('is signed by a package signer, not by another role', async () => {
  const signer = testSigner('package signer');
  const delegation = await delegate('license-issuer', 'package signer');
  const other = await makeLineArchive(crypto, { files, folders }, { signer, delegation });
  expect(() => open(other)).toThrow(/role|for another/i);
});
