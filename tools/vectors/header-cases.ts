// Vectors of spec/package.md section 6, steps 1 to 4: file, delegation, shell, payload and core.

import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import { delegationKind, epochKind, successionKind } from '@firmseal/formats';
import { headerCase, type PackageCase } from './package-case.ts';
import { keyPair } from './vector-keys.ts';
import {
  assemble,
  delegate,
  epochStatement,
  pieces,
  product,
  signManifest,
  signShell,
  succession,
} from './workshop.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

async function fileCases(): Promise<PackageCase[]> {
  const whole = assemble(await pieces(), { withoutRecords: true });
  const header = whole.subarray(12);
  const changed = (offset: number, value: number) => {
    const file = whole.slice();
    file[offset] = value;
    return file;
  };
  const start = (length: number, rest: Uint8Array) => concatBytes(whole.subarray(0, 8), u32le(length), rest);
  const parts = await pieces();
  const manifest = signManifest(parts);
  const header5 = (...items: Parameters<typeof encodeCbor>[0][]) =>
    assemble(parts, { headerBytes: encodeCbor(items), withoutRecords: true });
  const { delegation } = parts;
  return [
    { name: 'empty file', fault: 'package-magic-wrong', file: new Uint8Array(0) },
    { name: 'seven bytes of the magic', fault: 'package-magic-wrong', file: whole.slice(0, 7) },
    { name: 'first byte of the magic', fault: 'package-magic-wrong', file: changed(0, 0x47) },
    { name: 'version byte of the magic', fault: 'package-magic-wrong', file: changed(5, 2) },
    {
      name: 'line ends of the magic changed by a text transfer',
      fault: 'package-magic-wrong',
      file: changed(6, 0x0a),
    },
    { name: 'magic alone', fault: 'package-truncated', file: whole.slice(0, 8) },
    { name: 'length field cut', fault: 'package-truncated', file: whole.slice(0, 11) },
    { name: 'header length 4097', fault: 'package-header-too-large', file: start(4097, filled(4097, 0)) },
    { name: 'header length 2^32 - 1', fault: 'package-header-too-large', file: start(2 ** 32 - 1, header) },
    { name: 'header cut by one byte', fault: 'package-truncated', file: whole.slice(0, -1) },
    { name: 'header of no bytes', fault: 'package-malformed', file: start(0, new Uint8Array(0)) },
    {
      name: 'header with a byte behind it',
      fault: 'package-malformed',
      file: start(header.length + 1, concatBytes(header, filled(1, 0))),
    },
    {
      name: 'header not in shortest form',
      fault: 'package-malformed',
      file: start(header.length + 1, concatBytes(Uint8Array.of(0x98, 4), header.subarray(1))),
    },
    {
      name: 'header of four',
      fault: 'package-malformed',
      file: header5(manifest, delegation, null, null),
    },
    {
      name: 'header of six',
      fault: 'package-malformed',
      file: header5(manifest, delegation, null, [], null, null),
    },
    {
      name: 'header with null for the manifest',
      fault: 'package-malformed',
      file: header5(null, delegation, null, [], null),
    },
    {
      name: 'header with null for the delegation',
      fault: 'package-malformed',
      file: header5(manifest, null, null, [], null),
    },
    {
      name: 'header with a number for the epoch statement',
      fault: 'package-malformed',
      file: header5(manifest, delegation, 1, [], null),
    },
    {
      name: 'header with null for the successions',
      fault: 'package-malformed',
      file: header5(manifest, delegation, null, null, null),
    },
    {
      name: 'header with null among the successions',
      fault: 'package-malformed',
      file: header5(manifest, delegation, null, [null], null),
    },
    {
      name: 'header with five successions',
      fault: 'package-malformed',
      file: header5(manifest, delegation, null, Array(5).fill(filled(1, 0)), null),
    },
    {
      name: 'header with text for the license',
      fault: 'package-malformed',
      file: header5(manifest, delegation, null, [], 'x'),
    },
    {
      name: 'header that is a map',
      fault: 'package-malformed',
      file: assemble(parts, { headerBytes: encodeCbor(new Map([[0, manifest]])), withoutRecords: true }),
    },
  ];
}

