// Kills the authority in the owner's commands, before and after each of their durable writes, and says what
// the same command then finds: the effect stands once, or the repeat is refused by the name of what is
// there already. A second job or token that a repeat leaves behind opens nothing: the job is not approved,
// the token's text is known to nobody.

import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { Bench } from './bench.ts';
import { MadeUpChip } from './made-up-chip.ts';
import type { SealedPackage } from './owner.ts';
import { packageFiles, refusalOf } from './owner-client.ts';
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
  readonly #done: Bytes;
  alarms = 0;

  constructor(bench: Bench, second: SealedPackage, done: Bytes) {
    this.#bench = bench;
    this.#second = second;
    this.#done = done;
  }

  async trialOf(write: OwnerKill['write']): Promise<Trial> {
    const { client, sealed } = this.#bench;
    const job = await client.openJob(sealed, 1);
    const show = () => client.call('showJob', { job });
    const page = { limit: 200 };
    const countJobs = async () => (await client.call('listJobs', page)).jobs.length;
    const stopped = async () => (await client.call('listStops', page)).stops.map(({ name }) => name);
    const countTokens = async () => (await client.call('listTokens', page)).tokens.length;
    const trials: Readonly<Record<OwnerKill['write'], (() => Promise<Trial>) | undefined>> = {
      insertJob: async () => {
        const before = await countJobs();
        return {
          command: () => client.openJob(sealed, 1),
          look: async (took) => (await countJobs()) === before + (took ? 2 : 1),
        };
      },
      insertPackage: async () => ({
        command: () => client.call('addPackage', { job, ...packageFiles(this.#second) }),
        repeated: 'job-package-repeated',
        look: async () => (await show()).packages.length === 2,
      }),
      approveJob: async () => ({
        command: () => client.call('approveJob', { job }),
        look: async () => (await show()).state === 'approved',
      }),
      closeJob: async () => ({
        command: () => client.call('closeJob', { job }),
        repeated: 'job-closed',
        look: async () => (await show()).state === 'closed',
      }),
      insertJobEnd: async () => ({
        command: () => client.call('closeJob', { job }),
        always: 'job-closed',
        look: async () => (await client.call('fetchJobEnd', { job })).end.length > 0,
      }),
      insertToken: async () => {
        const before = await countTokens();
        return {
          command: () => client.lineToken(job),
          look: async (took) => (await countTokens()) === before + (took ? 2 : 1),
        };
      },
      revokeToken: async () => {
        const { tokenId, token } = await client.lineToken(job);
        const line = client.line(job, token);
        return {
          command: () => client.call('revokeToken', { token: tokenId }),
          repeated: 'token-unknown',
          look: async () => (await codeOf(line.giveChallenge('hello'))) === 'token-refused',
        };
      },
      voidUnit: async () => {
        await client.call('approveJob', { job });
        const chip = await MadeUpChip.make(this.#bench.owner);
        const { token } = await client.lineToken(job);
        const unit = await chip.license(client.line(job, token), sealed);
        return {
          command: () => client.call('voidUnit', { job, unit, reason: 'the chip is broken' }),
          repeated: 'unit-not-voidable',
          look: async () => {
            const { voided, remaining } = await show();
            return voided === 1 && remaining === 1;
          },
        };
      },
      setStop: async () => {
        const stop = { kind: 'station', name: toHex(nodeCrypto.randomBytes(8)) } as const;
        return {
          command: () => client.call('setStop', { ...stop, reason: 'a trial' }),
          look: async () => (await stopped()).includes(stop.name),
        };
      },
      liftStop: async () => {
        const stop = { kind: 'station', name: toHex(nodeCrypto.randomBytes(8)) } as const;
        await client.call('setStop', { ...stop, reason: 'a trial' });
        return {
          command: () => client.call('liftStop', stop),
          look: async () => !(await stopped()).includes(stop.name),
        };
      },
      setRollout: async () => {
        const { job: update } = await client.call('openJob', {
          ...{ ...packageFiles(sealed), quota: 1, mode: 'update' },
        });
        return {
          command: () => client.call('setRollout', { job: update, percent: 5 }),
          look: async () => (await client.call('showJob', { job: update })).rollout?.percent === 5,
        };
      },
      insertAlarm: () => this.#alarmTrial(),
      acknowledgeAlarm: async () => {
        await codeOf((await this.#alarmTrial()).command());
        const { alarm } = (await client.call('listAlarms', page)).alarms[0]!;
        this.alarms--;
        return {
          command: () => client.call('acknowledgeAlarm', { alarm, note: 'a trial' }),
          repeated: 'alarm-unknown',
          look: async () =>
            (await client.call('listAlarms', page)).alarms[0]?.acknowledged?.note === 'a trial',
        };
      },
      takeUnit: undefined,
      insertLicense: undefined,
      insertApproval: undefined,

      insertFailure: undefined,
      insertOutcome: undefined,
      insertIdentity: undefined,
      insertDevice: undefined,
      insertReceipt: undefined,
      logEvent: undefined,
      noteFewUnits: undefined,
      insertWebhook: undefined,
      removeWebhook: undefined,
      replaceWrapped: undefined,
    };
    const make = trials[write];
    if (make === undefined) throw new Violation(`no command of the owner for the durable write ${write}`);
    return make();
  }

  /** A certified chip brings a receipt for a license that was never issued, under a job that is real. */
  async #alarmTrial(): Promise<Trial> {
    const { client, owner, sealed } = this.#bench;
    const chip = await MadeUpChip.make(owner);
    const licenseId = nodeCrypto.randomBytes(16);
    const receipt = await chip.receiptOf(licenseId, this.#done, sealed);
    const line = client.line(this.#done, (await client.lineToken(this.#done)).token);
    this.alarms++;
    const { certificate } = chip;
    return {
      command: () => line.storeReceipt({ licenseId, receipt, certificate }),
      always: 'license-unknown',
      // The same evidence again is the same alarm.
      look: async () => {
        const { alarms } = await client.call('listAlarms', { limit: 200 });
        return alarms.filter((one) => one.thumbprint.join() === chip.thumbprint.join()).length === 1;
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
    return refusalOf(cause) ?? 'no answer';
  }
}

/** Throws Violation. */
export async function runOwnerKills(
  bench: Bench,
  planned: readonly OwnerKill[],
  doneJob: string,
): Promise<OwnerKillsOutcome> {
  const run = new OwnerKills(bench, await bench.owner.seal('1.1.0'), fromHex(doneJob));
  const kills: string[] = [];
  for (const kill of planned) kills.push(await run.run(kill));
  return { kills, alarms: run.alarms };
}
