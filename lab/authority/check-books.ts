// What must hold when a campaign is over and everything is at rest: the tables, the signers' own counts, the
// log at every head that was seen, and the ledger at every checkpoint that was.

import { audit, auditLedger } from '@firmseal/audit';
import { readEvidence, type Store } from '@firmseal/authority';
import type { PostgresCluster } from '@firmseal/authority/testing';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { TileTree, verifyCheckpoint, verifyConsistency } from '@firmseal/ledger';
import { keepBooks } from '../kill/books.ts';
import type { Campaign, Job } from './asking.ts';
import type { Publisher } from './publisher.ts';

/** Books of a store at rest; what is wrong with them is added to the violations. */
export async function checkBooks(campaign: Campaign, store: Store, jobs: readonly Job[]) {
  const { violations, asked } = campaign;
  const books = await keepBooks(readEvidence(store, Date.now));
  const { trust } = campaign;
  const { findings } = await audit(crypto, books.lines, { products: new Map([[trust.product, trust]]) });
  for (const { code, subject, detail } of findings)
    violations.push(`the audit found ${code}: ${subject}: ${detail}`);
  let units = 0;
  for (const job of jobs) {
    const found = books.jobs.get(toHex(job.id))!;
    const chips = asked.filter((one) => one.job === job).length;
    units += found.units.length;
    if (found.units.length !== Math.min(job.quota, chips))
      violations.push(`${found.units.length} units, a quota of ${job.quota}, ${chips} chips that asked`);
  }
  for (const { answer, chip, job, receipt } of asked) {
    if (answer === 'quota-exhausted') continue;
    if (receipt !== undefined && (await store.findReceipt(fromHex(receipt))) === undefined)
      violations.push(`receipt ${receipt} was acknowledged and is not kept`);
    const kept = await store.findUnit(job.id, chip.thumbprint);
    const license = await store.findLicense(fromHex(answer.license));
    if (kept?.unitIndex !== answer.unit)
      violations.push(`unit ${answer.unit} was given, ${kept?.unitIndex} is kept`);
    if (license === undefined || toHex(crypto.sha256(license.bundle)) !== answer.bundleDigest)
      violations.push(`license ${answer.license} was given and is not kept`);
  }
  for (const seen of campaign.heads) {
    const [row] = seen.size === 0 ? [] : await store.readLog(seen.size - 1, 1);
    if (seen.size > 0 && (row === undefined || !equalBytes(row.head, seen.head)))
      violations.push(`the log does not go on from its head at ${seen.size} entries`);
  }
  return { units, logEntries: (await store.logHead()).size };
}

/** What the signers counted in their own table: every chip that has a license, and no more than the quota. */
export function checkSigners(campaign: Campaign, cluster: PostgresCluster, jobs: readonly Job[]): void {
  const sql = "SELECT encode(job_id, 'hex'), counted FROM public_signer.signer_jobs";
  const counted = new Map(
    cluster
      .psql(sql)
      .split('\n')
      .map((line) => line.split('|') as [string, string]),
  );
  for (const job of jobs) {
    const count = Number(counted.get(toHex(job.id)) ?? 0);
    const licensed = campaign.asked.filter(
      (one) => one.job === job && one.answer !== 'quota-exhausted',
    ).length;
    if (count < licensed || count > job.quota)
      campaign.violations.push(
        `the signers counted ${count} of ${job.quota}, ${licensed} chips have a license`,
      );
  }
}

/**
 * The files alone, as an auditor has them: sound, as long as the log, and a continuation of every checkpoint
 * that the publisher told of, whether or not it was killed right after.
 */
export async function checkLedger(campaign: Campaign, publisher: Publisher, store: Store): Promise<void> {
  const { violations, trust } = campaign;
  const { files, trust: ledger } = publisher;
  const { checkpoint: newest, findings } = await auditLedger(crypto, files, {
    ...{ products: new Map([[trust.product, trust]]), ledger },
  });
  for (const { code, subject, detail } of findings)
    violations.push(`the audit of the ledger found ${code}: ${subject}: ${detail}`);
  if (newest === undefined) return;
  const { size } = await store.logHead();
  if (newest.size !== size) violations.push(`the ledger has ${newest.size} entries, the log ${size}`);
  const tree = new TileTree(crypto, files, newest.size);
  const seen = [...publisher.seen].map((text) => verifyCheckpoint(crypto, text, ledger));
  for (const from of seen.sort((one, other) => one.size - other.size)) {
    const proof = from.size > newest.size ? [] : await tree.proveConsistency(from.size);
    if (!verifyConsistency(crypto, { from, to: newest, proof }))
      violations.push(`the ledger does not continue its checkpoint of ${from.size} entries`);
  }
}
