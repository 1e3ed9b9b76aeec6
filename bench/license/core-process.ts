// The license service without HTTP, with its signer in a second process, and the unit of cryptography,
// measured alternately, by CPU time of all threads of both processes. The least of the rounds counts: what
// disturbs only adds.

import { openPostgresStore, openSqliteStore, parsePostgresUrl, type Store } from '@firmseal/authority';
import { Owner } from '@firmseal/authority/testing';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { answerOf, atOnce, BenchJob, makeChips } from './bench-job.ts';
import { SignerBeside } from './signer-beside.ts';
import type { SignerPlace } from './signer-process.ts';
import { makeUnit } from './unit.ts';

export interface CoreOptions {
  /** Path of a database file, or address of an empty PostgreSQL. */
  readonly sqlite?: string;
  readonly postgres?: string;
  /** Requests at once. */
  readonly lines: number;
  readonly rounds: number;
  readonly signer: SignerPlace;
}

export interface CoreFigures {
  /** Microseconds of CPU: a license, what of it is the signer's, the challenge before it, the unit. */
  readonly licenseUs: number;
  readonly signerUs: number;
  readonly challengeUs: number;
  readonly unitUs: number;
  /** The same of the unit by the wall clock. */
  readonly unitWallUs: number;
  /** Licenses by the wall clock, without their challenges. */
  readonly perSecond: number;
}

/** Licenses of a round; units take as long, so that a busy machine disturbs both alike. */
const batchSize = 16;
const unitsARound = 8 * batchSize;
const warmUpRounds = 16;

function openStore({ sqlite, postgres }: CoreOptions): Store | Promise<Store> {
  if (sqlite !== undefined) return openSqliteStore({ path: sqlite, crypto });
  return openPostgresStore({ address: parsePostgresUrl(postgres!, { allowPassword: false }), crypto });
}

interface Spent {
  readonly cpuUs: number;
  readonly wallUs: number;
}

interface License extends Spent {
  readonly signerUs: number;
}

async function spent(count: number, work: () => unknown): Promise<Spent> {
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / count, wallUs: ((performance.now() - startMs) * 1000) / count };
}

async function measure(options: CoreOptions): Promise<CoreFigures> {
  const { lines, rounds } = options;
  const owner = new Owner();
  const store = await openStore(options);
  const signer = await SignerBeside.start(owner, options.signer);
  const job = await BenchJob.open(store, signer, owner);
  const chips = await makeChips(owner, (rounds + warmUpRounds) * batchSize);
  const unit = makeUnit();
  const found = { challenge: [] as Spent[], license: [] as License[], unit: [] as Spent[] };
  for (let round = -warmUpRounds; round < rounds; round++) {
    const asking = chips.splice(0, batchSize);
    let challenges: Awaited<ReturnType<BenchJob['challenge']>>[] = [];
    const challenge = await spent(batchSize, async () => {
      challenges = await atOnce(asking, lines, () => job.challenge());
    });
    const answers = await Promise.all(asking.map((chip, i) => answerOf(chip, challenges[i]!)));
    const beforeUs = await signer.cpuUs();
    const own = await spent(batchSize, () => atOnce(answers, lines, (answer) => job.license(answer)));
    const signerUs = ((await signer.cpuUs()) - beforeUs) / batchSize;
    const license = { ...own, cpuUs: own.cpuUs + signerUs, signerUs };
    const peer = await spent(unitsARound, () => {
      for (let i = 0; i < unitsARound; i++) unit();
    });
    if (round < 0) continue;
    found.challenge.push(challenge);
    found.license.push(license);
    found.unit.push(peer);
  }
  await signer.stop();
  await store.close();
  const least = (all: readonly Spent[], kind: keyof Spent) => Math.min(...all.map((one) => one[kind]));
  const seconds = (rounds * 1e6) / found.license.reduce((sum, { wallUs }) => sum + wallUs, 0);
  const cheapest = found.license.reduce((best, one) => (one.cpuUs < best.cpuUs ? one : best));
  return {
    licenseUs: cheapest.cpuUs,
    signerUs: cheapest.signerUs,
    challengeUs: least(found.challenge, 'cpuUs'),
    unitUs: least(found.unit, 'cpuUs'),
    unitWallUs: least(found.unit, 'wallUs'),
    perSecond: seconds,
  };
}

const figures = await measure(JSON.parse(process.argv[2]!) as CoreOptions);
if (process.send) process.send(figures);
else console.log(figures, figures.licenseUs / figures.unitUs);
// A token's module keeps threads.
process.disconnect?.();
