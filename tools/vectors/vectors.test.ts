// The product's own readers against the vectors, and the vectors against the specification: every code that
// an order of checks names has a vector.

import { readFileSync } from 'node:fs';
import { fromHex, Secret, toHex } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { checkCounterCap, type DevicePublic, verifyAuthority } from '@firmseal/formats';
import { refuseKnownTestKeys } from '@firmseal/keys';
import {
  checkLicenseForChip,
  openContentKey,
  openLicense,
  verifyHello,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import { checkForChip, openRecords, splitPackage, verifyHeader, verifyRecords } from '@firmseal/seal';
import { describe, expect, it } from 'vitest';
import { signDeterministic } from './deterministic-signer.ts';

// biome-ignore lint/suspicious/noExplicitAny: the files are data of many shapes
type Json = any;
const read = (path: string): Json =>
  JSON.parse(readFileSync(new URL(`../../vectors/${path}`, import.meta.url), 'utf8'));
const hex = (text: string) => fromHex(text);
const optional = (text: string | null | undefined) => (text ? hex(text) : undefined);

async function outcome(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function eachCase(file: Json, run: (one: Json) => unknown): void {
  for (const one of file.cases) {
    it(one.name, async () => {
      expect(await outcome(() => run(one))).toBe(one.fault);
    });
  }
  it('has names that tell the cases apart', () => {
    expect(new Set(file.cases.map(({ name }: Json) => name)).size).toBe(file.cases.length);
  });
}

const delegations = read('delegation/verify.json');
describe('delegations', () => {
  eachCase(delegations, ({ delegation, epochStatement, role, epoch, securityCounter }) => {
    const { delegate } = verifyAuthority(
      crypto,
      { delegation: hex(delegation), epochStatement: optional(epochStatement) },
      { rootPublicKey: hex(delegations.rootPublicKey), product: delegations.product, role, epoch },
    );
    if (securityCounter !== undefined) checkCounterCap(delegate, securityCounter);
  });
});

const packages = read('package/open.json');
const headerOf = (one: Json) => {
  const file = hex(one.file);
  const { header, recordsOffset } = splitPackage(file);
  const { product = packages.product, epoch = packages.epoch } = one;
  const trust = { rootPublicKey: hex(packages.rootPublicKey), product, epoch };
  const { manifest } = verifyHeader(crypto, header, trust);
  const chip = one.chip ?? packages.chip;
  checkForChip(manifest, findChip(chip), one.state ?? packages.states[chip]);
  return { file, recordsOffset, manifest };
};

describe('packages', () => {
  eachCase(packages, (one) => {
    const { file, recordsOffset, manifest } = headerOf(one);
    const contentKey = new Secret(hex(one.contentKey));
    const hash = crypto.createSha256();
    let bytes = 0;
    try {
      openRecords(crypto, { file, recordsOffset, manifest, contentKey }, ({ plaintext }) => {
        hash.update(plaintext);
        bytes += plaintext.length;
      });
    } finally {
      expect({ bytes, sha256: toHex(hash.digest()) }).toEqual(one.released);
      expect(toHex(manifest.digest)).toBe(one.manifestDigest);
    }
  });

  it('have faults of hashes and lengths that show without the content key too', async () => {
    let met = 0;
    for (const one of packages.cases.filter(({ contentKey }: Json) => contentKey)) {
      const { file, recordsOffset, manifest } = headerOf(one);
      const code = await outcome(() => verifyRecords(crypto, file, recordsOffset, manifest));
      if (code !== undefined) met++;
      if (/^(package-|record-hash)/.test(one.fault ?? ''))
        expect([one.name, code]).toEqual([one.name, one.fault]);
    }
    expect(met).toBeGreaterThan(10);
  });

  it('carry licenses that open to their content keys', () => {
    const recipient = crypto.p256FromPrivate(hex(packages.device.kemPrivateKey))!;
    for (const one of packages.cases.filter(({ fault, license }: Json) => license && !fault)) {
      const { manifest } = headerOf(one);
      const { product, epoch } = packages;
      const trust = { rootPublicKey: hex(packages.rootPublicKey), product, epoch };
      const license = verifyLicense(crypto, { bundle: hex(one.license), ...trust });
      checkLicenseForChip(license, { manifest, thumbprint: hex(packages.device.thumbprint) });
      expect(toHex(openLicense(crypto, { license, manifest, recipient }).contentKey.expose())).toBe(
        one.contentKey,
      );
    }
  });
});

const licenses = read('license/open.json');
const licensedManifest = (file: Json) =>
  verifyHeader(crypto, splitPackage(hex(file.package)).header, {
    rootPublicKey: hex(file.rootPublicKey),
    product: file.product,
    epoch: file.epoch,
  }).manifest;

describe('licenses', () => {
  const manifest = licensedManifest(licenses);
  const recipient = crypto.p256FromPrivate(hex(licenses.kemPrivateKey))!;
  eachCase(licenses, (one) => {
    const { epoch = licenses.epoch, product = licenses.product } = one;
    const trust = { rootPublicKey: hex(licenses.rootPublicKey), product, epoch };
    const license = verifyLicense(crypto, { bundle: hex(one.bundle), ...trust });
    const nonce = optional(one.nonce === undefined ? licenses.nonce : one.nonce);
    const journaled = one.journaled && { digest: hex(one.journaled.digest), unwraps: one.journaled.unwraps };
    checkLicenseForChip(license, {
      manifest,
      thumbprint: hex(one.thumbprint ?? licenses.thumbprint),
      ...(nonce ? { nonce } : {}),
      ...(journaled ? { journaled } : {}),
    });
    const opened = openLicense(crypto, { license, manifest, recipient });
    expect(toHex(opened.contentKey.expose())).toBe(licenses.contentKey);
    expect(opened.deviceData.map(toHex)).toEqual(licenses.deviceData);
  });
});

describe('content-key files', () => {
  const file = read('content-key/open.json');
  const { publicKey, privateKey } = crypto.p256FromPrivate(hex(file.kemPrivateKey))!;
  const unwrapper = { publicKey, ecdh: (point: Uint8Array) => crypto.ecdhP256(privateKey, point) };
  eachCase(file, async (one) => {
    const { contentKey, manifestDigest } = await openContentKey(crypto, { file: hex(one.file), unwrapper });
    expect(toHex(contentKey.expose())).toBe(file.contentKey);
    expect(toHex(manifestDigest)).toBe(file.manifestDigest);
  });
});

const deviceOf = (file: Json): DevicePublic => ({
  signingKey: hex(file.signingKey),
  kemKey: hex(file.kemKey),
  thumbprint: hex(file.thumbprint),
  chipId: 'stm32f427',
  product: 'thermostat',
});
const challengeOf = (file: Json, one: Json) => {
  const challenge = optional(one.challenge === undefined ? file.challenge : one.challenge);
  return challenge ? { challenge } : {};
};

describe('hellos', () => {
  const file = read('hello/verify.json');
  eachCase(file, (one) =>
    verifyHello(crypto, { hello: hex(one.object), device: deviceOf(file), ...challengeOf(file, one) }),
  );
});

describe('receipts', () => {
  const file = read('receipt/verify.json');
  const manifest = licensedManifest(file);
  const license = {
    ...Object.fromEntries(Object.entries(file.license).map(([name, text]) => [name, hex(text as string)])),
    unitIndex: 0,
    mode: 'session',
    counterFloor: 0,
  } as Json;
  eachCase(file, (one) =>
    verifyReceipt(crypto, {
      receipt: hex(one.object),
      device: deviceOf(file),
      license,
      manifest,
      ...challengeOf(file, one),
    }),
  );
});

describe('certificates', () => {
  const file = read('certificate/verify.json');
  eachCase(file, (one) => {
    const device = verifyDeviceCertificate(crypto, hex(one.object), {
      caPublicKey: hex(file.caPublicKey),
      product: file.product,
      now: new Date(one.now ?? file.now),
    });
    expect(device).toMatchObject(deviceOf(file));
  });
});

describe('the vectors', () => {
  const section = (page: string, from: string, to: string) => {
    const text = readFileSync(new URL(`../../spec/${page}`, import.meta.url), 'utf8');
    const start = text.indexOf(from);
    const end = text.indexOf(to, start + 1);
    expect(start).toBeGreaterThan(0);
    return text.slice(start, end < 0 ? undefined : end);
  };
  const errors = ['package', 'license', 'device'].flatMap(
    (area) => read(`../spec/errors/${area}.json`).errors,
  );
  const known = new Set(errors.map(({ code }: Json) => code));
  const codesOf = (text: string) =>
    [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, code]) => code!).filter((code) => known.has(code));
  /** Codes that no file can show, and where they are tested instead. */
  const elsewhere = new Set([
    'record-length-wrong', // a file has no lengths of its own: the onLink of cut packages
    'trial-undecided', // the chip's state, of which a file knows nothing: device/agent/test/trial.test.ts
    'trial-no-room',
  ]);
  const lists: [string, string, string, string[]][] = [
    ['package.md', '## 6.', '\n## 7.', ['package/open.json']],
    [
      'delegation.md',
      '## 3.',
      '\n## 4.',
      ['package/open.json', 'license/open.json', 'delegation/verify.json'],
    ],
    ['license.md', '## 4.', '\n## 5.', ['license/open.json']],
    ['license.md', '## 3.', '\n## 4.', ['content-key/open.json']],
    ['device.md', '## 2.', '\n## 3.', ['certificate/verify.json']],
    ['device.md', '## 3.', '\n## 4.', ['hello/verify.json']],
    ['receipt.md', 'Checks, in order', '\n## ', ['receipt/verify.json']],
  ];
  for (const [page, from, to, files] of lists)
    it(`reach every code that ${page} ${from} names`, () => {
      const codes = new Set(codesOf(section(page, from, to)));
      expect(codes.size).toBeGreaterThan(1);
      for (const path of files) {
        const met = new Set(read(path).cases.map(({ fault }: Json) => fault));
        const missing = [...codes].filter((code) => !met.has(code) && !elsewhere.has(code));
        expect([path, missing]).toEqual([path, []]);
      }
    });

  it('show cut packages as wrong lengths on the link', () => {
    expect(packages.cases.some(({ onLink }: Json) => onLink === 'record-length-wrong')).toBe(true);
  });

  it('use keys that every tool refuses', async () => {
    for (const { publicKey } of read('keys.json').cases)
      expect(await outcome(() => refuseKnownTestKeys(hex(publicKey)))).toBe('key-known-test');
  });

  it('are signed with the nonces of RFC 6979 (appendix A.2.5, SHA-256, "sample"; s made low)', () => {
    const key = hex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
    const expected =
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8';
    expect(toHex(signDeterministic(key, new TextEncoder().encode('sample'), true))).toBe(expected);
  });
});
