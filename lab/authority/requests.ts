// The requests of all lines of a campaign, each disturbance at the request that the plan says, and what
// anybody saw of the log meanwhile.

import type { Store } from '@firmseal/authority';
import type { CuttingProxy, PostgresCluster } from '@firmseal/authority/testing';
import type { Campaign, Job } from './asking.ts';
import type { Publisher } from './publisher.ts';
import type { Replicas } from './replicas.ts';

export const repeatShare = 0.2;
const requestsBetweenLooks = 50;
const requestsBetweenNotes = 1000;
/** A round of the publisher is killed within it, or after it. */
const roundMsAtMost = 150;

type Disturbance = 'kill' | 'kill-signer' | 'kill-publisher' | 'stop' | 'cut';

/** What goes wrong, each at the request with this number. */
function planDisturbances(campaign: Campaign): Map<number, Disturbance[]> {
  const { requests, disturbances } = campaign.options;
  const plan = new Map<number, Disturbance[]>();
  for (const [kind, count] of [
    ['kill', disturbances.kills],
    ['kill-signer', disturbances.signerKills],
    ['kill-publisher', disturbances.publisherKills],
    ['stop', disturbances.stops],
    ['cut', disturbances.cuts],
  ] as const)
    for (let n = 0; n < count; n++) {
      const at = 1 + campaign.below(Math.max(1, Math.floor(requests * 0.9)));
      plan.set(at, [...(plan.get(at) ?? []), kind]);
    }
  return plan;
}

export interface Parts {
  readonly replicas: Replicas;
  readonly publisher: Publisher;
  readonly jobs: readonly Job[];
  readonly store: Store;
  readonly cluster: PostgresCluster;
  readonly proxy: CuttingProxy;
}

/** Disturbs; a promise where that takes time. */
class Disturber {
  readonly #campaign: Campaign;
  readonly #parts: Parts;
  #stopping: Promise<void> | undefined;
  readonly #underWay = new Set<Promise<unknown>>();
  stops = 0;

  constructor(campaign: Campaign, parts: Parts) {
    this.#campaign = campaign;
    this.#parts = parts;
  }

  /** What it fails with is a violation. */
  begin(kind: Disturbance): void {
    const tracked: Promise<unknown> = (this.#disturb(kind) ?? Promise.resolve())
      .catch((cause: Error) => this.#campaign.violations.push(`after a ${kind}: ${cause.message}`))
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #disturb(kind: Disturbance): Promise<unknown> | undefined {
    const { replicas, publisher, cluster, proxy } = this.#parts;
    const any = this.#campaign.below(replicas.count);
    if (kind === 'kill') return replicas.kill(any);
    if (kind === 'kill-signer') return replicas.killSigner(any);
    if (kind === 'kill-publisher') return publisher.kill(this.#campaign.below(roundMsAtMost));
    if (kind === 'stop') {
      this.#stopping ??= cluster
        .stop('SIGQUIT')
        .then(() => cluster.run())
        .finally(() => {
          this.stops++;
          this.#stopping = undefined;
        });
      return this.#stopping;
    }
    const way = this.#campaign.below(3);
    if (way === 0) proxy.cutAll();
    else proxy.next = way === 1 ? 'cut-before-commit' : 'cut-after-commit';
    return undefined;
  }
}

/** Until all requests were made, or something did not hold. */
export async function runRequests(campaign: Campaign, parts: Parts): Promise<{ stops: number }> {
  const { replicas, publisher, jobs, store } = parts;
  const { options } = campaign;
  const plan = planDisturbances(campaign);
  const disturber = new Disturber(campaign, parts);
  let next = 0;
  const look = async () => {
    publisher.ask();
    await store.logHead().then(
      (head) => campaign.heads.push(head),
      () => undefined, // the database is away
    );
  };
  const line = async () => {
    while (next < options.requests && campaign.violations.length === 0) {
      const at = next++;
      for (const kind of plan.get(at) ?? []) disturber.begin(kind);
      const known = campaign.asked.length;
      if (known > 0 && campaign.chance(repeatShare))
        await campaign.repeat(replicas, campaign.asked[campaign.below(known)]!);
      else campaign.asked.push(await campaign.askNew(replicas, jobs[campaign.below(jobs.length)]!));
      if (at % requestsBetweenLooks === 0) await look();
      if (at % requestsBetweenNotes === 0) options.onProgress?.(at);
    }
  };
  await Promise.all(Array.from({ length: options.lines }, line));
  await disturber.end();
  return { stops: disturber.stops };
}