function authorityCases(): Promise<PackageCase>[] {
  const withEpoch = (
    name: string,
    fault: PackageCase['fault'] & string,
    make: () => Bytes | Promise<Bytes>,
  ) =>
    headerCase(name, fault, async (parts) => {
      parts.epoch = await make();
    });
  const epochPayload = (...entries: [number, number | string][]) => encodeCbor(new Map(entries));
  const withDelegation = (
    name: string,
    fault: PackageCase['fault'] & string,
    make: () => Promise<Bytes>,
    { statement, ...context }: { epoch?: number; statement?: number } = {},
  ) =>
    headerCase(
      name,
      fault,
      async (parts) => {
        parts.delegation = await make();
        if (statement !== undefined) parts.epoch = await epochStatement(statement);
      },
      context,
    );
  return [
    withEpoch('epoch statement that is no CBOR', 'epoch-malformed', () => filled(3, 0xff)),
    withEpoch('epoch statement without epoch', 'epoch-malformed', () =>
      signShell(epochKind.typ, epochPayload([0, 1], [1, 'thermostat']), 'root'),
    ),
    withEpoch('epoch statement of version 2', 'epoch-malformed', () =>
      signShell(epochKind.typ, epochPayload([0, 2], [1, 'thermostat'], [2, 1]), 'root'),
    ),
    withEpoch('epoch statement by a stranger', 'epoch-signature-invalid', () =>
      signShell(epochKind.typ, epochPayload([0, 1], [1, 'thermostat'], [2, 1]), 'stranger'),
    ),
    withEpoch('epoch statement with a high s', 'epoch-signature-invalid', () =>
      signShell(epochKind.typ, epochPayload([0, 1], [1, 'thermostat'], [2, 1]), 'root', { highS: true }),
    ),
    withEpoch('epoch statement of another product', 'epoch-product-wrong', () => epochStatement(1, 'kettle')),
    withEpoch('epoch statement that ends the delegation beside it', 'delegation-revoked', () =>
      epochStatement(2),
    ),
    withDelegation('delegation that is no CBOR', 'delegation-malformed', async () => filled(3, 0xff)),
    withDelegation('delegation whose key is no point', 'delegation-malformed', () =>
      delegate({ publicKey: filled(65, 4) }),
    ),
    withDelegation('delegation by a stranger', 'delegation-signature-invalid', async () => {
      const bytes = (await delegate()).slice();
      bytes[bytes.length - 1]! ^= 1;
      return bytes;
    }),
    withDelegation('delegation to issue licenses', 'delegation-role-wrong', () =>
      delegate({ role: 'license-issuer' }),
    ),
    withDelegation('delegation for another product', 'delegation-product-wrong', () =>
      delegate({ product: 'kettle' }),
    ),
    withDelegation(
      'delegation of an epoch that the chip knows to be ended',
      'delegation-revoked',
      () => delegate(),
      { epoch: 2 },
    ),
    withDelegation('delegation with a wider cap, same key', 'manifest-grant-wrong', () =>
      delegate({ counterCap: 41 }),
    ),
    withDelegation('delegation with a narrower cap, same key', 'manifest-grant-wrong', () =>
      delegate({ counterCap: 5 }),
    ),
    headerCase('another grant, and a counter above the cap', 'manifest-grant-wrong', async (parts) => {
      parts.delegation = await delegate({ counterCap: 4 });
    }),
    headerCase(
      'succession to another root, delegation of the former',
      'delegation-signature-invalid',
      async (parts) => {
        parts.successions = [await succession(2)];
      },
    ),
    headerCase('succession of an epoch that is in force', 'root-revoked', async (parts) => {
      parts.successions = [await succession(1)];
      parts.delegation = await delegate({}, 'second root');
    }),
    headerCase('succession of another product', 'root-product-wrong', async (parts) => {
      parts.successions = [await succession(2, 'kettle')];
    }),
    headerCase('succession that is no CBOR', 'root-malformed', (parts) => {
      parts.successions = [filled(3, 0xff)];
    }),
    headerCase('succession of the right root without epoch', 'root-malformed', (parts) => {
      const payload = encodeCbor(
        new Map<number, number | string>([
          [0, 1],
          [1, product],
        ]),
      );
      parts.successions = [signShell(successionKind.typ, payload, 'root')];
    }),
    headerCase('succession malformed, epoch statement by a stranger', 'root-malformed', (parts) => {
      parts.successions = [filled(3, 0xff)];
      parts.epoch = signShell(epochKind.typ, epochPayload([0, 1], [1, product], [2, 1]), 'stranger');
    }),
    headerCase('epoch statement of a root that was succeeded', 'epoch-signature-invalid', async (parts) => {
      parts.successions = [await succession(2)];
      parts.epoch = await epochStatement(2);
      parts.delegation = await delegate({ epoch: 2 }, 'second root');
    }),
    withDelegation('payload of a delegation of 257 bytes, by a stranger', 'delegation-malformed', async () =>
      signShell(delegationKind.typ, filled(257, 0), 'stranger'),
    ),
    withDelegation(
      'payload of a delegation of 256 bytes, by a stranger',
      'delegation-signature-invalid',
      async () => signShell(delegationKind.typ, filled(256, 0), 'stranger'),
    ),
    withDelegation(
      'payload of a delegation malformed, by a stranger',
      'delegation-signature-invalid',
      async () => signShell(delegationKind.typ, encodeCbor(new Map([[0, 1]])), 'stranger'),
    ),
    withDelegation('payload of a delegation malformed, by the root', 'delegation-malformed', async () =>
      signShell(delegationKind.typ, encodeCbor(new Map([[0, 1]])), 'root'),
    ),
    withEpoch('payload of an epoch statement of 129 bytes, by a stranger', 'epoch-malformed', () =>
      signShell(epochKind.typ, filled(129, 0), 'stranger'),
    ),
    withEpoch('payload of an epoch statement malformed, by a stranger', 'epoch-signature-invalid', () =>
      signShell(epochKind.typ, epochPayload([0, 1]), 'stranger'),
    ),
    withDelegation(
      'delegation of an ended epoch, with an old statement',
      'delegation-revoked',
      () => delegate(),
      { epoch: 2, statement: 1 },
    ),
    withDelegation('delegation to a stranger', 'manifest-signature-invalid', () =>
      delegate({ publicKey: keyPair('stranger').publicKey }),
    ),
  ];
}

