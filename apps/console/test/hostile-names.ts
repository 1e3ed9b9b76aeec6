// Names that a hostile package, line or database could bring, where a page shows them: markup in product,
// version, reason, place and sentence. They are put into the database by its own store, beside the authority.

import { AuthorityClient } from '@firmseal/authority-client';
import { fromHex, Secret, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { LogEvent } from '@firmseal/ledger';
import { systemClock } from '@firmseal/link';
import { openAuthorityStore } from '../../cli/src/authority-folder.ts';

export const hostileName = '<img src=x onerror=alert(1)>';

/** First digits of the thumbprint of the one chip. */
export const hostileThumbprint = '66'.repeat(32);

/** An approved job with one licensed unit, and an alarm. `folder`: of the authority. */
export async function plantHostileNames(folder: string): Promise<{ job: string; alarm: number }> {
  const store = await openAuthorityStore(folder);
  const atMs = Date.now();
  const event: LogEvent = { timeMs: atMs, kind: 'job-opened', fields: { product: hostileName } };
  const jobId = nodeCrypto.randomBytes(16);
  const manifestDigest = nodeCrypto.randomBytes(32);
  const thumbprint = fromHex(hostileThumbprint);
  const license = { licenseId: nodeCrypto.randomBytes(16), jobId, thumbprint };
  const shown = { firmwareVersion: hostileName, securityCounter: 1 };
  try {
    await store.insertJob(
      {
        job: { jobId, product: hostileName, quota: 3, mode: 'standing', accepts: [], createdAtMs: atMs },
        package: { manifestDigest, header: utf8('x'), contentKeyFile: utf8('x'), ...shown },
        deviceData: [],
      },
      event,
    );
    await store.approveJob(jobId, event);
    await store.takeUnit({ jobId, thumbprint, atMs, event: () => event });
    await store.insertLicense(
      {
        ...{ ...license, unitIndex: 0, manifestDigest, nonce: utf8('n'), requestId: 'r', mode: 'standing' },
        ...{ licenseDigest: utf8('d'), bundle: utf8('b'), issuedAtMs: atMs },
      },
      event,
    );
    await store.insertAlarm({ ...license, atMs, reason: hostileName }, { ...event, kind: 'alarm' });
    const [alarm] = await store.listAlarms({ from: 0, limit: 1 });
    return { job: toHex(jobId), alarm: alarm!.alarm };
  } finally {
    await store.close();
  }
}

/** What a hostile line could tell with its token. */
export async function reportHostileBoard(address: string, token: string, job: string): Promise<void> {
  const client = new AuthorityClient({ address, token: new Secret(utf8(token)), clock: systemClock });
  const socket = { name: 'A1', place: hostileName, package: 'panel', state: 'installing' } as const;
  await client.call('reportBoard', {
    job: fromHex(job),
    board: {
      ...{ line: 'hostile', tally: { passed: 0, passedFirst: 0, failed: 1, refused: 0 } },
      sockets: [{ ...socket, step: hostileName, fraction: 0.4 }],
      results: [{ socket: 'A1', atMs: 0, totalMs: 1, outcome: hostileName }],
      alarms: [{ error: 'FS1420', sentence: hostileName }],
    },
  });
}

/** A license of the job for a chip that never gave a receipt; the number of its unit. */
export async function plantUnit(folder: string, job: string): Promise<number> {
  const store = await openAuthorityStore(folder);
  const atMs = Date.now();
  const event: LogEvent = { timeMs: atMs, kind: 'license-issued', fields: { job } };
  const chip = { jobId: fromHex(job), thumbprint: nodeCrypto.randomBytes(32) };
  try {
    const [sealed] = await store.listPackages(chip.jobId);
    const unit = await store.takeUnit({ ...chip, atMs, event: () => event });
    await store.insertLicense(
      {
        ...{ ...chip, licenseId: nodeCrypto.randomBytes(16), unitIndex: unit!.unitIndex },
        ...{ manifestDigest: sealed!.manifestDigest, nonce: utf8('u'), requestId: 'u', mode: 'standing' },
        ...{ licenseDigest: utf8('v'), bundle: utf8('b'), issuedAtMs: atMs },
      },
      event,
    );
    return unit!.unitIndex;
  } finally {
    await store.close();
  }
}
