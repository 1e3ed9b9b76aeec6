// Everything in a package that is not secret, as plain JSON and as lines for people. Reads what it can
// without trusting it, and says beside it which checks were made and how they ended.

import { type Bytes, toHex } from '@firmseal/bytes';
import { hexAddress } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault, type FaultCode } from '@firmseal/fault';
import {
  digestOf,
  openSigned,
  readDelegationUnverified,
  readEpochStatementUnverified,
  readSuccessionUnverified,
  type Trust,
} from '@firmseal/formats';
import { coreDigestOf, decodeManifestPayload, finishCore, type Manifest, manifestKind } from './manifest.ts';
import { decodeHeader, splitPackage } from './package-file.ts';
import { countRecords } from './record-plan.ts';
import { verifyRecords } from './records.ts';
import { verifyHeader } from './verify-header.ts';

/** `ok`, the fault that was met, or why it was not tried. */
export type CheckOutcome = 'ok' | FaultCode | 'no-root-key-given';

export interface PackageReport {
  readonly sizeBytes: number;
  readonly checks: {
    /** Delegation, signatures, product, areas: steps 2 to 6. */
    readonly header: CheckOutcome;
    /** Hashes and lengths of all records, against a manifest that the header check may have refused. */
    readonly records: CheckOutcome;
  };
  readonly manifestDigest: string;
  readonly coreDigest: string;
  readonly product: string;
  readonly chips: readonly string[];
  readonly firmwareVersion: string;
  readonly securityCounter: number;
  readonly entry: string;
  readonly areas: readonly {
    kind: string;
    address: string;
    lengthBytes: number;
    onUpdate?: string;
    agentCounter?: number;
  }[];
  readonly chunkSizeBytes: number;
  readonly records: number;
  readonly optionBytes: readonly { register: number; mask: string; value: string }[];
  readonly leastReadoutLevel: number;
  readonly interruption: string;
  readonly leastAgentVersion: number;
  readonly bootCheck: string;
  readonly sbomDigest?: string;
  readonly delegation: {
    role: string;
    publicKey: string;
    product: string;
    counterCap: number;
    epoch: number;
  };
  readonly grant: string;
  readonly epochStatement?: { product: string; epoch: number };
  readonly successions: readonly { product: string; publicKey: string; epoch: number }[];
  readonly carriesLicense: boolean;
}

function outcomeOf(check: () => unknown): CheckOutcome {
  try {
    check();
    return 'ok';
  } catch (cause) {
    if (cause instanceof Fault) return cause.code;
    throw cause;
  }
}

/** The manifest without its signature: shape, and areas that make sense. */
function readManifestUnverified(crypto: Crypto, signed: Manifest['signed']): Manifest {
  const object = openSigned(signed, manifestKind);
  const { draft, ...payload } = decodeManifestPayload(object.payload);
  return {
    ...payload,
    core: finishCore({ ...payload, draft }),
    coreDigest: coreDigestOf(crypto, payload.coreBytes),
    digest: digestOf(crypto, object),
    signed,
  };
}

/**
 * Digest of the software bill of materials that a header names, for display: its signatures are not looked
 * at. Throws the faults of the header's shape.
 */
export const readSbomDigestUnverified = (crypto: Crypto, header: Uint8Array): Bytes | undefined =>
  readManifestUnverified(crypto, decodeHeader(header).manifest).core.sbomDigest;

function describeCore(core: Manifest['core']) {
  const { areas, optionBytes, entry, sbomDigest, formatVersion, suite, ...plain } = core;
  return {
    ...plain,
    entry: hexAddress(entry),
    areas: areas.map((area) => ({ ...area, address: hexAddress(area.address) })),
    records: countRecords(core),
    optionBytes: optionBytes.map(({ register, mask, value }) => ({
      register,
      mask: hexAddress(mask),
      value: hexAddress(value),
    })),
    ...(sbomDigest ? { sbomDigest: toHex(sbomDigest) } : {}),
  };
}

/**
 * Throws only where nothing sensible can be said: the faults of the file, and the shape of delegation, epoch
 * statement, successions and manifest. All else is an outcome in `checks`.
 */
export function inspectPackage(
  crypto: Crypto,
  { file, trust }: { file: Uint8Array; trust?: Trust },
): PackageReport {
  const { header, recordsOffset } = splitPackage(file);
  const delegation = readDelegationUnverified(crypto, header.delegation);
  const manifest = readManifestUnverified(crypto, header.manifest);
  return {
    sizeBytes: file.length,
    checks: {
      header: trust ? outcomeOf(() => verifyHeader(crypto, header, trust)) : 'no-root-key-given',
      records: outcomeOf(() => verifyRecords(crypto, file, recordsOffset, manifest)),
    },
    manifestDigest: toHex(manifest.digest),
    coreDigest: toHex(manifest.coreDigest),
    ...describeCore(manifest.core),
    delegation: { ...delegation, publicKey: toHex(delegation.publicKey) },
    grant: toHex(manifest.grant),
    ...(header.epoch ? { epochStatement: readEpochStatementUnverified(header.epoch) } : {}),
    successions: header.successions.map((bytes) => {
      const { publicKey, ...succession } = readSuccessionUnverified(crypto, bytes);
      return { ...succession, publicKey: toHex(publicKey) };
    }),
    carriesLicense: header.license !== undefined,
  };
}

function describeArea(area: PackageReport['areas'][number]): string {
  const { kind, address, lengthBytes, onUpdate, agentCounter } = area;
  const update = onUpdate ? `, on update ${onUpdate}` : '';
  const counter = agentCounter === undefined ? '' : `, agent counter ${agentCounter}`;
  return `${address} ${lengthBytes} bytes, ${kind}${update}${counter}`;
}

/**
 * The report as aligned lines, without control characters: all texts in it are of the
 * printable sets of the format.
 */
export function renderPackageReport(report: PackageReport): string {
  const { checks, delegation, epochStatement } = report;
  const rows: [string, string][] = [
    ['product', report.product],
    ['firmware version', report.firmwareVersion],
    ['security counter', `${report.securityCounter}`],
    ['chips', report.chips.join(', ')],
    ['manifest digest', report.manifestDigest],
    ['entry', report.entry],
    ...report.areas.map((area, i): [string, string] => [`area ${i}`, describeArea(area)]),
    ['records', `${report.records} of up to ${report.chunkSizeBytes} bytes`],
    ...report.optionBytes.map(({ register, mask, value }): [string, string] => [
      `option bytes ${register}`,
      `mask ${mask} value ${value}`,
    ]),
    ['least readout level', `${report.leastReadoutLevel}`],
    ['on interruption', report.interruption],
    ['least agent version', `${report.leastAgentVersion}`],
    ['boot check', report.bootCheck],
    ...(report.sbomDigest ? [['SBOM digest', report.sbomDigest] as [string, string]] : []),
    ['signer', `${delegation.publicKey}`],
    [
      'delegation',
      `${delegation.role} for ${delegation.product}, epoch ${delegation.epoch}, cap ${delegation.counterCap}`,
    ],
    ...(epochStatement ? [['epoch statement', `${epochStatement.epoch}`] as [string, string]] : []),
    ...report.successions.map(({ publicKey, epoch }): [string, string] => [
      'next root',
      `${publicKey}, epoch ${epoch}`,
    ]),
    ['license inside', report.carriesLicense ? 'yes' : 'no'],
    ['header check', checks.header],
    ['records check', checks.records],
  ];
  return `${rows.map(([name, value]) => `${`${name}:`.padEnd(21)}${value}`).join('\n')}\n`;
}
