// The objects that an entry of the log names, for the opened part of the ledger (spec/ledger.md section 5):
// what an auditor verifies signatures on. No content key, token or per-device data is among them.

import { equalBytes } from '@firmseal/bytes';
import {
  decodeLogEntry,
  type LogFields,
  type LogRow,
  type OpenedEntry,
  type OpenedValue,
} from '@firmseal/ledger';
import type { Store } from '../store/store.ts';

type Objects = Record<string, OpenedValue>;
type Finder = (store: Store, fields: LogFields) => Promise<Objects | undefined>;

const bytes = (fields: LogFields, name: string): Uint8Array<ArrayBuffer> => {
  const value = fields[name];
  return value instanceof Uint8Array ? (value as Uint8Array<ArrayBuffer>) : new Uint8Array(0);
};
const number = (fields: LogFields, name: string): number => {
  const value = fields[name];
  return typeof value === 'number' ? value : -1;
};

const packageOf: Finder = async (store, fields) => {
  const digest = bytes(fields, 'manifest');
  const packages = await store.listPackages(bytes(fields, 'job'));
  const item = packages.find((one) => equalBytes(one.manifestDigest, digest));
  return (
    item && {
      header: item.header,
      firmwareVersion: item.firmwareVersion,
      securityCounter: item.securityCounter,
    }
  );
};

const unitOf: Finder = async (store, fields) => {
  const device = await store.findDevice(bytes(fields, 'thumbprint'));
  return device && { certificate: device.certificate, firstSeenAtMs: device.firstSeenAtMs };
};

const requestOf: Finder = async (store, fields) => {
  const unit = number(fields, 'unit');
  const requests = await store.listStationRequests({ jobId: bytes(fields, 'job'), first: unit, last: unit });
  const found = requests.find((one) => equalBytes(one.requestDigest, bytes(fields, 'request')));
  return found && { request: found.request, delegation: found.delegation };
};

const identityPage = 100;

/** Newest first, so that one which came just now is on the first page. */
const identityOf: Finder = async (store, fields) => {
  for (let from = 0; ; from += identityPage) {
    const rows = await store.listIdentities({ from, limit: identityPage });
    const found = rows.find((one) => equalBytes(one.recordDigest, bytes(fields, 'record')));
    if (found) return { record: found.record };
    if (rows.length < identityPage) return undefined;
  }
};

const finders: Readonly<Record<string, Finder>> = {
  'job-opened': async (store, fields) => {
    const ledgerPolicy = (await store.findJob(bytes(fields, 'job')))?.ledgerPolicy;
    const found = await packageOf(store, fields);
    return found && { ...found, ...(ledgerPolicy ? { ledgerPolicy } : {}) };
  },
  'package-added': packageOf,
  'unit-taken': unitOf,
  'license-issued': async (store, fields) => {
    const license = await store.findLicense(bytes(fields, 'license'));
    return license && { bundle: license.bundle, mode: license.mode };
  },
  'receipt-stored': async (store, fields) => {
    const found = await store.findReceipt(bytes(fields, 'receipt'));
    return found && { receipt: found.receipt, ...(found.challenge ? { challenge: found.challenge } : {}) };
  },
  'station-admitted': requestOf,
  'outcome-stored': async (store, fields) => {
    const found = await store.findOutcome(bytes(fields, 'outcome'));
    return found && { statement: found.statement, delegation: found.delegation };
  },
  'identity-stored': identityOf,
  'approval-stored': async (store, fields) => {
    const approvals = await store.listApprovals(bytes(fields, 'job'));
    const found = approvals.find((one) => equalBytes(one.approvalDigest, bytes(fields, 'approval')));
    return found && { approval: found.approval, delegation: found.delegation };
  },
  'job-certified': async (store, fields) => {
    const found = await store.findJobEnd(bytes(fields, 'job'));
    return found && { end: found.end, delegation: found.delegation };
  },
};

/** A row with its objects; without them when the store has lost them, which the audit then names. */
export async function openRow(store: Store, row: LogRow): Promise<OpenedEntry> {
  const { salt, entry, sequence } = row;
  const { kind, fields } = decodeLogEntry(entry, sequence);
  return { salt, entry, objects: (await finders[kind]?.(store, fields)) ?? {} };
}
