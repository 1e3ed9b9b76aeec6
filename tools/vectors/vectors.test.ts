// The product's own readers against the vectors, and the vectors against the specification: every code that
// an order of checks names has a vector.

import { readFileSync } from 'node:fs';
import { verifyAgentImage } from '@firmseal/agent-image';
import { verifyApproval, verifyApprovalPolicy, verifyJobEnd, verifyRestore } from '@firmseal/approval';
import { concatBytes, fromHex, Secret, toHex, utf8 } from '@firmseal/bytes';
import { openCose } from '@firmseal/cbor-cose';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import {
  checkCounterCap,
  type DevicePublic,
  grantOf,
  originOf,
  verifyAuthority,
  verifyRecovery,
} from '@firmseal/formats';
import { refuseKnownTestKeys } from '@firmseal/keys';
import { decodeLedgerPolicy, parseNoteKey, verifyCheckpoint, verifyConsistency } from '@firmseal/ledger';
import {
  checkLicenseForChip,
  judgeReceipt,
  openContentKey,
  openLicense,
  openLicenseBatch,
  verifyHello,
  verifyLicense,
  verifyLicenseProof,
  verifyReceipt,
  verifyReceiptProof,
} from '@firmseal/license';
import {
  checkForChip,
  iterateRecords,
  manifestKind,
  openRecords,
  sealPackage,
  splitPackage,
  verifyHeader,
  verifyRecords,
} from '@firmseal/seal';
import {
  openStationLicense,
  verifyOutcome,
  verifyStation,
  verifyStationLicense,
  verifyStationRequest,
} from '@firmseal/station';
import { Witness } from '@firmseal/witness';
import { describe, expect, it } from 'vitest';
import { signDeterministic } from './deterministic-signer.ts';
import { vectorChip } from './package-case.ts';
import { keyPair, signerOf } from './vector-keys.ts';
import { delegate, signShell } from './workshop.ts';

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
const roleOfBefore = 'package-signer' as const;
describe('delegations', () => {
  eachCase(delegations, (one) => {
    const { delegation, epochStatement, successions = [], before = [], role, epoch, securityCounter } = one;
    const earlier = { role: roleOfBefore, publicKey: keyPair('package signer').publicKey, counterCap: 9 };
    const { product } = delegations;
    const { delegate: accepted } = verifyAuthority(
      crypto,
      {
        ...{ delegation: hex(delegation), epochStatement: optional(epochStatement) },
        successions: successions.map(hex),
      },
      {
        ...{ rootPublicKey: hex(delegations.rootPublicKey), product, role, epoch },
        delegations: before.map((of: number) => ({ ...earlier, product, epoch: of })),
      },
    );
    if (securityCounter !== undefined) checkCounterCap(accepted, securityCounter);
  });
});

const packages = read('package/open.json');
const headerOf = (one: Json) => {
  const file = hex(one.file);
  const { header, recordsOffset } = splitPackage(file);
  const { product = packages.product, epoch = packages.epoch } = one;
  const known = { rootPublicKey: hex(packages.rootPublicKey), product, epoch };
  const { manifest, trust } = verifyHeader(crypto, header, known);
  const chip = one.chip ?? packages.chip;
  checkForChip(manifest, vectorChip(chip), one.state ?? packages.states[chip]);
  return { file, recordsOffset, manifest, trust };
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
    const origin = originOf(1)!;
    for (const one of packages.cases.filter(({ fault, license }: Json) => license && !fault)) {
      const { manifest, trust } = headerOf(one);
      const license = verifyLicense(crypto, { bundle: hex(one.license), ...trust });
      const thumbprint = hex(packages.device.thumbprint);
      checkLicenseForChip(license, { manifest, thumbprint, origin, unwraps: 0 });
      expect(toHex(openLicense(crypto, { license, manifest, recipient }).contentKey.expose())).toBe(
        one.contentKey,
      );
    }
  });
});

