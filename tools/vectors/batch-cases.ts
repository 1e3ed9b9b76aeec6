// Vectors of spec/batch.md section 2: batches of licenses for the usual package.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import type { LicenseTerms } from '@firmseal/license';
import { bundleOf, deviceThumbprint, issuer, licensedManifestDigest, termsFor } from './license-parts.ts';
import { seededBytes } from './vector-keys.ts';
import { delegate, epochStatement, type Fields, flipLast, type ShellChange, signShell } from './workshop.ts';

export interface BatchCase {
  readonly name: string;
  readonly file: Bytes;
  readonly fault?: FaultCode;
  readonly product?: string;
  /** Thumbprints of an accepted one, in the order of the file. */
  readonly devices?: readonly Bytes[];
}

const notAfter = 2_000_000_000;
const otherDevice = seededBytes('another device', 32);

/** A standing license as batches have it. */
function licenseFor(thumbprint: Bytes, change: Partial<LicenseTerms> = {}): Promise<Bytes> {
  const { nonce: _, ...terms } = termsFor(licensedManifestDigest, {
    ...{ thumbprint, mode: 'standing', notAfterSeconds: notAfter, ...change },
  });
  return bundleOf({ terms });
}

interface Parts {
  readonly licenses: readonly Bytes[];
  readonly fields?: (fields: Fields) => void;
  readonly payload?: Uint8Array;
  readonly content?: Bytes;
  readonly delegation?: Bytes;
  readonly epoch?: Bytes;
  readonly shell?: ShellChange;
  readonly list?: Bytes;
}

async function batchOf({ licenses, fields: change, ...parts }: Parts): Promise<CborInput[]> {
  const content = encodeCbor([...licenses]);
  const fields: Fields = new Map<number, CborInput>([
    [0, 1],
    [1, seededBytes('batch', 16)],
    [2, seededBytes('job', 16)],
    [3, licensedManifestDigest],
    [4, 1_900_000_000],
    [5, notAfter],
    [6, licenses.length],
    [7, crypto.sha256(content)],
  ]);
  change?.(fields);
  const payload = parts.payload ?? encodeCbor(fields);
  const list = parts.list ?? signShell('application/firmseal-batch', payload, 'license issuer', parts.shell);
  const delegation = parts.delegation ?? (await delegate(issuer));
  return ['firmseal batch 1', delegation, parts.epoch ?? null, list, parts.content ?? content];
}

export async function batchCases(): Promise<BatchCase[]> {
  const [first, second] = [await licenseFor(deviceThumbprint), await licenseFor(otherDevice)];
  const licenses = [first, second];
  const devices = [deviceThumbprint, otherDevice];
  const whole = await batchOf({ licenses });
  const good = async (name: string, parts: Parts, found = devices): Promise<BatchCase> => ({
    ...{ name, devices: found, file: encodeCbor(await batchOf(parts)) },
  });
  const bad = async (
    name: string,
    fault: FaultCode,
    parts: Partial<Parts>,
    context: Partial<BatchCase> = {},
  ): Promise<BatchCase> => ({
    ...{ name, fault, file: encodeCbor(await batchOf({ licenses, ...parts })), ...context },
  });
  const outside = (name: string, items: CborInput): BatchCase => ({
    ...{ name, fault: 'batch-malformed', file: encodeCbor(items) },
  });
  const field = (key: number, value: CborInput | undefined) => ({
    fields: (fields: Fields) => void (value === undefined ? fields.delete(key) : fields.set(key, value)),
  });
  const withLicense = async (change: Partial<LicenseTerms>) => ({
    licenses: [first, await licenseFor(otherDevice, change)],
  });
  const { nonce, ...session } = termsFor(licensedManifestDigest, { thumbprint: otherDevice });
  const sessionBundle = await bundleOf({ terms: { ...session, ...(nonce ? { nonce } : {}) } });
  return [
    await good('two devices', { licenses }),
    await good('one device', { licenses: [second] }, [otherDevice]),
    await good('with an epoch statement', { licenses, epoch: await epochStatement(1) }),
    await good('a license that ends before the batch', {
      licenses: [first, await licenseFor(otherDevice, { notAfterSeconds: notAfter - 1 })],
    }),
    outside('another magic', ['firmseal batch 2', ...whole.slice(1)]),
    outside('four items', whole.slice(0, 4)),
    outside('six items', [...whole, null]),
    outside('null for the delegation', whole.with(1, null)),
    outside('null for the list', whole.with(3, null)),
    outside('licenses as an array', whole.with(4, [...licenses])),
    { name: 'of no bytes', fault: 'batch-malformed', file: new Uint8Array(0) },
    await bad('a byte behind the licenses', 'batch-altered', {
      content: Uint8Array.from([...encodeCbor([...licenses]), 0]),
    }),
    await bad('delegation of a package signer', 'delegation-role-wrong', { delegation: await delegate() }),
    await bad('delegation by a stranger', 'delegation-signature-invalid', {
      delegation: await delegate(issuer, 'stranger'),
    }),
    await bad('delegation of an ended epoch', 'delegation-revoked', {
      delegation: await delegate({ ...issuer, epoch: 1 }),
      epoch: await epochStatement(2),
    }),
    await bad('delegation of another product', 'delegation-product-wrong', {}, { product: 'kettle' }),
    await bad('list by a stranger', 'batch-signature-invalid', { shell: { by: 'stranger' } }),
    await bad('list with a high s', 'batch-signature-invalid', { shell: { highS: true } }),
    await bad('list of another type', 'batch-malformed', { shell: { typ: 'application/firmseal-license' } }),
    await bad('malformed list, by a stranger', 'batch-signature-invalid', {
      ...{ payload: encodeCbor([]), shell: { by: 'stranger' } },
    }),
    await bad('list that is an array', 'batch-malformed', { payload: encodeCbor([]) }),
    await bad('list of format version 2', 'batch-malformed', field(0, 2)),
    await bad('list without a date', 'batch-malformed', field(5, undefined)),
    await bad('list with a further key', 'batch-malformed', field(8, 0)),
    await bad('another digest', 'batch-altered', field(7, seededBytes('digest', 32))),
    await bad('a license that was changed', 'batch-altered', {
      content: encodeCbor([first, flipLast(second)]),
    }),
    await bad('a license that was left out', 'batch-altered', { content: encodeCbor([first]) }),
    await bad('one license less than the list says', 'batch-malformed', field(6, 3)),
    await bad('no license', 'batch-malformed', { licenses: [] }),
    await bad('a malformed license', 'batch-malformed', { licenses: [first, seededBytes('none', 100)] }),
    await bad('a device twice', 'batch-malformed', { licenses: [first, first] }),
    await bad(
      'a license of another job',
      'batch-malformed',
      await withLicense({ jobId: seededBytes('other', 16) }),
    ),
    await bad(
      'a license for another package',
      'batch-malformed',
      await withLicense({ manifestDigest: seededBytes('other', 32) }),
    ),
    await bad(
      'a license that ends after the batch',
      'batch-malformed',
      await withLicense({ notAfterSeconds: notAfter + 1 }),
    ),
    await bad('a license without an end', 'batch-malformed', {
      licenses: [first, await bundleOf({ terms: withoutEnd() })],
    }),
    await bad('a license of mode session', 'batch-malformed', { licenses: [first, sessionBundle] }),
  ];
}

function withoutEnd(): LicenseTerms {
  const { nonce: _, ...terms } = termsFor(licensedManifestDigest, {
    thumbprint: otherDevice,
    mode: 'standing',
  });
  return terms;
}
