// Generates spec/example.md: one package, its license, hello, install and receipt, with every value on the
// way. Made by the product's own code from the fixed keys of the vectors; the steps of HPKE are written here
// once more, since the product does not give them away. A test compares the page with this output.

import { type Bytes, concatBytes, Secret, toHex, u32be, utf8 } from '@firmseal/bytes';
import { encodeCbor, openCose, signatureInput } from '@firmseal/cbor-cose';
import { issueDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  delegationKind,
  digestOf,
  epochKind,
  grantOf,
  openSigned,
  type SignedKind,
  thumbprintOf,
  verifyAuthority,
} from '@firmseal/formats';
import {
  encodeTerms,
  helloKind,
  issueLicense,
  licenseKind,
  makeHello,
  makeLicenseBundle,
  makeReceipt,
  receiptKind,
} from '@firmseal/license';
import {
  deriveContentKey,
  encodeFileStart,
  manifestKind,
  packageKeys,
  plaintextDigest,
  planRecords,
  recordNonce,
  sealPackage,
  splitPackage,
} from '@firmseal/seal';
import { diagnostic } from './diagnostic.ts';
import { optionBytesAt } from './package-case.ts';
import { keyPair, seededBytes, signerOf } from './vector-keys.ts';
import { delegate, epochStatement, product } from './workshop.ts';

const lines: string[] = [];
const say = (...text: string[]) => lines.push(...text, '');
/** A value on a line of its own, cut so that a page can hold it. */
const value = (name: string, bytes: Uint8Array) => {
  const hex = toHex(bytes);
  const rows = hex.match(/.{1,96}/g) ?? [''];
  say(`${name} (${bytes.length} bytes)`, '```', ...rows, '```');
};
const shown = (name: string, bytes: Uint8Array) =>
  say(`${name}, in diagnostic notation`, '```', ...diagnostic(bytes).split('\n').flatMap(wrap), '```');
const wrap = (line: string): string[] => line.match(/.{1,110}/g) ?? [line];

/** A signed object in its layers, from the payload outwards. */
function object(name: string, bytes: Bytes, kind: SignedKind): Bytes {
  const { payload, signature } = openCose(bytes, kind.typ);
  shown(`Payload of the ${name}`, payload);
  value('Encoded', payload);
  value('Sig_structure: what is signed', signatureInput(kind.typ, payload));
  value('Signature, r || s', signature);
  value(`The ${name}, whole`, bytes);
  const digest = digestOf(crypto, openSigned(bytes, kind));
  value(`Digest of the ${name}`, digest);
  return digest;
}

/** RFC 9180, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, base mode; values named as there. */
function hpkeSteps(info: Uint8Array): void {
  const kemSuite = concatBytes(utf8('KEM'), Uint8Array.of(0, 0x10));
  const suite = concatBytes(utf8('HPKE'), Uint8Array.of(0, 0x10, 0, 1, 0, 2));
  const extract = (id: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array) =>
    crypto.hmacSha256(salt.length > 0 ? salt : new Uint8Array(32), utf8('HPKE-v1'), id, utf8(label), ikm);
  /** At most 32 bytes: one block of HKDF-Expand. */
  const expand = (id: Uint8Array, prk: Uint8Array, label: string, context: Uint8Array, length: number) =>
    crypto
      .hmacSha256(
        prk,
        Uint8Array.of(0, length),
        ...[utf8('HPKE-v1'), id, utf8(label), context, Uint8Array.of(1)],
      )
      .slice(0, length);
  const none = new Uint8Array(0);
  const [ephemeral, recipient] = [keyPair('HPKE ephemeral'), keyPair('device KEM')];
  const dh = crypto.ecdhP256(ephemeral.privateKey, recipient.publicKey)!;
  const kemContext = concatBytes(ephemeral.publicKey, recipient.publicKey);
  const secret = expand(kemSuite, extract(kemSuite, none, 'eae_prk', dh), 'shared_secret', kemContext, 32);
  const context = concatBytes(
    Uint8Array.of(0),
    extract(suite, none, 'psk_id_hash', none),
    extract(suite, none, 'info_hash', info),
  );
  const scheduled = extract(suite, secret, 'secret', none);
  value('Private key of the ephemeral pair (skE)', ephemeral.privateKey);
  value('dh', dh);
  value('shared_secret', secret);
  value('key_schedule_context', context);
  value('key', expand(suite, scheduled, 'key', context, 32));
  value('base_nonce', expand(suite, scheduled, 'base_nonce', context, 12));
}

const plaintext = Uint8Array.from({ length: 64 }, (_, i) => i);
const serial = concatBytes(utf8('serial 000042'), new Uint8Array(19));
const areas = [
  { area: { kind: 'firmware' as const, address: 0x08040000, lengthBytes: 64 }, plaintext },
  { area: { kind: 'device-data' as const, address: 0x08060000, lengthBytes: 32 } },
];
const origin = { kind: 'witnessed' as const, rehearsal: false };