describe('sealing with the randomness given', () => {
  const rootPublicKey = keyPair('root').publicKey;
  const grants = [40, 41].map(async (counterCap) => {
    const delegation = await delegate({ counterCap });
    const { delegate: signer } = verifyAuthority(
      crypto,
      { delegation },
      { rootPublicKey, role: 'package-signer' },
    );
    return { delegation, grant: toHex(grantOf(crypto, signer)) };
  });
  eachCase(read('package/seal.json'), async (one) => {
    const { delegation } = (await Promise.all(grants)).find(({ grant }) => grant === one.grant)!;
    const signed = signShell(manifestKind.typ, hex(one.payload), 'package signer');
    const header = { manifest: signed, delegation, successions: [] };
    const { areas: places, ...core } = verifyHeader(crypto, header, { rootPublicKey }).manifest.core;
    const sealed = await sealPackage(crypto, {
      core,
      areas: places.map((area, i) => ({
        area,
        ...(one.plaintexts[i] ? { plaintext: hex(one.plaintexts[i]) } : {}),
      })),
      ...{ signer: signerOf('package signer'), delegation, rootPublicKey },
      randomness: hex(one.randomness),
    });
    const file = concatBytes(...sealed.parts);
    const split = splitPackage(file);
    expect(toHex(openCose(split.header.manifest, manifestKind.typ).payload)).toBe(one.payload);
    expect(toHex(sealed.contentKey.expose())).toBe(one.contentKey);
    const records = [...iterateRecords(file, split.recordsOffset, sealed.manifest.core)];
    expect(records.map(({ bytes }) => toHex(bytes))).toEqual(one.records);
    expect(toHex(sealed.manifestDigest)).toBe(one.manifestDigest);
  });
});

const licenses = read('license/open.json');
const licensedHeader = (file: Json, one: Json = {}) =>
  verifyHeader(crypto, splitPackage(hex(one.package ?? file.package)).header, {
    rootPublicKey: hex(file.rootPublicKey),
    product: file.product,
    epoch: file.epoch,
  });

describe('licenses', () => {
  const recipient = crypto.p256FromPrivate(hex(licenses.kemPrivateKey))!;
  eachCase(licenses, (one) => {
    const { manifest, trust } = licensedHeader(licenses, one);
    const license = verifyLicense(crypto, { bundle: hex(one.bundle), ...trust });
    const nonce = optional(one.nonce === undefined ? licenses.nonce : one.nonce);
    const journaled = one.journaled && { digest: hex(one.journaled.digest), ended: one.journaled.ended };
    checkLicenseForChip(license, {
      manifest,
      thumbprint: hex(licenses.thumbprint),
      origin: originOf(licenses.origin)!,
      unwraps: one.unwraps ?? licenses.unwraps,
      ...(nonce ? { nonce } : {}),
      ...(journaled ? { journaled } : {}),
    });
    const opened = openLicense(crypto, { license, manifest, recipient });
    expect(toHex(opened.contentKey.expose())).toBe(licenses.contentKey);
    expect(opened.deviceData.map(toHex)).toEqual(licenses.deviceData);
  });
});

describe("agents' images", () => {
  const file = read('agent-image/check.json');
  eachCase(file, (one) => {
    const slot = new Uint8Array(file.slotBytes).fill(0xff);
    slot.set(hex(one.image));
    const found = verifyAgentImage(crypto, slot, {
      ...{ rootPublicKey: hex(file.rootPublicKey), product: one.product ?? file.product },
      ...{ epoch: one.epoch ?? file.epoch, chipId: one.chip ?? file.chip },
      measured: { codeDigest: hex(file.measured.codeDigest), counter: file.measured.counter },
    });
    expect(found.agentVersion ?? 0).toBe(one.agentVersion);
  });
});

describe('batches', () => {
  const file = read('batch/open.json');
  const root = { rootPublicKey: hex(file.rootPublicKey), epoch: file.epoch };
  eachCase(file, (one) => {
    const product = one.product ?? file.product;
    const { bundles } = openLicenseBatch(crypto, { ...root, product, bytes: hex(one.file), file: 'batch' });
    expect([...bundles.keys()]).toEqual(one.devices);
  });
});

describe('content-key files', () => {
  const file = read('content-key/open.json');
  const { publicKey, privateKey } = crypto.p256FromPrivate(hex(file.kemPrivateKey))!;
  const unwrapper = { publicKey, ecdh: (point: Uint8Array) => crypto.ecdhP256(privateKey, point) };
  const { manifest } = licensedHeader(file);
  eachCase(file, async (one) => {
    const contentKey = await openContentKey(crypto, { file: hex(one.file), manifest, unwrapper });
    expect(toHex(contentKey.expose())).toBe(file.contentKey);
  });
});