function shellCases(): Promise<PackageCase>[] {
  const shell = (name: string, change: NonNullable<Parameters<typeof signShell>[3]>) =>
    headerCase(name, 'manifest-malformed', () => ({ shell: change }));
  const header = (...entries: [number, number | string][]) => encodeCbor(new Map(entries));
  const typ = 'application/firmseal-manifest';
  return [
    headerCase('manifest of 2177 bytes', 'manifest-too-large', () => ({ manifest: filled(2177, 0) })),
    headerCase('manifest payload of 2049 bytes', 'manifest-too-large', () => ({
      payloadBytes: filled(2049, 0),
    })),
    headerCase('manifest of 2176 bytes that is no CBOR', 'manifest-malformed', () => ({
      manifest: filled(2176, 0xff),
    })),
    headerCase('manifest payload of 2048 bytes that is no CBOR', 'manifest-malformed', () => ({
      payloadBytes: filled(2048, 0xff),
    })),
    headerCase('manifest empty', 'manifest-malformed', () => ({ manifest: new Uint8Array(0) })),
    shell('manifest under another typ', { typ: 'application/firmseal-license' }),
    shell('manifest under another tag', { tag: 17 }),
    shell('manifest with ES384 in its protected header', { protectedHeader: header([1, -35], [16, typ]) }),
    shell('manifest with a third protected field', { protectedHeader: header([1, -7], [4, 1], [16, typ]) }),
    shell('manifest with an unprotected field', { unprotected: new Map([[4, 1]]) }),
    shell('manifest with a detached payload', { payload: null }),
    shell('manifest with a signature of 63 bytes', { signature: filled(63, 1) }),
    shell('manifest with a signature of 65 bytes', { signature: filled(65, 1) }),
    headerCase('manifest by a stranger', 'manifest-signature-invalid', () => ({ shell: { by: 'stranger' } })),
    headerCase('manifest with a high s', 'manifest-signature-invalid', () => ({ shell: { highS: true } })),
    headerCase('manifest with a signature of zeros', 'manifest-signature-invalid', () => ({
      shell: { signature: filled(64, 0) },
    })),
  ];
}