async function rootPart(): Promise<{ signer: Bytes; issuer: Bytes }> {
  say('## 2. What the root signs', '');
  say('The package signer may sign packages up to counter 40.');
  const signer = await delegate();
  object('delegation', signer, delegationKind);
  const { delegate: verified } = verifyAuthority(
    crypto,
    { delegation: signer },
    { rootPublicKey: keyPair('root').publicKey, role: 'package-signer' },
  );
  const { publicKey, counterCap } = verified;
  value('`[role, public key, product, cap]`, encoded', encodeCbor([1, publicKey, product, counterCap]));
  value('Grant: its SHA-256', grantOf(crypto, verified));
  say('An epoch statement, as it would travel after a revocation (nothing below uses it).');
  object('epoch statement', await epochStatement(2), epochKind);
  const issuer = await delegate({ role: 'license-issuer', publicKey: keyPair('license issuer').publicKey });
  say('The license issuer has a delegation of its own.');
  object('delegation of the issuer', issuer, delegationKind);
  return { signer, issuer };
}

async function packagePart(delegation: Bytes) {
  say('## 3. The package', '');
  const randomness = seededBytes('content randomness', 32);
  const sealed = await sealPackage(crypto, {
    core: {
      ...{ product, chips: ['stm32f427'], firmwareVersion: '1.2.3', securityCounter: 5 },
      ...{ chunkSizeBytes: 1024, entry: 0x08040000, optionBytes: [], leastReadoutLevel: 2 },
      ...{ interruption: 'resume', leastAgentVersion: 1, bootCheck: 'record' },
    },
    areas,
    ...{ signer: signerOf('package signer'), delegation, randomness },
    rootPublicKey: keyPair('root').publicKey,
  });
  const { manifest, contentKey, parts } = sealed;
  const { coreDigest, coreBytes } = manifest;
  say('Two areas: 64 bytes of firmware (the bytes 00 to 3f), and 32 bytes of per-device data.');
  shown('Core', coreBytes);
  value('Encoded core', coreBytes);
  value('Core digest', coreDigest);
  value('F, the fresh randomness', randomness);
  const hash = crypto.sha256(plaintext);
  value('S_0 = SHA-256 of the firmware', hash);
  const hashed = [{ address: 0x08040000, lengthBytes: 64, hash }];
  value('P = SHA-256(u32be(address) || u32be(length) || S_0)', plaintextDigest(crypto, hashed));
  const derived = deriveContentKey(crypto, {
    ...{ randomness, coreDigest, plaintextDigest: plaintextDigest(crypto, hashed) },
  });
  value('Content key', derived.contentKey.expose());
  value('Salt', derived.salt);
  const keys = packageKeys(crypto, { contentKey, salt: manifest.salt, coreDigest });
  value('Commitment', keys.commitment);
  value('Key of area 0', keys.areaKey(0));
  const digestKey = (ordinal: number) =>
    crypto.hkdfSha256({
      ...{ ikm: contentKey.expose(), salt: manifest.salt, length: 32 },
      info: concatBytes(utf8('firmseal/1 digest'), coreDigest, u32be(ordinal)),
    });
  value('Digest key of area 0', digestKey(0));
  value('Keyed digest of area 0 = HMAC(digest key, S_0)', keys.areaDigest(0, hash));
  const [plan] = planRecords(manifest.core);
  value('Nonce of record 0', recordNonce(plan!));
  say('The AAD is the core digest. There is one record, so its next hash is zero.');
  value('Record 0 = next || ciphertext || tag', parts[1]);
  value('Hash of record 0', crypto.sha256(parts[1]));
  object('manifest', manifest.signed, manifestKind);
  const { headerBytes } = splitPackage(parts[0]);
  say(
    'The header is `[manifest, delegation, null, [], null]`; the file is magic, length, header and record.',
  );
  value('Magic and length', encodeFileStart(headerBytes).subarray(0, 12));
  value('SHA-256 of the file', crypto.sha256(...parts));
  return { manifest, contentKey, digestKeyOfData: digestKey(1) };
}

async function devicePart(challenge: Bytes) {
  say('## 4. The device', '');
  const [signingKey, kemKey] = [keyPair('device').publicKey, keyPair('device KEM').publicKey];
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  value('Thumbprint = SHA-256(signing key || KEM key)', thumbprint);
  const certificate = await issueDeviceCertificate(crypto, {
    device: { signingKey, kemKey, thumbprint, chipId: 'stm32f427', product, origin },
    signer: signerOf('device CA'),
    notBefore: new Date('2026-01-02T03:04:05Z'),
    serial: concatBytes(Uint8Array.of(0x41), seededBytes('serial', 15)),
  });
  value('Certificate, DER', certificate);
  value('Challenge of the authority', challenge);
  const nonce = seededBytes('nonce of the chip', 16);
  const hello = await makeHello(crypto, signerOf('device'), {
    ...{ challenge, nonce, thumbprint, chipId: 'stm32f427', lifeCycle: 'personalized' },
    ...{ optionBytes: optionBytesAt('stm32f427', 0xcc), readoutLevel: 2, securityCounter: 0, epoch: 1 },
    ...{ installCount: 0, agentVersion: 1, origin, levelKey: false, unwraps: 0 },
  });
  object('hello', hello, helloKind);
  return { thumbprint, kemKey, nonce };
}