const deviceOf = (file: Json, one: Json = {}): DevicePublic => ({
  signingKey: hex(file.signingKey),
  kemKey: hex(file.kemKey),
  thumbprint: hex(file.thumbprint),
  chipId: one.chipId ?? file.chipId,
  product: 'thermostat',
  origin: originOf(one.origin ?? file.origin)!,
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
  const bytesOf = (value: Json): Json => (typeof value === 'string' ? hex(value) : value.map(bytesOf));
  eachCase(file, (one) => {
    const device = deviceOf(file, one);
    const { digest, origin, ...rest } = one.license ?? file.license;
    const terms = {
      ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, bytesOf(value)])),
      origin: origin === undefined ? device.origin : originOf(origin),
      ...{ unitIndex: 0, mode: 'session', counterFloor: 0, ceiling: 16 },
    } as Json;
    const { manifest } = licensedHeader(file, one);
    const receipt = verifyReceipt(crypto, {
      receipt: hex(one.object),
      ...{ device, manifest, license: { terms, digest: hex(digest) } },
      ...challengeOf(file, one),
    });
    expect(judgeReceipt({ manifest, receipt, device, accepts: [] }).outcome).toBe(one.outcome);
  });
});

describe('certificates', () => {
  const file = read('certificate/verify.json');
  eachCase(file, (one) => {
    const device = verifyDeviceCertificate(crypto, hex(one.object), {
      caPublicKeys: file.caPublicKeys.map(hex),
      product: file.product,
      now: new Date(one.now ?? file.now),
    });
    expect(device).toMatchObject(deviceOf(file, one));
  });
});

describe('stations', () => {
  const file = read('station/verify.json');
  const { product, epoch } = file;
  const rootPublicKey = hex(file.rootPublicKey);
  const [jobId, challenge] = [hex(file.job), hex(file.challenge)];
  const station = verifyStation(crypto, hex(file.stationDelegation), { rootPublicKey, product });
  const recipient = crypto.p256FromPrivate(hex(file.kemPrivateKey))!;
  const readers: Record<string, (one: Json) => void> = {
    delegation: (one) => {
      verifyStation(crypto, hex(one.object), { rootPublicKey, product, epoch: one.epoch ?? epoch });
    },
    request: (one) => {
      verifyStationRequest(crypto, hex(one.object), { station, jobId, challenge });
    },
    outcome: (one) => {
      verifyOutcome(crypto, hex(one.object), station);
    },
    license: (one) => {
      const { header } = splitPackage(hex(file.package));
      const { manifest, trust } = verifyHeader(crypto, header, { rootPublicKey, product, epoch });
      const request = verifyStationRequest(crypto, hex(file.request), { station, jobId });
      const license = verifyStationLicense(crypto, { ...trust, bundle: hex(one.object) });
      const opened = openStationLicense(crypto, { license, manifest, request, recipient });
      expect(toHex(opened.contentKey.expose())).toBe(file.contentKey);
      expect(opened.deviceData.map((data) => toHex(data))).toEqual(file.deviceData);
    },
  };
  eachCase(file, (one) => readers[one.kind]!(one));
});

const ledgers = read('ledger/verify.json');
describe('ledgers', () => {
  const parse = (text: string) => parseNoteKey(crypto, text, 'the key');
  const log = parse(ledgers.log);
  const witnesses = ledgers.witnesses.map(parse);
  const treeOf = (head: Json) => head && { size: head.size, root: hex(head.root) };
  eachCase(ledgers, (one) => {
    const { kind, least = ledgers.least } = one;
    const trust = { log, witnesses, least };
    if (kind === 'policy') return decodeLedgerPolicy(crypto, hex(one.object));
    if (kind === 'checkpoint') return verifyCheckpoint(crypto, one.note, trust);
    if (kind === 'receipt')
      return verifyReceiptProof(crypto, { proof: one.proof, digest: hex(one.digest) }, trust);
    if (kind === 'license') {
      const license = { digest: hex(one.digest), jobId: hex(one.job), unitIndex: one.unit };
      return verifyLicenseProof(crypto, { proof: utf8(one.proof), ...license }, trust);
    }
    if (kind === 'consistency') {
      const [from, to] = [treeOf(one.from), treeOf(one.to)];
      if (verifyConsistency(crypto, { from, to, proof: one.proof.map(hex) })) return undefined;
      throw new Fault('consistency-proof-invalid', { old: from.size, size: to.size });
    }
    const pair = crypto.generateEd25519();
    const sign = async (message: Uint8Array) => crypto.signEd25519(pair.privateKey, message);
    const signer = { key: { kind: 'witness', name: 'w', publicKey: pair.publicKey } as const, sign };
    const state = { find: () => treeOf(one.seen) ?? undefined, keep: () => undefined };
    return new Witness({ crypto, signer, logs: [log], state }).addCheckpoint(one.request);
  });

  it('are of keys that no ledger may have', async () => {
    for (const { publicKey } of [log, ...witnesses])
      expect(await outcome(() => refuseKnownTestKeys(publicKey))).toBe('key-known-test');
  });
});

