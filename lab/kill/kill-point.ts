// Where the campaign kills: every durable write, key use and answer of the authority, every journal line,
// frame and HTTP call of the station. The tables have the products' own types, so that a line or request
// that is new must be given its stage: how far an install is when it gets there. plan.ts orders kills by
// it, so that each of them is reached.

import { durableWrites } from '@firmseal/authority';
import type { RequestName } from '@firmseal/link';
import type { JournalEntry } from '@firmseal/programmer';

/** One kill: the process ends itself with SIGKILL when it gets to the point for the nth time, from 1. */
export interface Arm {
  readonly point: string;
  readonly nth: number;
}

export interface KillPoint {
  readonly point: string;
  readonly stage: number;
}

/**
 * Between these two stages a chip is on its way to its valid record: a chip that has
 * it does not pass them again.
 */
export const stageOfLicensing = 2;
export const stageOfRecords = 4;

const journalStages: Readonly<Record<JournalEntry['kind'], number | undefined>> = {
  planned: 0,
  hello: 2,
  licensed: 2,
  begun: 3,
  committed: 4,
  receipt: 6,
  failed: 8,
  // Chips without agent have no part in this campaign.
  'station-licensed': undefined,
  'station-written': undefined,
  'station-protected': undefined,
  'station-stated': undefined,
  'station-delivered': undefined,
};

/** Requests of an install; those of personalization are sent by the trusted site, once in a chip's life. */
const frameStages: Readonly<Record<RequestName, number | undefined>> = {
  info: 0,
  hello: 1,
  'personalize-begin': undefined,
  'personalize-finish': undefined,
  'personalize-protect': undefined,
  'personalize-enrol': undefined,
  package: 3,
  license: 3,
  record: 4,
  receipt: 5,
  acknowledge: 7,
  start: 7,
  'agent-receipt': undefined, // of packages that bring an agent
  recover: undefined, // no part of an install
  'agent-header': undefined,
  'agent-code': undefined,
};

const callStages = { challenge: 1, licenses: 2, 'receipt-challenge': 5, receipts: 6 } as const;

const lineWriteStages: Readonly<Record<string, number>> = { takeUnit: 2, insertLicense: 2, insertReceipt: 6 };

const spread = (
  kind: string,
  stages: Readonly<Record<string, number | undefined>>,
  phases: readonly string[],
) =>
  Object.entries(stages).flatMap(([name, stage]) =>
    stage === undefined
      ? []
      : phases.map((phase): KillPoint => ({ point: `${kind}/${name}/${phase}`, stage })),
  );

/**
 * Of the station's process. A `failed` line is written by an install that failed, so plan.ts makes one fail.
 */
export const stationPoints: readonly KillPoint[] = [
  ...spread('journal', journalStages, ['before', 'after']),
  ...spread('frame', frameStages, ['sending', 'sent', 'answer-came', 'answer-taken']),
  ...spread('call', callStages, ['before', 'after']),
];

/** Of the authority's process while a line installs, in the order in which one chip's requests pass them. */
export const authorityPoints: readonly KillPoint[] = [
  { point: 'request/any/arrived', stage: 0 },
  ...spread('store', { 'insertChallenge-hello': 1 }, ['before', 'after']),
  { point: 'request/challenge/answered', stage: 1 },
  ...spread('store', { takeUnit: 2 }, ['before', 'after']),
  ...spread('key', { unwrap: 2, sign: 2 }, ['before', 'after']),
  ...spread('store', { insertLicense: 2 }, ['before', 'after']),
  { point: 'request/licenses/answered', stage: 2 },
  ...spread('store', { 'insertChallenge-receipt': 5 }, ['before', 'after']),
  { point: 'request/receipt-challenge/answered', stage: 5 },
  ...spread('store', { insertReceipt: 6 }, ['before', 'after']),
  { point: 'request/receipts/answered', stage: 6 },
];

/** Durable writes that no line causes: the owner's commands, and the alarm. */
export const ownerWrites = durableWrites.filter((write) => !(write in lineWriteStages));

/** The unit is on the disk, the license is not signed. */
export const betweenCommitAndSignature: readonly string[] = [
  'store/takeUnit/after',
  'key/unwrap/before',
  'key/unwrap/after',
  'key/sign/before',
];

/** `point#nth`, as it stands in the environment of a process that is to die there. */
export const armText = ({ point, nth }: Arm): string => `${point}#${nth}`;

export const armVariable = 'FIRMSEAL_SIMULATED_KILL';
