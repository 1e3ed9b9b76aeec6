// From a seed to scenarios: every point is killed at least once, in runs of the same command one after the
// other. The order within a scenario sees to it that a later kill is still reached after the earlier ones: by
// stage, and only the first of those on the way to the valid record may wait for the second chip.

import {
  type Arm,
  authorityPoints,
  betweenCommitAndSignature,
  type KillPoint,
  ownerWrites,
  stageOfLicensing,
  stageOfRecords,
  stationPoints,
} from './kill-point.ts';

/** One run of the install command, and who is killed in it. */
export interface RunPlan {
  readonly station?: Arm;
  /** One after the other, while the station goes on. */
  readonly authority: readonly Arm[];
  /** The job is approved only after this run, so the install fails. */
  readonly unapproved?: true;
}

export interface ScenarioPlan {
  readonly name: string;
  readonly runs: readonly RunPlan[];
  /** The database loses what it committed in the run: planned by no seed, but by the test of the judge. */
  readonly forgetful?: true;
}

export interface OwnerKill {
  readonly write: (typeof ownerWrites)[number];
  readonly phase: 'before' | 'after';
}

export interface CampaignPlan {
  readonly scenarios: readonly ScenarioPlan[];
  readonly ownerKills: readonly OwnerKill[];
}

/** 0 to below 1, the same sequence for the same seed (mulberry32). */
function randomOf(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0]!);
}

const upTo = (random: Random, most: number): number => 1 + Math.floor(random() * most);

const mostStationKills = 4;
const isRecords = ({ stage }: KillPoint) => stage === stageOfRecords;

/**
 * Points dealt into scenarios of at most four; what follows a kill among the records
 * may find both chips installed.
 */
function dealStationPoints(random: Random): KillPoint[][] {
  const scenarios: KillPoint[][] = [];
  for (const point of shuffle(
    random,
    stationPoints.filter(({ point }) => !point.startsWith('journal/failed')),
  )) {
    const room = scenarios.find(
      (dealt) => dealt.length < mostStationKills && !(isRecords(point) && dealt.some(isRecords)),
    );
    if (room === undefined) scenarios.push([point]);
    else room.push(point);
  }
  return scenarios.map((dealt) => dealt.sort((a, b) => a.stage - b.stage));
}

/** Which chip is killed at: the second one only where every run has two that pass. */
function armStation(random: Random, { point, stage }: KillPoint, isFirst: boolean): Arm {
  const isOnTheWay = stage >= stageOfLicensing && stage <= stageOfRecords;
  return { point, nth: isOnTheWay && !isFirst ? 1 : upTo(random, 2) };
}

interface AuthorityArm {
  readonly point: KillPoint;
  readonly nth: number;
}

/**
 * Every point of the authority once, and those between commit and signature at the
 * first chip and at the second.
 */
function armsOfAuthority(random: Random): AuthorityArm[] {
  const arms = authorityPoints.flatMap((point) =>
    betweenCommitAndSignature.includes(point.point)
      ? [1, 1, 2].map((nth) => ({ point, nth }))
      : [{ point, nth: 1 }],
  );
  return shuffle(random, arms);
}

/** Takes the first of the arms that fits out of them. */
function take(arms: AuthorityArm[], fits: (arm: AuthorityArm) => boolean): Arm[] {
  const at = arms.findIndex(fits);
  if (at === -1) return [];
  return arms.splice(at, 1).map(({ point: { point }, nth }) => ({ point, nth }));
}

/** Passed by every run, whatever the chips hold: challenges and receipts. */
const isPassedAlways = ({ point: { stage } }: AuthorityArm) =>
  stage < stageOfLicensing || stage > stageOfRecords;

/**
 * The station's kills one run after the other. In the first run both chips are new, so a kill
 * of the authority that lies ahead of the station's is reached; in one more run the station
 * lives and the authority does not.
 */
function planStationScenario(random: Random, points: readonly KillPoint[], arms: AuthorityArm[]): RunPlan[] {
  const runs = points.map((point, i): RunPlan => {
    const authority =
      i > 0
        ? []
        : take(arms, (arm) => arm.nth === 1 && arm.point.stage < point.stage && !isPassedAlways(arm));
    return { station: armStation(random, point, i === 0), authority };
  });
  const last = take(arms, isPassedAlways);
  return last.length === 0 ? runs : [...runs, { authority: last }];
}

/** One spread over all points. */
function planRound(random: Random): RunPlan[][] {
  const arms = armsOfAuthority(random);
  const scenarios = dealStationPoints(random).map((points) => planStationScenario(random, points, arms));
  while (arms.length > 0) scenarios.push([{ authority: take(arms, () => true) }]);
  for (const phase of ['before', 'after'] as const) {
    const station = { point: `journal/failed/${phase}`, nth: upTo(random, 2) };
    scenarios.push([{ station, authority: [], unapproved: true }]);
  }
  return scenarios;
}

/** `rounds` spreads over all points, each in another order and at other chips. */
export function planCampaign(seed: string, rounds: number): CampaignPlan {
  const random = randomOf(seed);
  const scenarios: ScenarioPlan[] = [];
  const ownerKills: OwnerKill[] = [];
  for (let round = 1; round <= rounds; round++) {
    const planned = planRound(random);
    scenarios.push(...planned.map((runs, index) => ({ name: `${round}.${index + 1}`, runs })));
    for (const write of shuffle(random, ownerWrites))
      for (const phase of ['before', 'after'] as const) ownerKills.push({ write, phase });
  }
  return { scenarios, ownerKills };
}

export const killsOf = ({ scenarios, ownerKills }: CampaignPlan): number =>
  ownerKills.length +
  scenarios
    .flatMap(({ runs }) => runs)
    .reduce((sum, { station, authority }) => sum + authority.length + (station === undefined ? 0 : 1), 0);
