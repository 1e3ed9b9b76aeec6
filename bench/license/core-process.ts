// The license service without HTTP, and the unit of cryptography, measured alternately in a process of their
// own, by CPU time of all its threads. The least of the rounds counts: what disturbs only adds.

import { openPostgresStore, openSqliteStore, parsePostgresUrl, type Store } from '@firmseal/authority';
import { Owner } from '@firmseal/authority/testing';
import { Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { KeyRole } from '@firmseal/keys';
import { makeTokenKey, openTokenKey } from '@firmseal/pkcs11-adapter';
import { answerOf, atOnce, BenchJob, type BenchKeys, keysOfFiles, makeChips } from './bench-job.ts';
import { makeUnit } from './unit.ts';

export interface CoreOptions {
  /** Path of a database file, or address of an empty PostgreSQL. */
  readonly sqlite?: string;
  readonly postgres?: string;
  /** Requests at once. */
  readonly lines: number;
  readonly rounds: number;
  /** Keys in a token: URIs of `issuer` and `kem`, which are made. */
  readonly token?: { readonly issuer: string; readonly kem: string; readonly pin: string };
}

export interface CoreFigures {
  /** Microseconds of CPU: a license, the challenge before it, the unit. */
  readonly licenseUs: number;
  readonly challengeUs: number;
  readonly unitUs: number;
  /** The same of the unit by the wall clock. */
  readonly unitWallUs: number;
  /** Licenses by the wall clock, without their challenges. */
  readonly perSecond: number;
}

const batchSize = 64;
const warmUpRounds = 4;

function openStore({ sqlite, postgres }: CoreOptions): Store | Promise<Store> {
  if (sqlite !== undefined) return openSqliteStore({ path: sqlite, crypto });
  return openPostgresStore({ address: parsePostgresUrl(postgres!, { allowPassword: false }), crypto });
}

async function keysOf({ token }: CoreOptions, owner: Owner): Promise<BenchKeys> {
  if (token === undefined) return keysOfFiles(owner);
  const make = async (role: KeyRole, uri: string) => {
    const place = { uri, role, pin: new Secret(utf8(token.pin)) };
    await makeTokenKey(crypto, place);
    return openTokenKey(crypto, place);
  };
  return {
    issuer: await make('license-issuer', token.issuer),
    kem: await make('authority-kem', token.kem),
  };
}

interface Spent {
  readonly cpuUs: number;
  readonly wallUs: number;
}

async function spent(work: () => unknown): Promise<Spent> {
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / batchSize, wallUs: ((performance.now() - startMs) * 1000) / batchSize };
}

async function measure(options: CoreOptions): Promise<CoreFigures> {
  const { lines, rounds } = options;
  const owner = new Owner();
  const store = await openStore(options);
  const job = await BenchJob.open(store, await keysOf(options, owner), owner);
  const chips = await makeChips(owner, (rounds + warmUpRounds) * batchSize);
  const unit = makeUnit();
  const found = { challenge: [] as Spent[], license: [] as Spent[], unit: [] as Spent[] };
  for (let round = -warmUpRounds; round < rounds; round++) {
    const asking = chips.splice(0, batchSize);
    let challenges: Awaited<ReturnType<BenchJob['challenge']>>[] = [];
    const challenge = await spent(async () => {
      challenges = await atOnce(asking, lines, () => job.challenge());
    });
    const answers = await Promise.all(asking.map((chip, i) => answerOf(chip, challenges[i]!)));
    const license = await spent(() => atOnce(answers, lines, (answer) => job.license(answer)));
    const peer = await spent(() => {
      for (let i = 0; i < batchSize; i++) unit();
    });
    if (round < 0) continue;
    found.challenge.push(challenge);
    found.license.push(license);
    found.unit.push(peer);
  }
  await store.close();
  const least = (all: readonly Spent[], kind: keyof Spent) => Math.min(...all.map((one) => one[kind]));
  const seconds = (rounds * 1e6) / found.license.reduce((sum, { wallUs }) => sum + wallUs, 0);
  return {
    licenseUs: least(found.license, 'cpuUs'),
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
