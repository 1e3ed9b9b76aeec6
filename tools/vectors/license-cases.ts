// Vectors of spec/license.md: the checks of a chip (section 4) on license bundles for one package,
// and content-key files (section 3).

import { type Bytes, concatBytes, Secret } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { type Delegation, thumbprintOf } from '@firmseal/formats';
import { hpkeSeal } from '@firmseal/hpke';
import {
  encodeTerms,
  type LicenseTerms,
  licenseTyp,
  makeLicenseBundle,
  sealContentKey,
} from '@firmseal/license';
import { type ManifestCore, manifestTyp } from '@firmseal/seal';
import { keyPair, seededBytes, type VectorKeyName } from './vector-keys.ts';
import {
  assemble,
  decode,
  delegate,
  epochStatement,
  type Fields,
  otherAreas,
  pieces,
  type ShellChange,
  signManifest,
  signShell,
} from './workshop.ts';

export interface LicenseCase {
  readonly name: string;
  readonly bundle: Bytes;
  readonly fault?: FaultCode;
  readonly epoch?: number;
  readonly product?: string;
  readonly nonce?: Bytes | null;
  readonly journaled?: { readonly digest: Bytes; readonly unwraps: number };
  readonly thumbprint?: Bytes;
  /** Private KEM key of the chip, when it is not the usual one. */
  readonly kemPrivateKey?: Bytes;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
export const licensedPieces = await pieces({ areas: otherAreas, core: { entry: 0x08100000 } });
export const licensedPackage = assemble(licensedPieces);
export const licensedManifestDigest = digestOfManifest(signManifest(licensedPieces));
export const deviceThumbprint = thumbprintOf(
  crypto,
  keyPair('device').publicKey,
  keyPair('device KEM').publicKey,
);
export const deviceData = [seededBytes('serial number', 32)];

function digestOfManifest(signed: Uint8Array): Bytes {
  const payload = (decode(signed.subarray(1)) as CborInput[])[2] as Bytes;
  const header = encodeCbor(
    new Map<number, CborInput>([
      [1, -7],
      [16, manifestTyp],
    ]),
  );
  return crypto.sha256(encodeCbor(['Signature1', header, filled(0, 0), payload]));
}

export const chipNonce = seededBytes('nonce of the chip', 16);

export function termsFor(manifestDigest: Bytes, change: Partial<LicenseTerms> = {}): LicenseTerms {
  return {
    jobId: seededBytes('job', 16),
    licenseId: seededBytes('license', 16),
    unitIndex: 0,
    manifestDigest,
    thumbprint: deviceThumbprint,
    mode: 'session',
    nonce: chipNonce,
    receiptNonce: seededBytes('receipt nonce', 32),
    counterFloor: 5,
    ...change,
  };
}

interface LicenseParts {
  terms?: LicenseTerms;
  termsBytes?: Uint8Array;
  plaintext?: Uint8Array;
  enc?: Uint8Array;
  ciphertext?: Uint8Array;
  payload?: (fields: Fields) => void;
  payloadBytes?: Uint8Array;
  license?: Uint8Array;
  shell?: ShellChange;
  delegation?: Partial<Delegation>;
  delegationBytes?: Bytes;
  epoch?: Bytes;
  recipient?: VectorKeyName;
  manifestDigest?: Bytes;
  contentKey?: Bytes;
  data?: readonly Bytes[];
}

/** The license alone, with whatever is changed in it. */
function licenseOf(parts: LicenseParts): Bytes {
  const terms = parts.terms ?? termsFor(parts.manifestDigest ?? licensedManifestDigest);
  const aad = parts.termsBytes ?? encodeTerms(terms);
  const content: CborInput = [parts.contentKey ?? licensedPieces.contentKey, [...(parts.data ?? deviceData)]];
  const { enc, sealed } = hpkeSeal(crypto, {
    recipientPublicKey: keyPair(parts.recipient ?? 'device KEM').publicKey,
    info: new TextEncoder().encode('firmseal/1 license'),
    aad,
    plaintext: parts.plaintext ?? encodeCbor(content),
    ephemeral: keyPair('HPKE ephemeral'),
  });
  const fields: Fields = new Map<number, CborInput>([
    [0, aad],
    [1, parts.enc ?? enc],
    [2, parts.ciphertext ?? sealed],
  ]);
  parts.payload?.(fields);
  return signShell(licenseTyp, parts.payloadBytes ?? encodeCbor(fields), 'license issuer', parts.shell);
}

async function bundleOf(parts: LicenseParts = {}): Promise<Bytes> {
  const issuer = { role: 'license-issuer' as const, publicKey: keyPair('license issuer').publicKey };
  return makeLicenseBundle({
    license: (parts.license as Bytes | undefined) ?? licenseOf(parts),
    delegation: parts.delegationBytes ?? (await delegate({ ...issuer, ...parts.delegation })),
    ...(parts.epoch ? { epoch: parts.epoch } : {}),
  });
}

async function one(
  name: string,
  fault: FaultCode | undefined,
  parts: LicenseParts,
  context: Partial<LicenseCase> = {},
): Promise<LicenseCase> {
  return { name, ...(fault ? { fault } : {}), bundle: await bundleOf(parts), ...context };
}

const withTerm = (key: number, value: CborInput | undefined) => {
  const fields = decode(encodeTerms(termsFor(licensedManifestDigest))) as Fields;
  if (value === undefined) fields.delete(key);
  else fields.set(key, value);
  return { termsBytes: encodeCbor(fields) };
};

async function bundleCases(): Promise<LicenseCase[]> {
  const whole = await bundleOf();
  const [license, delegation] = decode(whole) as Bytes[];
  const raw = (name: string, bundle: Bytes): LicenseCase => ({ name, fault: 'license-malformed', bundle });
  return [
    raw('bundle of no bytes', filled(0, 0)),
    raw('bundle of two', encodeCbor([license!, delegation!])),
    raw('bundle of four', encodeCbor([license!, delegation!, null, null])),
    raw('bundle with null for the license', encodeCbor([null, delegation!, null])),
    raw('bundle with a byte behind it', concatBytes(whole, filled(1, 0))),
    raw('bundle cut', whole.slice(0, -1)),
  ];
}

async function authorityCases(): Promise<LicenseCase[]> {
  return Promise.all([
    one('epoch statement malformed', 'epoch-malformed', { epoch: filled(2, 0xff) }),
    one('epoch statement by a stranger', 'epoch-signature-invalid', {
      epoch: flipLast(await epochStatement(1)),
    }),
    one('epoch statement of another product', 'epoch-product-wrong', {
      epoch: await epochStatement(1, 'kettle'),
    }),
    one('delegation malformed', 'delegation-malformed', { delegationBytes: filled(2, 0xff) }),
    one('delegation by a stranger', 'delegation-signature-invalid', {
      delegationBytes: flipLast(await delegate({ role: 'license-issuer' })),
    }),
    one('delegation to sign packages', 'delegation-role-wrong', { delegation: { role: 'package-signer' } }),
    one('delegation for another product', 'delegation-product-wrong', { delegation: { product: 'kettle' } }),
    one('delegation of an ended epoch', 'delegation-revoked', {}, { epoch: 2 }),
    one('delegation ended by the statement beside it', 'delegation-revoked', {
      epoch: await epochStatement(2),
    }),
  ]);
}

function flipLast(bytes: Bytes): Bytes {
  const changed = bytes.slice();
  changed[changed.length - 1]! ^= 1;
  return changed;
}

function shapeCases(): Promise<LicenseCase>[] {
  const bad = (name: string, parts: LicenseParts) => one(name, 'license-malformed', parts);
  const version = (name: string, parts: LicenseParts) => one(name, 'license-version-unsupported', parts);
  return [
    bad('license that is no CBOR', { license: filled(2, 0xff) }),
    bad('license under another typ', { shell: { typ: 'application/firmseal-manifest' } }),
    bad('license with a signature of 63 bytes', { shell: { signature: filled(63, 1) } }),
    one('license by a stranger', 'license-signature-invalid', { shell: { by: 'stranger' } }),
    one('license with a high s', 'license-signature-invalid', { shell: { highS: true } }),
    bad('payload that is no CBOR', { payloadBytes: filled(2, 0xff) }),
    bad('payload without ciphertext', { payload: (f) => void f.delete(2) }),
    bad('payload with a fourth key', { payload: (f) => void f.set(3, 0) }),
    bad('enc of 64 bytes', { enc: filled(64, 4) }),
    bad('ciphertext of 51 bytes', { ciphertext: filled(51, 0) }),
    bad('ciphertext of 1201 bytes', { ciphertext: filled(1201, 0) }),
    bad('terms that are no CBOR', { termsBytes: filled(2, 0xff) }),
    bad('terms that are an array', { termsBytes: encodeCbor([2]) }),
    version('terms of version 2', withTerm(0, 2)),
    version('mode 3', withTerm(6, 3)),
    version('mode 0', withTerm(6, 0)),
    bad('terms without version', withTerm(0, undefined)),
    bad('mode as text', withTerm(6, 'session')),
    bad('terms without mode', withTerm(6, undefined)),
    bad('session without nonce', withTerm(7, undefined)),
    bad('standing with nonce', withTerm(6, 2)),
    bad('nonce of 15 bytes', withTerm(7, filled(15, 1))),
    bad('job id of 17 bytes', withTerm(1, filled(17, 1))),
    bad('unit index 2^31', withTerm(3, 2 ** 31)),
    bad('floor -1', withTerm(9, -1)),
    bad('unknown term', withTerm(10, 0)),
  ];
}

function termCases(): Promise<LicenseCase>[] {
  const terms = (change: Partial<LicenseTerms>) => ({ terms: termsFor(licensedManifestDigest, change) });
  const other = seededBytes('another nonce', 16);
  return [
    one('another package', 'license-manifest-wrong', terms({ manifestDigest: filled(32, 1) })),
    one('another device', 'license-device-wrong', terms({ thumbprint: filled(32, 1) })),
    one(
      'another package and another device',
      'license-manifest-wrong',
      terms({ manifestDigest: filled(32, 1), thumbprint: filled(32, 1) }),
    ),
    one('an earlier nonce', 'license-nonce-wrong', {}, { nonce: other }),
    one('no nonce left', 'license-nonce-wrong', {}, { nonce: null }),
    one(
      'another license journaled, no nonce left',
      'license-nonce-wrong',
      {},
      { nonce: null, journaled: { digest: filled(32, 1), unwraps: 1 } },
    ),
    one('floor above the package', 'license-counter-floor', terms({ counterFloor: 6 })),
    one('cap of the issuer below the package', 'delegation-counter-exceeded', {
      delegation: { counterCap: 4 },
    }),
    one('floor and cap both wrong', 'license-counter-floor', {
      ...terms({ counterFloor: 6 }),
      delegation: { counterCap: 4 },
    }),
  ];
}

async function journalCases(): Promise<LicenseCase[]> {
  const license = licenseOf({});
  const payload = (decode(license.subarray(1)) as Bytes[])[2]!;
  const header = encodeCbor(
    new Map<number, CborInput>([
      [1, -7],
      [16, licenseTyp],
    ]),
  );
  const digest = crypto.sha256(encodeCbor(['Signature1', header, filled(0, 0), payload]));
  const journaled = (unwraps: number) => ({ nonce: null, journaled: { digest, unwraps } });
  return Promise.all([
    one('journaled license, second unwrap', undefined, {}, journaled(1)),
    one('journaled license, sixteenth unwrap', undefined, {}, journaled(15)),
    one('journaled license, seventeenth unwrap', 'license-unwraps-exhausted', {}, journaled(16)),
  ]);
}

function envelopeCases(): Promise<LicenseCase>[] {
  const data = (name: string, plaintext: CborInput) =>
    one(name, 'license-data-wrong', { plaintext: encodeCbor(plaintext) });
  const key = licensedPieces.contentKey;
  return [
    one('enc that is no point', 'license-unwrap-failed', { enc: filled(65, 4) }),
    one('enc of another envelope', 'license-unwrap-failed', { enc: keyPair('stranger').publicKey }),
    one('wrapped to another device', 'license-unwrap-failed', { recipient: 'stranger' }),
    one('bit of the ciphertext', 'license-unwrap-failed', {
      payload: (f) => void f.set(2, flipLast(f.get(2) as Bytes)),
    }),
    one('terms changed and signed anew', 'license-unwrap-failed', {
      payload: (f) => void f.set(0, encodeTerms(termsFor(licensedManifestDigest, { unitIndex: 1 }))),
    }),
    one('plaintext that is no CBOR', 'license-data-wrong', { plaintext: filled(40, 0xff) }),
    data('content key of 31 bytes', [filled(31, 0), [...deviceData]]),
    data('no per-device data', [key, []]),
    data('per-device data a byte short', [key, [filled(31, 1)]]),
    data('data for two areas', [key, [filled(32, 1), filled(32, 2)]]),
    data('data as text', [key, ['x'.repeat(32)]]),
    one('another content key', 'key-commitment-wrong', { contentKey: filled(32, 7) }),
    one('another content key, and data that does not fit', 'license-data-wrong', {
      contentKey: filled(32, 7),
      data: [],
    }),
  ];
}

/** In the order of the checks, valid ones first. */
export async function licenseCases(): Promise<LicenseCase[]> {
  const { nonce: _, ...withoutNonce } = termsFor(licensedManifestDigest, { mode: 'standing' });
  const valid = [
    one('session', undefined, {}),
    one('standing, no nonce left', undefined, { terms: withoutNonce }, { nonce: null }),
    one('session with an epoch statement', undefined, { epoch: await epochStatement(1) }),
  ];
  return [
    ...(await Promise.all(valid)),
    ...(await bundleCases()),
    ...(await authorityCases()),
    ...(await Promise.all([...shapeCases(), ...termCases()])),
    ...(await journalCases()),
    ...(await Promise.all(envelopeCases())),
  ];
}

/**
 * A standing license for a package of the package vectors, so that a chip can be led through the whole of it.
 */
export function standingBundle(
  manifestDigest: Bytes,
  core: Pick<ManifestCore, 'securityCounter'>,
  contentKey: Bytes,
  data: readonly Bytes[],
): Promise<Bytes> {
  const { nonce: _, ...terms } = termsFor(manifestDigest, {
    mode: 'standing',
    counterFloor: core.securityCounter,
  });
  return bundleOf({ terms, contentKey, data });
}

export interface ContentKeyCase {
  readonly name: string;
  readonly file: Bytes;
  readonly fault?: FaultCode;
}

export function contentKeyCases(): ContentKeyCase[] {
  const file = sealContentKey(crypto, {
    contentKey: new Secret(licensedPieces.contentKey.slice()),
    manifestDigest: licensedManifestDigest,
    authorityKemKey: keyPair('authority KEM').publicKey,
    ephemeral: keyPair('HPKE ephemeral'),
  });
  const items = decode(file) as CborInput[];
  const bad = (name: string, value: CborInput): ContentKeyCase => ({
    name,
    fault: 'content-key-malformed',
    file: encodeCbor(value),
  });
  const unopened = (name: string, at: number, value: CborInput): ContentKeyCase => ({
    name,
    fault: 'content-key-unwrap-failed',
    file: encodeCbor(items.with(at, value)),
  });
  return [
    { name: 'content-key file', file },
    { name: 'empty file', fault: 'content-key-malformed', file: filled(0, 0) },
    bad('version 2', items.with(0, 2)),
    bad('three items', items.slice(0, 3)),
    bad('digest of 31 bytes', items.with(1, filled(31, 0))),
    bad('ciphertext of 47 bytes', items.with(3, filled(47, 0))),
    unopened('another package', 1, filled(32, 1)),
    unopened('enc that is no point', 2, filled(65, 4)),
    unopened('bit of the ciphertext', 3, flipLast(items[3] as Bytes)),
  ];
}
