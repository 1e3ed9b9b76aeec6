// Vectors of spec/license.md section 4: the checks of a chip on license bundles for one package.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { delegationKind, digestOf, openSigned } from '@firmseal/formats';
import { encodeTerms, type LicenseTerms, licenseKind } from '@firmseal/license';
import {
  bundleOf,
  deviceData,
  issuer,
  type LicenseParts,
  licensedManifestDigest,
  licensedPieces,
  licenseOf,
  termsFor,
  usualDigests,
} from './license-parts.ts';
import { keyPair, seededBytes } from './vector-keys.ts';
import { assemble, decode, delegate, epochStatement, type Fields, flipLast, signShell } from './workshop.ts';

export interface LicenseCase {
  readonly name: string;
  readonly bundle: Bytes;
  readonly fault?: FaultCode;
  readonly product?: string;
  readonly nonce?: Bytes | null;
  readonly unwraps?: number;
  readonly journaled?: { readonly digest: Bytes; readonly ended: boolean };
  /** Package that was accepted before, when it is not the usual one. */
  readonly package?: Bytes;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

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

function standingWithTerm(key: number, value: CborInput) {
  const { nonce: _, ...terms } = termsFor(licensedManifestDigest, { mode: 'standing' });
  const fields = decode(encodeTerms(terms)) as Fields;
  return { termsBytes: encodeCbor(fields.set(key, value)) };
}

/** Heads of array, two byte strings and null take 8 bytes with these lengths. */
const bundleOfLength = (length: number) => encodeCbor([filled(length - 8, 0), filled(2, 0xff), null]);

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
    raw('bundle of 4097 bytes, with a delegation that is no CBOR', bundleOfLength(4097)),
    {
      name: 'bundle of 4096 bytes, with a delegation that is no CBOR',
      fault: 'delegation-malformed',
      bundle: bundleOfLength(4096),
    },
  ];
}

/** The usual package under a delegation of another epoch, with or without a statement. */
async function packageOf(change: { delegationEpoch: number; statement?: number }): Promise<Bytes> {
  const { delegationEpoch, statement } = change;
  return assemble({
    ...licensedPieces,
    delegation: await delegate({ epoch: delegationEpoch }),
    epoch: statement === undefined ? null : await epochStatement(statement),
  });
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
    one('delegation ended by the statement beside it', 'delegation-revoked', {
      epoch: await epochStatement(2),
    }),
    one(
      'delegation ended by the statement in the package',
      'delegation-revoked',
      {},
      {
        package: await packageOf({ delegationEpoch: 2, statement: 2 }),
      },
    ),
    one(
      'delegation ended by the delegation of the package',
      'delegation-revoked',
      {},
      {
        package: await packageOf({ delegationEpoch: 2 }),
      },
    ),
    one(
      'delegation of an ended epoch, with an old statement',
      'delegation-revoked',
      {
        epoch: await epochStatement(1),
      },
      { package: await packageOf({ delegationEpoch: 2 }) },
    ),
    one('statement that ends the delegation of the package', 'delegation-revoked', {
      delegation: { epoch: 2 },
      epoch: await epochStatement(2),
    }),
    one('delegation that ends that of the package, without a statement', 'delegation-revoked', {
      delegation: { epoch: 2 },
    }),
    one('payload of a delegation of 257 bytes, by a stranger', 'delegation-malformed', {
      delegationBytes: signShell(delegationKind.typ, filled(257, 0), 'stranger'),
    }),
    one('payload of a delegation malformed, by a stranger', 'delegation-signature-invalid', {
      delegationBytes: signShell(delegationKind.typ, encodeCbor(new Map([[0, 1]])), 'stranger'),
    }),
    one('another delegation of the same key: wider cap', 'license-delegation-wrong', {
      delegationBytes: await delegate({ ...issuer, counterCap: 99 }),
    }),
    one('another delegation, another package', 'license-delegation-wrong', {
      delegationBytes: await delegate({ ...issuer, counterCap: 99 }),
      terms: termsFor(filled(32, 1)),
    }),
  ]);
}