interface Held {
  readonly manifest: Awaited<ReturnType<typeof packagePart>>['manifest'];
  readonly contentKey: Secret;
  readonly digestKeyOfData: Bytes;
  readonly issuer: Bytes;
  readonly device: Awaited<ReturnType<typeof devicePart>>;
}

async function licensePart({ manifest, contentKey, digestKeyOfData, issuer, device }: Held) {
  say('## 5. The license', '');
  const { license, terms } = await issueLicense(crypto, {
    terms: {
      ...{ jobId: seededBytes('job', 16), licenseId: seededBytes('license', 16), unitIndex: 0 },
      ...{ thumbprint: device.thumbprint, mode: 'session', nonce: device.nonce },
      ...{ receiptNonce: seededBytes('receipt nonce', 32), counterFloor: 5, origin, ceiling: 16 },
      delegationDigest: digestOf(crypto, openSigned(issuer, delegationKind)),
    },
    ...{ manifest, kemKey: device.kemKey, deviceData: [serial] },
    contentKey: new Secret(contentKey.expose().slice()),
    ...{ signer: signerOf('license issuer'), ephemeral: keyPair('HPKE ephemeral') },
  });
  value('Per-device data of this chip', serial);
  value('Digest key of area 1', digestKeyOfData);
  value('Keyed digest of area 1, which stands in the terms', terms.deviceDataDigests[0]!);
  shown('Terms', encodeTerms(terms));
  value('Encoded terms: the aad of HPKE', encodeTerms(terms));
  value('info', utf8('firmseal/1 license'));
  value('Plaintext', encodeCbor([contentKey.expose(), [serial]]));
  hpkeSteps(utf8('firmseal/1 license'));
  const digest = object('license', license, licenseKind);
  value('License bundle', makeLicenseBundle({ license, delegation: issuer }));
  return { terms, digest };
}

/** Path (from the project's root) to text: spec/example.md alone. */
async function build(): Promise<Map<string, string>> {
  say(
    '# A worked example',
    '',
    '<!-- Generated by tools/vectors/example.ts; do not edit. -->',
    '',
    'One package, one chip, one install, with every value on the way. Keys and randomness are those of `../vectors/`: they are',
    'public, and no tool accepts them. Signatures have the nonces of RFC 6979 without additional input, so that the page comes',
    'out the same each time; a chip MUST hedge its own (suites.md section 2). Byte strings are hexadecimal, cut into lines.',
  );
  say('## 1. Keys', '');
  say('Private key = SHA-256("firmseal test key: NAME").');
  for (const name of [
    'root',
    'package signer',
    'license issuer',
    'device CA',
    'device',
    'device KEM',
  ] as const)
    value(`Public key: ${name}`, keyPair(name).publicKey);
  const { signer, issuer } = await rootPart();
  const made = await packagePart(signer);
  const device = await devicePart(seededBytes('challenge', 32));
  const { terms, digest } = await licensePart({ ...made, issuer, device });
  say('## 6. The receipt', '');
  say(
    'The chip installed the package and was then asked for a receipt with a challenge: it measured flash for it.',
  );
  const challenge = seededBytes('challenge for the receipt', 32);
  value('Challenge', challenge);
  const receipt = await makeReceipt(crypto, signerOf('device'), {
    ...{ nonce: challenge, thumbprint: device.thumbprint, fresh: true, manifestDigest: made.manifest.digest },
    ...{ licenseId: terms.licenseId, jobId: terms.jobId, installCount: 1 },
    areas: [made.manifest.areaDigests[0]!, terms.deviceDataDigests[0]!],
    ...{ optionBytes: optionBytesAt('stm32f427', 0xcc), securityCounter: 5, readoutLevel: 2 },
    ...{ result: 'installed', agentVersion: 1, chipId: 'stm32f427', unprotected: false },
    ...{ licenseDigest: digest, measured: true, origin, levelKey: false },
  });
  object('receipt', receipt, receiptKind);
  say('Every check of receipt.md section 3 holds, and no line of its section 4 but the last applies: PASS.');
  return new Map([
    [
      'spec/example.md',
      `${lines
        .join('\n')
        .replaceAll(/\n{3,}/g, '\n\n')
        .trimEnd()}\n`,
    ],
  ]);
}

const page = await build();

export function generateExample(): Map<string, string> {
  return page;
}
