// What a license costs in the service as it ships: two processes, store, log, the signer's table, every check
// and the audit's entries. A ratio to the cryptography that it cannot do without, by CPU, measured in
// the same run. Beside it, without a limit, since disk and neighbours decide: over HTTP, on
// PostgreSQL, with keys in a token. How long the slowest answers take at half of the load is held to
// ten units and five syncs of the disk.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lackingPostgres, PostgresCluster } from '@firmseal/authority/testing';
import { makeSoftHsm } from '@firmseal/pkcs11-adapter/testing';
import type { CoreFigures, CoreOptions } from './license/core-process.ts';
import { HttpLoad } from './license/http-load.ts';
import type { ServedJob, ServedUsage } from './license/http-process.ts';
import type { BenchRow } from './row.ts';

const rounds = 120;
const lines = 16;
const postgresClients = 4;
const httpChips = 640;

const script = (name: string) => fileURLToPath(new URL(`./license/${name}`, import.meta.url));

async function answer<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a measured process ended')));
  return ((await Promise.race([once(child, 'message'), ended])) as [T])[0];
}

const core = (options: CoreOptions, env: Readonly<Record<string, string>> = {}): Promise<CoreFigures> =>
  answer(fork(script('core-process.ts'), [JSON.stringify(options)], { env: { ...process.env, ...env } }));

const noteOf = ({ unitUs, signerUs, challengeUs, perSecond }: CoreFigures): string =>
  `signer ${(signerUs / unitUs).toFixed(1)} of it; unit ${unitUs.toFixed(0)} us, challenge ${challengeUs.toFixed(0)} us, ${perSecond.toFixed(0)} licenses/s`;

const ratioRow = (name: string, figures: CoreFigures, note: string): BenchRow => ({
  ...{ name, value: figures.licenseUs, unit: 'us', ratio: figures.licenseUs / figures.unitUs },
  note: `CPU; ${note}; ${noteOf(figures)}`,
});

/** Milliseconds until so much as SQLite appends for a license is on the disk; the median. */
function fsyncMs(folder: string): number {
  const file = openSync(join(folder, 'fsync'), 'w');
  const block = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 51 }, () => {
    const startMs = performance.now();
    writeSync(file, block);
    fsyncSync(file);
    return performance.now() - startMs;
  });
  closeSync(file);
  return times.sort((a, b) => a - b)[25]!;
}

async function httpRows(folder: string, { unitUs, unitWallUs }: CoreFigures): Promise<BenchRow[]> {
  const paths = ['http.sqlite', 'http-signer.sqlite', 'http-socket'].map((name) => join(folder, name));
  const server = fork(script('http-process.ts'), paths, { serialization: 'advanced' });
  try {
    const load = new HttpLoad(await answer<ServedJob>(server));
    const usage = () => {
      server.send('usage');
      return answer<ServedUsage>(server);
    };
    await load.rate(await load.chips(httpChips), lines);
    const chips = await load.chips(httpChips);
    const before = await usage();
    const perSecond = await load.rate(chips, lines);
    const after = await usage();
    const signerUs = (after.signer - before.signer) / httpChips;
    const eachUs = (after.own - before.own) / httpChips + signerUs;
    const times = await load.times(await load.chips(httpChips), perSecond / 2);
    const p99Ms = times.sort((a, b) => a - b)[Math.floor(httpChips * 0.99)]!;
    const peerMs = (10 * unitWallUs) / 1000 + 5 * fsyncMs(folder);
    return [
      {
        ...{ name: `license over HTTP, ${lines} lines`, value: eachUs, unit: 'us', ratio: eachUs / unitUs },
        note: `CPU of both processes for challenge and license; signer ${(signerUs / unitUs).toFixed(1)} of it; ${perSecond.toFixed(0)} of both a second`,
      },
      {
        ...{ name: 'license over HTTP at half of that load, p99', value: p99Ms, unit: 'ms' },
        limit: 1,
        ...{ ratio: p99Ms / peerMs, note: `wall; peer: 10 units and 5 fsyncs, ${peerMs.toFixed(1)} ms` },
      },
    ];
  } finally {
    server.kill();
  }
}

async function postgresRow(folder: string): Promise<BenchRow> {
  const cluster = await PostgresCluster.start({ fsync: true });
  try {
    const signer = { table: cluster.url(), socket: join(folder, 'postgres-socket') };
    const options = { postgres: cluster.url(), lines: postgresClients, rounds: 40, signer };
    const name = `license in the service, PostgreSQL, ${postgresClients} clients`;
    return ratioRow(name, await core(options), 'of both processes, without the database');
  } finally {
    await cluster.remove();
  }
}

async function tokenRow(folder: string): Promise<BenchRow | undefined> {
  let hsm: ReturnType<typeof makeSoftHsm>;
  try {
    hsm = makeSoftHsm('bench');
  } catch {
    return undefined; // no SoftHSM2, or no pkcs11js
  }
  try {
    const token = { issuer: hsm.uri('bench', 'issuer'), kem: hsm.uri('bench', 'kem'), pin: hsm.pin };
    const signer = {
      table: join(folder, 'token-signer.sqlite'),
      socket: join(folder, 'token-socket'),
      token,
    };
    const options = { sqlite: join(folder, 'token.sqlite'), lines, rounds: 40, signer };
    return ratioRow(
      'license in the service, keys in SoftHSM2',
      await core(options, hsm.environment),
      'token included',
    );
  } finally {
    hsm.remove();
  }
}

export async function licenseRows(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-license-bench-'));
  try {
    const signer = { table: join(folder, 'core-signer.sqlite'), socket: join(folder, 'core-socket') };
    const figures = await core({ sqlite: join(folder, 'core.sqlite'), lines, rounds, signer });
    const first = ratioRow(
      `license in the service, signer included, SQLite, ${lines} lines`,
      figures,
      'peer: one ECDH, one signature and the encryption of one license',
    );
    const token = await tokenRow(folder);
    return [
      { ...first, aim: 6, limit: 8 },
      ...(await httpRows(folder, figures)),
      ...(lackingPostgres() === undefined ? [await postgresRow(folder)] : []),
      ...(token ? [token] : []),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
