// The whole line with nothing modelled but the chip's silicon: engine, HTTP client, the authority on a
// loopback port with its database file, and the agent in C on virtual chips.

import { type OpenedJob, TestAuthority } from '@firmseal/authority/testing';
import { AuthorityClient, accessForJob } from '@firmseal/authority-client';
import { concatBytes, fromHex, Secret, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { exitCodes } from '@firmseal/fault';
import { sealContentKey } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { sealPackage, splitPackage } from '@firmseal/seal';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryJournal } from '../test/bench.ts';
import { RealChip, type SiteOwner, verifyRealCertificate } from '../test/real-chip.ts';
import {
  createInstallVerifier,
  exitCodeOf,
  type GangSettings,
  type InstallPackage,
  readInstallPackage,
  runGang,
} from './index.ts';

const product = 'pump';

let authority: TestAuthority;
let site: SiteOwner;
let sealed: InstallPackage;
let opened: Pick<OpenedJob, 'job' | 'line'>;

beforeAll(async () => {
  authority = await TestAuthority.start();
  authority.nowMs = Date.UTC(2026, 0, 2);
  const { root, deviceCa, signer, kem } = authority.owner;
  const signerOf = (pair: typeof root) => ({
    publicKey: pair.publicKey,
    sign: (message: Uint8Array) => crypto.signEs256(pair.privateKey, message),
  });
  site = { rootPublicKey: root.publicKey, product, epoch: 0, deviceCa: signerOf(deviceCa) };
  const made = await sealPackage(crypto, {
    core: {
      product,
      chips: ['stm32f427'],
      firmwareVersion: '2.0',
      securityCounter: 5,
      chunkSizeBytes: 1024,
      entry: 0x08040000,
      optionBytes: [],
      leastReadoutLevel: 2,
      interruption: 'resume',
      leastAgentVersion: 1,
      bootCheck: 'record',
    },
    areas: [
      {
        area: { kind: 'firmware', address: 0x08040000, lengthBytes: 8192 },
        plaintext: crypto.randomBytes(8192),
      },
    ],
    signer: signerOf(signer),
    delegation: await authority.owner.delegate('package-signer', signer.publicKey),
    rootPublicKey: root.publicKey,
  });
  const { contentKey, manifestDigest } = made;
  const contentKeyFile = sealContentKey(crypto, {
    contentKey,
    manifestDigest,
    authorityKemKey: kem.publicKey,
  });
  const { headerBytes } = splitPackage(made.parts[0]);
  const owner = clientWith(authority.ownerToken);
  const { job } = await owner.call('openJob', { header: headerBytes, contentKeyFile, quota: 2 });
  await owner.call('approveJob', { job });
  opened = { job: toHex(job), line: (await owner.call('createLineToken', { job, label: 'line' })).token };
  sealed = readInstallPackage(crypto, concatBytes(...made.parts), { rootPublicKey: root.publicKey, product });
});
afterAll(() => authority.remove());

const clientWith = (token: string) =>
  new AuthorityClient({ address: authority.url, token: new Secret(utf8(token)), clock: systemClock });

function install(chips: Map<string, RealChip>, change: Partial<GangSettings> = {}) {
  return runGang({
    sockets: [...chips.keys()],
    sealed,
    opener: { open: async (socket) => chips.get(socket)!.connect() },
    authority: accessForJob(clientWith(opened.line), fromHex(opened.job)),
    journal: new MemoryJournal(),
    verifier: createInstallVerifier(crypto, {
      sealed,
      verifyCertificate: (certificate) => verifyRealCertificate(certificate, site),
    }),
    clock: systemClock,
    now: () => new Date(),
    newId: () => toHex(crypto.randomBytes(16)),
    onEvent: () => undefined,
    ...change,
  });
}

test('two chips pass, and passing again spends nothing; a third finds the quota spent', async () => {
  const chips = new Map([
    ['a', await RealChip.create('one', site)],
    ['b', await RealChip.create('two', site)],
  ]);
  expect(await install(chips)).toMatchObject([{ outcome: 'pass' }, { outcome: 'pass' }]);
  // Again without journal: the authority alone remembers.
  expect(exitCodeOf(await install(chips))).toBe(exitCodes.pass);
  expect(await authority.showJob(opened.job)).toMatchObject({
    units: 2,
    remaining: 0,
    licenses: 2,
    receipts: 4,
  });
  const third = new Map([['c', await RealChip.create('three', site)]]);
  const results = await install(third);
  expect(results).toMatchObject([{ outcome: 'fail', fault: { code: 'quota-exhausted' } }]);
  expect(exitCodeOf(results)).toBe(exitCodes.license);
  expect((await authority.audit()).ok).toBe(true);
});

test('a chip of another owner gets no license', async () => {
  const foreign = new Map([['x', await RealChip.create('foreign')]]);
  expect(await install(foreign)).toMatchObject([{ fault: { code: 'certificate-signature-invalid' } }]);
});