describe('approvals', () => {
  const file = read('approval/verify.json');
  const { product } = file;
  const rootPublicKey = hex(file.rootPublicKey);
  const readers: Record<string, (one: Json, epoch: number) => void> = {
    policy: (one) => {
      verifyApprovalPolicy(crypto, hex(one.object), { rootPublicKey, product });
    },
    approval: (one, epoch) => {
      const objects = { approval: hex(one.object), delegation: hex(one.delegation) };
      verifyApproval(crypto, objects, { rootPublicKey, product, epoch });
    },
    restore: (one) => {
      verifyRestore(crypto, hex(one.object), { rootPublicKey, product });
    },
    end: (one, epoch) => {
      const objects = { end: hex(one.object), delegation: hex(one.delegation) };
      verifyJobEnd(crypto, objects, { rootPublicKey, product, epoch });
    },
  };
  eachCase(file, (one) => readers[one.kind]!(one, one.epoch ?? file.epoch));
});

describe('recovery bundles', () => {
  const file = read('recovery/open.json');
  const { product, epoch, hello } = file;
  const trust = { rootPublicKey: hex(file.rootPublicKey), product, epoch };
  const known = { trust, thumbprint: hex(file.thumbprint), nonce: hex(file.nonce), ...hello };
  eachCase(file, ({ bundle }) => verifyRecovery(crypto, hex(bundle), known));
});

describe('the vectors', () => {
  const section = (page: string, from: string, to: string) => {
    const text = readFileSync(new URL(`../../spec/${page}`, import.meta.url), 'utf8');
    const start = text.indexOf(from);
    const end = text.indexOf(to, start + 1);
    expect(start).toBeGreaterThan(0);
    return text.slice(start, end < 0 ? undefined : end);
  };
  const errors = ['package', 'license', 'device', 'line', 'agent'].flatMap(
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
    'recovery-root-old', // a floor of the chip: device/agent/test/recovery.test.ts
    'batch-package-wrong', // steps with a package and a clock: apps/cli/test/batch.test.ts
    'batch-expired',
    'license-expired', // a chip has no clock: packages/license/src/verify-license.test.ts
  ]);
  const lists: [string, string, string, string[]][] = [
    ['package.md', '## 6.', '\n## 7.', ['package/open.json']],
    ['delegation.md', '## 5.', '\n## 6.', ['package/open.json', 'delegation/verify.json']],
    ['license.md', '## 4.', '\n## 5.', ['license/open.json']],
    ['license.md', '## 3.', '\n## 4.', ['content-key/open.json']],
    ['batch.md', '## 2.', '\n## 3.', ['batch/open.json']],
    ['device.md', '## 2.', '\n## 3.', ['certificate/verify.json']],
    ['device.md', '## 3.', '\n## 4.', ['hello/verify.json']],
    ['recovery.md', '## 3.', '\n## 4.', ['recovery/open.json']],
    ['receipt.md', '## 3.', '\n## 4.', ['receipt/verify.json']],
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

it('the page of wrong readings names cases that there are', () => {
  const page = readFileSync(new URL('../../vectors/README.md', import.meta.url), 'utf8');
  const rows = page.split('## Wrong readings')[1]!.match(/^\| [^`|]+ \| `([^`]+)` \| `(.+)` \|$/gm)!;
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const [, file, name] = /`([^`]+)` \| `(.+)` \|$/.exec(row)!;
    expect(read(file!).cases.map((one: Json) => one.name)).toContain(name);
  }
});