function payloadCases(): Promise<PackageCase>[] {
  const malformed = (name: string, change: Parameters<typeof headerCase>[2]) =>
    headerCase(name, 'manifest-malformed', change);
  return [
    malformed('payload without salt', (p) => void p.payload.delete(3)),
    malformed('payload with a seventh key', (p) => void p.payload.set(6, 0)),
    malformed('payload without grant', (p) => void p.payload.delete(5)),
    malformed('grant of 31 bytes', (p) => void p.payload.set(5, filled(31, 1))),
    headerCase('payload malformed, by a stranger', 'manifest-signature-invalid', (p) => {
      p.payload.delete(3);
      return { shell: { by: 'stranger' } };
    }),
    malformed('salt of 31 bytes', (p) => void p.payload.set(3, filled(31, 1))),
    malformed('first hash as text', (p) => void p.payload.set(1, 'x'.repeat(32))),
    malformed('digest of 33 bytes', (p) => void p.payload.set(2, [filled(33, 1), filled(32, 1)])),
    malformed('no digest at all', (p) => void p.payload.set(2, [])),
    malformed('payload in an order that is not deterministic', (p) => {
      const bytes = encodeCbor(p.payload);
      return { payloadBytes: concatBytes(bytes.subarray(0, 1), encodeCbor(9), bytes.subarray(2)) };
    }),
    malformed('payload that is an array', () => ({ payloadBytes: encodeCbor([1, 2]) })),
    malformed('core that is no CBOR', () => ({ coreBytes: filled(2, 0xff) })),
    malformed('core that is an array', () => ({ coreBytes: encodeCbor([2, 2]) })),
    malformed('core with a key twice', (p) => {
      const bytes = encodeCbor(p.core);
      return { coreBytes: concatBytes(Uint8Array.of(bytes[0]! + 1), Uint8Array.of(0, 1), bytes.subarray(1)) };
    }),
    malformed('core with an indefinite length', (p) => {
      const bytes = encodeCbor(p.core);
      return { coreBytes: concatBytes(Uint8Array.of(0xbf), bytes.subarray(1), Uint8Array.of(0xff)) };
    }),
  ];
}

function coreCases(): Promise<PackageCase>[] {
  const set = (
    name: string,
    fault: PackageCase['fault'] & string,
    key: number,
    value: Parameters<typeof encodeCbor>[0],
  ) => headerCase(name, fault, (p) => void p.core.set(key, value));
  const bad = (name: string, key: number, value: Parameters<typeof encodeCbor>[0]) =>
    set(name, 'manifest-malformed', key, value);
  const without = (name: string, key: number) =>
    headerCase(name, 'manifest-malformed', (p) => void p.core.delete(key));
  return [
    set('format version 2', 'manifest-version-unsupported', 0, 2),
    set('format version -1', 'manifest-version-unsupported', 0, -1),
    set('suite 2', 'suite-unsupported', 1, 2),
    headerCase('format version 2 before all else in the core', 'manifest-version-unsupported', (p) => {
      p.core.set(0, 2).set(1, 2).set(99, 'new').delete(6);
    }),
    headerCase('suite 2 before all else in the core', 'suite-unsupported', (p) => {
      p.core.set(1, 2).set(2, '').delete(9);
    }),
    bad('format version as text', 0, '1'),
    bad('suite as bytes', 1, filled(1, 1)),
    without('core without format version', 0),
    without('core without areas', 6),
    without('core without option bytes', 9),
    without('core without boot check', 13),
    bad('core with an unknown key', 15, 0),
    bad('product empty', 2, ''),
    bad('product of 33 bytes', 2, 'x'.repeat(33)),
    bad('product with a space', 2, 'ther mostat'),
    bad('no chip', 3, []),
    bad(
      'nine chips',
      3,
      Array.from({ length: 9 }, (_, i) => `chip${i}`),
    ),
    bad('chip that is a number', 3, [1]),
    bad('firmware version empty', 4, ''),
    bad('firmware version with a line end', 4, '1.2\n'),
    bad('firmware version beyond ASCII', 4, '1.2é'),
    bad('security counter 2^31', 5, 2 ** 31),
    bad('security counter -1', 5, -1),
    bad('chunk size 512', 7, 512),
    bad('chunk size 3072', 7, 3072),
    bad('entry 2^32', 8, 2 ** 32),
    bad('readout level 3', 10, 3),
    bad('interruption 0', 11, 0),
    bad('interruption 4', 11, 4),
    bad('agent version null', 12, null),
    bad('boot check 3', 13, 3),
    bad('SBOM digest of 31 bytes', 14, filled(31, 0)),
    bad('SBOM digest null', 14, null),
    set('another product than the delegation', 'manifest-product-wrong', 2, 'kettle'),
    headerCase('another product, and another grant', 'manifest-product-wrong', (p) => {
      p.core.set(2, 'kettle');
      p.payload.set(5, filled(32, 1));
    }),
    set('security counter above the cap', 'delegation-counter-exceeded', 5, 41),
    headerCase('another product, and a counter above the cap', 'manifest-product-wrong', (p) => {
      p.core.set(2, 'kettle').set(5, 41);
    }),
    headerCase('a counter above the cap, and a malformed area', 'delegation-counter-exceeded', (p) => {
      p.core.set(5, 41).set(6, 0);
    }),
  ];
}

/** Steps 1 to 5, in the order of the checks. */
export async function headerCases(): Promise<PackageCase[]> {
  const rest = [...authorityCases(), ...shellCases(), ...payloadCases(), ...coreCases()];
  return [...(await fileCases()), ...(await Promise.all(rest))];
}
