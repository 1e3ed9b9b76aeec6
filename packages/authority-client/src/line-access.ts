// The authority for one job of a line, under the names of the interface. It has the shape that an install
// asks for (`LineAuthority` of packages/programmer).

import type { CallAnswer, CallInput, ChallengePurpose } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { AuthorityClient } from './authority-client.ts';

type WithoutJob<T> = Omit<T, 'job'>;

export interface LineAccess {
  giveChallenge(purpose: ChallengePurpose): Promise<Bytes>;
  issueLicense(request: WithoutJob<CallInput<'issueLicense'>>): Promise<CallAnswer<'issueLicense'>>;
  storeReceipt(delivery: WithoutJob<CallInput<'storeReceipt'>>): Promise<{
    readonly keptBy: 'authority';
    readonly fresh: boolean;
    /** What the install is called (spec/receipt.md section 4). */
    readonly outcome: CallAnswer<'storeReceipt'>['outcome'];
    /** Set when the license of the receipt belongs to another job. */
    readonly otherJob: Bytes | undefined;
  }>;
}

const challengeCalls = { hello: 'giveHelloChallenge', receipt: 'giveReceiptChallenge' } as const;

/**
 * Throws what AuthorityClient.call does; `storeReceipt` throws `job-outcome-refused` when the owner
 * of the job does not take the outcome, and the receipt is kept all the same. Fields that the
 * interface does not have are not sent.
 */
export function accessForJob(client: AuthorityClient, job: Bytes): LineAccess {
  return {
    giveChallenge: async (purpose) => (await client.call(challengeCalls[purpose], { job })).challenge,
    issueLicense: ({ hello, certificate, challenge, requestId, manifestDigest, mode }) =>
      client.call('issueLicense', { job, hello, certificate, challenge, requestId, manifestDigest, mode }),
    storeReceipt: async ({ licenseId, receipt, challenge, certificate }) => {
      const input = { job, licenseId, receipt, challenge, certificate };
      const answer = await client.call('storeReceipt', input);
      const { accepted, outcome, fresh } = answer;
      if (!accepted) throw new Fault('job-outcome-refused', { outcome, job: toHex(answer.job) });
      const otherJob = equalBytes(answer.job, job) ? undefined : answer.job;
      return { keptBy: 'authority', fresh, outcome, otherJob };
    },
  };
}

/** The authority for one job of a station that writes chips without agent, and of ST's installer. */
export interface StationAccess {
  giveChallenge(purpose: 'hello'): Promise<Bytes>;
  issueStationLicense(
    ask: WithoutJob<CallInput<'issueStationLicense'>>,
  ): Promise<CallAnswer<'issueStationLicense'>>;
  takeStationUnit(ask: WithoutJob<CallInput<'takeStationUnit'>>): Promise<CallAnswer<'takeStationUnit'>>;
  storeOutcome(delivery: WithoutJob<CallInput<'storeOutcome'>>): Promise<CallAnswer<'storeOutcome'>>;
}

/** Throws what AuthorityClient.call does. */
export function stationAccessForJob(client: AuthorityClient, job: Bytes): StationAccess {
  return {
    giveChallenge: async () => (await client.call('giveHelloChallenge', { job })).challenge,
    issueStationLicense: (ask) => client.call('issueStationLicense', { job, ...ask }),
    takeStationUnit: (ask) => client.call('takeStationUnit', { job, ...ask }),
    storeOutcome: (delivery) => client.call('storeOutcome', { job, ...delivery }),
  };
}
