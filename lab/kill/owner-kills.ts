// Kills the authority in the owner's commands, before and after each of their durable writes, and says what
// the same command then finds: the effect stands once, or the repeat is refused by the name of what is
// there already. A second job or token that a repeat leaves behind opens nothing: the job is not approved,
// the token's text is known to nobody.

import { evidenceFromJson, type JobEvidence } from '@firmseal/authority';
import { toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { makeReceipt, parseReceiptUnverified } from '@firmseal/license';
import type { Bench } from './bench.ts';
import type { SealedPackage } from './owner.ts';
import { OwnerClient, packageBody, Refused } from './owner-client.ts';
import type { OwnerKill } from './plan.ts';
import { demand, Violation } from './violation.ts';

export interface OwnerKillsOutcome {
  readonly kills: readonly string[];
  /** Alarms that the authority must have logged. */
  readonly alarms: number;
}

/** What one command needs, and how the owner sees afterwards that its effect stands once. */
interface Trial {
  readonly command: () => Promise<unknown>;
  /** What the repeat is refused with when the killed command had its effect; none when a repeat is taken. */
  readonly repeated?: string;
  /** What it is refused with at any time. */
  readonly always?: string;
  readonly look: (took: boolean) => Promise<boolean>;
}

class OwnerKills {
  readonly #bench: Bench;
  readonly #second: SealedPackage;
  /** A job with receipts. */
  readonly #done: string;
  alarms = 0;

  constructor(bench: Bench, second: SealedPackage, done: string) {
    this.#bench = bench;
    this.#second = second;
    this.#done = done;
  }

  async trialOf(write: OwnerKill['write']): Promise<Trial> {
    const { client, sealed } = this.#bench;
    const job = await client.openJob(sealed, 1);
    const show = () => client.call('GET', `/v1/jobs/${job}`);
    const count = async (path: string, key: string) =>
      ((await client.call('GET', path))[key] as readonly unknown[]).length;
    const trials: Readonly<Partial<Record<string, () => Promise<Trial>>>> = {
      insertJob: async () => {
        const before = await count('/v1/jobs', 'jobs');
        return {
          command: () => client.openJob(sealed, 1),
          look: async (took) => (await count('/v1/jobs', 'jobs')) === before + (took ? 2 : 1),
        };
      },
      insertPackage: async () => ({
        command: () => client.post(`/v1/jobs/${job}/packages`, packageBody(this.#second)),
        repeated: 'job-package-repeated',
        look: async () => ((await show())['packages'] as unknown[]).length === 2,
      }),
      approveJob: async () => ({
        command: () => client.approve(job),
        look: async () => (await show())['state'] === 'approved',
      }),
      closeJob: async () => ({
        command: () => client.post(`/v1/jobs/${job}/close`),
        repeated: 'job-closed',
        look: async () => (await show())['state'] === 'closed',
      }),
      insertToken: async () => {
        const before = await count('/v1/tokens', 'tokens');
        return {
          command: () => client.lineToken(job),
          look: async (took) => (await count('/v1/tokens', 'tokens')) === before + (took ? 2 : 1),
        };
      },
      revokeToken: async () => {
        const { tokenId, token } = await client.lineToken(job);
        const line = new OwnerClient(this.#bench.host.url, token);
        return {
          command: () => client.post(`/v1/tokens/${tokenId}/revoke`),
          repeated: 'token-unknown',
          look: async () => (await codeOf(line.post(`/v1/jobs/${job}/challenge`))) === 'token-refused',
        };
      },
      appendLog: () => this.#alarmTrial(),
    };
    const make = trials[write];
    if (make === undefined) throw new Violation(`no command of the owner for the durable write ${write}`);
    return make();
  }

  /** A receipt for a license that was never issued, under a job that is real. */
  async #alarmTrial(): Promise<Trial> {
    const { client, host, owner } = this.#bench;
    const answer = await client.call('GET', `/v1/jobs/${this.#done}/evidence`);
    const { receipts } = evidenceFromJson(answer as never) as unknown as JobEvidence;
    const licenseId = nodeCrypto.randomBytes(16);
    const forged = { ...parseReceiptUnverified(receipts[0]!.receipt), licenseId };
    const receipt = await makeReceipt(nodeCrypto, owner.issuer, forged);
    const line = new OwnerClient(host.url, (await client.lineToken(this.#done)).token);
    const body = { licenseId: toHex(licenseId), receipt: toBase64url(receipt) };
    return {
      command: () => line.post(`/v1/jobs/${this.#done}/receipts`, body),
      always: 'license-unknown',
      look: async (took) => {
        this.alarms += took ? 2 : 1;
        return true; // the audit counts the alarms
      },
    };
  }

  async run({ write, phase }: OwnerKill): Promise<string> {
    const point = `store/${write}/${phase}`;
    const { command, repeated, always, look } = await this.trialOf(write);
    const { host } = this.#bench;
    await host.arm([{ point, nth: 1 }]);
    const first = await codeOf(command());
    const left = await host.settle();
    demand(left.length === 0 && first === 'no answer', () => `no kill at ${point}: ${first}`);
    const took = phase === 'after';
    const second = await codeOf(command());
    const expected = always ?? (took ? repeated : undefined) ?? 'done';
    demand(second === expected, () => `after ${point} the repeat ended with ${second}, not ${expected}`);
    demand(await look(took), () => `after ${point} and the repeat the effect does not stand as it should`);
    return point;
  }
}

/** `done`, the code of the refusal, or `no answer`. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'done';
  } catch (cause) {
    return cause instanceof Refused ? cause.code : 'no answer';
  }
}

/** Throws Violation. */
export async function runOwnerKills(
  bench: Bench,
  planned: readonly OwnerKill[],
  doneJob: string,
): Promise<OwnerKillsOutcome> {
  const run = new OwnerKills(bench, await bench.owner.seal('1.1.0'), doneJob);
  const kills: string[] = [];
  for (const kill of planned) kills.push(await run.run(kill));
  return { kills, alarms: run.alarms };
}