function shapeCases(): Promise<LicenseCase>[] {
  const bad = (name: string, parts: LicenseParts) => one(name, 'license-malformed', parts);
  const version = (name: string, parts: LicenseParts) => one(name, 'license-version-unsupported', parts);
  return [
    bad('license that is no CBOR', { license: filled(2, 0xff) }),
    bad('license under another typ', { shell: { typ: 'application/firmseal-manifest' } }),
    bad('license with a signature of 63 bytes', { shell: { signature: filled(63, 1) } }),
    bad('payload of 2049 bytes, by a stranger', {
      payloadBytes: filled(2049, 0),
      shell: { by: 'stranger' },
    }),
    one('payload of 2048 bytes, by a stranger', 'license-signature-invalid', {
      payloadBytes: filled(2048, 0),
      shell: { by: 'stranger' },
    }),
    one('payload malformed, by a stranger', 'license-signature-invalid', {
      payload: (f) => void f.delete(2),
      shell: { by: 'stranger' },
    }),
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
    bad('origin 0', withTerm(10, 0)),
    bad('origin 4', withTerm(10, 4)),
    bad('origin 8', withTerm(10, 8)),
    bad('ceiling 2^31', withTerm(11, 2 ** 31)),
    bad('terms without ceiling', withTerm(11, undefined)),
    bad('digest of the delegation of 31 bytes', withTerm(12, filled(31, 0))),
    bad('digests of per-device data as one', withTerm(13, filled(32, 0))),
    bad('nine digests of per-device data', withTerm(13, Array(9).fill(filled(32, 0)))),
    bad('session with a date', withTerm(14, 1)),
    bad('standing with a date of 2^32', standingWithTerm(14, 2 ** 32)),
    bad('unknown term', withTerm(15, 0)),
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
    one(
      'an identity of another origin',
      'license-origin-wrong',
      terms({
        origin: { kind: 'enrolled', rehearsal: false },
      }),
    ),
    one(
      'an identity of a rehearsal',
      'license-origin-wrong',
      terms({
        origin: { kind: 'witnessed', rehearsal: true },
      }),
    ),
    one(
      'another device of another origin',
      'license-device-wrong',
      terms({
        thumbprint: filled(32, 1),
        origin: { kind: 'unwitnessed', rehearsal: false },
      }),
    ),
    one('an earlier nonce', 'license-nonce-wrong', {}, { nonce: other }),
    one('no nonce left', 'license-nonce-wrong', {}, { nonce: null }),
    one(
      'another license journaled, no nonce left',
      'license-nonce-wrong',
      {},
      { nonce: null, unwraps: 1, journaled: { digest: filled(32, 1), ended: false } },
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

function journalCases(): Promise<LicenseCase>[] {
  const digestFor = (license: Bytes) => digestOf(crypto, openSigned(license, licenseKind));
  const { nonce: _, ...standing } = termsFor(licensedManifestDigest, { mode: 'standing' });
  const session = { digest: digestFor(licenseOf({})), ended: false };
  const again = (unwraps: number, ended = false) => ({
    ...{ nonce: null, unwraps, journaled: { ...session, ended } },
  });
  const ended = {
    nonce: null,
    unwraps: 1,
    journaled: { digest: digestFor(licenseOf({ terms: standing })), ended: true },
  };
  const ceiling = (value: number) => ({ terms: termsFor(licensedManifestDigest, { ceiling: value }) });
  return [
    one('journaled license, second unwrap', undefined, {}, again(1)),
    one('journaled license, sixteenth unwrap', undefined, {}, again(15)),
    one('journaled license, seventeenth unwrap', 'license-unwraps-exhausted', {}, again(16)),
    one('journaled session license whose install ended well', 'license-nonce-wrong', {}, again(1, true)),
    one('standing license again after its install', undefined, { terms: standing }, ended),
    one('first unwrap of a license, the sixteenth of the chip', undefined, {}, { unwraps: 15 }),
    one(
      'first unwrap of a license, the seventeenth of the chip',
      'license-unwraps-exhausted',
      {},
      { unwraps: 16 },
    ),
    one('newer license with a higher ceiling', undefined, ceiling(32), { unwraps: 31 }),
    one('newer license at its ceiling', 'license-unwraps-exhausted', ceiling(32), { unwraps: 32 }),
    one('ceiling of 0', 'license-unwraps-exhausted', ceiling(0), { unwraps: 0 }),
    one(
      'cap of the issuer and ceiling both exceeded',
      'delegation-counter-exceeded',
      {
        delegation: { counterCap: 4 },
      },
      { unwraps: 16 },
    ),
  ];
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
    one('terms changed and signed again', 'license-unwrap-failed', {
      payload: (f) => void f.set(0, encodeTerms(termsFor(licensedManifestDigest, { unitIndex: 1 }))),
    }),
    one('plaintext that is no CBOR', 'license-data-wrong', { plaintext: filled(40, 0xff) }),
    data('content key of 31 bytes', [filled(31, 0), [...deviceData]]),
    data('no per-device data', [key, []]),
    data('per-device data a byte short', [key, [filled(31, 1)]]),
    data('data for two areas', [key, [filled(32, 1), filled(32, 2)]]),
    data('data as text', [key, ['x'.repeat(32)]]),
    one('data of another device', 'license-data-wrong', { data: [seededBytes('another serial number', 32)] }),
    one('no digest of the data', 'license-data-wrong', {
      terms: termsFor(licensedManifestDigest, { deviceDataDigests: [] }),
    }),
    one('two digests for one datum', 'license-data-wrong', {
      terms: termsFor(licensedManifestDigest, { deviceDataDigests: [...usualDigests, ...usualDigests] }),
    }),
    one('data of another device, and another content key', 'key-commitment-wrong', {
      contentKey: filled(32, 7),
      data: [seededBytes('another serial number', 32)],
    }),
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
    one('standing with a date that has passed', undefined, {
      terms: { ...withoutNonce, notAfterSeconds: 1 },
    }),
    one('session with an epoch statement', undefined, { epoch: await epochStatement(1) }),
    one(
      'package and issuer both of a later epoch',
      undefined,
      { delegation: { epoch: 2 } },
      {
        package: await packageOf({ delegationEpoch: 2 }),
      },
    ),
    one(
      'issuer of a later epoch, with its statement, and a package of that epoch',
      undefined,
      { delegation: { epoch: 2 }, epoch: await epochStatement(2) },
      { package: await packageOf({ delegationEpoch: 2, statement: 1 }) },
    ),
  ];
  return [
    ...(await Promise.all(valid)),
    ...(await bundleCases()),
    ...(await authorityCases()),
    ...(await Promise.all([...shapeCases(), ...termCases(), ...journalCases()])),
    ...(await Promise.all(envelopeCases())),
  ];
}
