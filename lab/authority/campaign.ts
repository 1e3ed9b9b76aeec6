// Lines ask replicas of one authority for licenses, more than the quotas allow, and repeat what they asked,
// while replicas, their signers and the publisher of the ledger are killed, the database is stopped at once,
// and connections are cut, some of them in a commit. At the end the books: no quota is exceeded, every
// license and receipt that a line was told of is in the database, the log goes on from every head and the
// ledger from every checkpoint that was ever seen, and the audits find nothing.

import { rmSync } from 'node:fs';
import { openPostgresStore, openSqliteStore } from '@firmseal/authority';
import { CuttingProxy, PostgresCluster } from '@firmseal/authority/testing';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Campaign, type Job } from './asking.ts';
import { checkBooks, checkLedger, checkSigners } from './check-books.ts';
import type { CampaignOptions } from './options.ts';
import { Publisher } from './publisher.ts';
import { Replicas } from './replicas.ts';
import type { CampaignReport } from './report.ts';
import { repeatShare, runRequests } from './requests.ts';

const jobCount = 4;
/** Of the chips of a job, so many get a unit. */
const quotaShare = 0.6;

/** A crowd on replicas that share one SQLite file. */
async function crowdOnSqlite(campaign: Campaign, path: string) {
  const store = openSqliteStore({ path, crypto });
  const replicas = await Replicas.start(campaign.options.replicas, path, campaign.options.seed);
  try {
    const job = await campaign.openJob(replicas, await campaign.ownerToken(store), 1);
    const units = await campaign.crowd(replicas, job);
    return { store: 'SQLite', chips: campaign.options.crowd, units };
  } finally {
    await replicas.stop();
    await store.close();
    for (const suffix of ['', '-wal', '-shm'])
      for (const one of [path, `${path}.signer`]) rmSync(one + suffix, { force: true });
  }
}

/** Runs it; what does not hold is in `violations`. `scratch`: path of a file that may be made and removed. */
export async function runCampaign(options: CampaignOptions, scratch: string): Promise<CampaignReport> {
  const campaign = await Campaign.make(options);
  const { violations } = campaign;
  const cluster = await PostgresCluster.start({ fsync: options.fsync });
  const proxy = await CuttingProxy.start(cluster.folder);
  const address = cluster.address();
  // The campaign's own connections are not cut: it looks at the books.
  const store = await openPostgresStore({ address, crypto, allowUnsynchronized: true });
  const place = cluster.url({ host: proxy.host });
  const replicas = await Replicas.start(options.replicas, place, options.seed);
  const publisher = await Publisher.start(place, violations);
  const crowds: CampaignReport['crowds'][number][] = [];
  try {
    const token = await campaign.ownerToken(store);
    if (options.crowd > 0) {
      const job = await campaign.openJob(replicas, token, 1);
      crowds.push({
        ...{ store: 'PostgreSQL', chips: options.crowd },
        units: await campaign.crowd(replicas, job),
      });
      if (options.sqlite) crowds.push(await crowdOnSqlite(campaign, scratch));
    }
    const perJob = (options.requests * (1 - repeatShare)) / jobCount;
    const quota = Math.max(1, Math.floor(perJob * quotaShare));
    const jobs: Job[] = [];
    for (let n = 0; n < jobCount; n++) jobs.push(await campaign.openJob(replicas, token, quota));
    const parts = { replicas, publisher, jobs, store, cluster, proxy };
    const { stops } = await runRequests(campaign, parts).catch((cause: unknown) => {
      violations.push(cause instanceof Error ? cause.message : String(cause));
      return { stops: 0 };
    });
    proxy.next = undefined;
    await publisher.finish();
    checkSigners(campaign, cluster, jobs);
    const { units, logEntries } = await checkBooks(campaign, store, jobs);
    await checkLedger(campaign, publisher, store);
    const licenses = campaign.asked.filter(({ answer }) => answer !== 'quota-exhausted').length;
    return {
      ...{ requests: options.requests, repeats: campaign.repeats, licenses },
      ...{ refused: campaign.asked.length - licenses, quota: jobCount * quota, units },
      ...{
        retries: campaign.retries,
        faults: campaign.faults,
        kills: replicas.kills,
        signerKills: replicas.signerKills,
        publisherKills: publisher.kills,
        stops,
        cuts: proxy.cuts,
      },
      receipts: campaign.asked.filter(({ receipt }) => receipt !== undefined).length,
      checkpointsSeen: publisher.seen.size,
      ...{ crowds, logEntries, headsSeen: campaign.heads.length, violations },
    };
  } finally {
    await publisher.stop();
    await replicas.stop();
    await store.close();
    await proxy.stop();
    await cluster.remove();
  }
}
