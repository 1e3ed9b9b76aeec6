// The authority for one job of a line, under the names of the interface. It has the shape that an install
// asks for (`LineAuthority` of packages/programmer).

import { type AnswerOf, type ChallengePurpose, type InputOf, lineCalls } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { CallSender } from './call-sender.ts';

type WithoutJob<T> = Omit<T, 'job'>;
type LineInput<N extends keyof typeof lineCalls> = InputOf<(typeof lineCalls)[N]>;
type LineAnswer<N extends keyof typeof lineCalls> = AnswerOf<(typeof lineCalls)[N]>;

export interface LineAccess {
  giveChallenge(purpose: ChallengePurpose): Promise<Bytes>;
  issueLicense(request: WithoutJob<LineInput<'issueLicense'>>): Promise<LineAnswer<'issueLicense'>>;
  storeReceipt(delivery: WithoutJob<LineInput<'storeReceipt'>>): Promise<{
    readonly keptBy: 'authority';
    readonly fresh: boolean;
    /** What the install is called (spec/receipt.md section 4). */
    readonly outcome: LineAnswer<'storeReceipt'>['outcome'];
    /** Set when the license of the receipt belongs to another job. */
    readonly otherJob: Bytes | undefined;
  }>;
}

const challengeCalls = {
  hello: lineCalls.giveHelloChallenge,
  receipt: lineCalls.giveReceiptChallenge,
} as const;

/**
 * Throws what CallSender.send does; `storeReceipt` throws `job-outcome-refused` when the owner
 * of the job does not take the outcome, and the receipt is kept all the same. Fields that the
 * interface does not have are not sent.
 */
export function accessForJob(client: CallSender, job: Bytes): LineAccess {
  return {
    giveChallenge: async (purpose) => (await client.send(challengeCalls[purpose], { job })).challenge,
    issueLicense: ({ hello, certificate, challenge, requestId, manifestDigest, mode }) =>
      client.send(lineCalls.issueLicense, {
        job,
        hello,
        certificate,
        challenge,
        requestId,
        manifestDigest,
        mode,
      }),
    storeReceipt: async ({ licenseId, receipt, challenge, certificate }) => {
      const input = { job, licenseId, receipt, challenge, certificate };
      const answer = await client.send(lineCalls.storeReceipt, input);
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
    ask: WithoutJob<LineInput<'issueStationLicense'>>,
  ): Promise<LineAnswer<'issueStationLicense'>>;
  takeStationUnit(ask: WithoutJob<LineInput<'takeStationUnit'>>): Promise<LineAnswer<'takeStationUnit'>>;
  storeOutcome(delivery: WithoutJob<LineInput<'storeOutcome'>>): Promise<LineAnswer<'storeOutcome'>>;
}

/** Throws what CallSender.send does. */
export function stationAccessForJob(client: CallSender, job: Bytes): StationAccess {
  return {
    giveChallenge: async () => (await client.send(lineCalls.giveHelloChallenge, { job })).challenge,
    issueStationLicense: (ask) => client.send(lineCalls.issueStationLicense, { job, ...ask }),
    takeStationUnit: (ask) => client.send(lineCalls.takeStationUnit, { job, ...ask }),
    storeOutcome: (delivery) => client.send(lineCalls.storeOutcome, { job, ...delivery }),
  };
}
