// 10,000 units in one job: what `job show`, `audit` with the copy that it keeps, and an audit of that copy
// cost the person who asks and the authority that answers, and how long health takes to answer meanwhile.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '@firmseal/bytes';
import { publicKeyFile } from '../apps/cli/src/public-key-file.ts';
import type { Message } from './history/health-process.ts';
import { type History, makeHistory } from './history/make-history.ts';
import type { BenchRow } from './row.ts';

const units = 10_000;
const cpuLimitSeconds = 20;
const memoryLimitMb = 300;
const healthLimitMs = 100;

interface Usage {
  readonly userCPUTime: number;
  readonly systemCPUTime: number;
  /** KiB. */
  readonly maxRSS: number;
}

const script = (name: string) => fileURLToPath(new URL(`./history/${name}`, import.meta.url));
const answer = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T;
/** What the process that asks for health says to a message. */
function told<T>(health: ChildProcess, message: Message): Promise<T> {
  health.send(message);
  return answer<T>(health);
}
const cpuSeconds = ({ userCPUTime, systemCPUTime }: Usage) => (userCPUTime + systemCPUTime) / 1e6;

interface Measured {
  readonly client: Usage;
  readonly serverSeconds: number;
  readonly serverMb: number;
  readonly healthMs: number;
}

/** Runs a command against the server and measures both. */
async function measure(
  server: ChildProcess,
  health: ChildProcess,
  words: readonly string[],
): Promise<Measured> {
  const usageOfServer = () => {
    server.send('usage');
    return answer<Usage>(server);
  };
  const before = await usageOfServer();
  await told(health, 'start');
  const client = await answer<Usage & { status: number }>(fork(script('command-process.ts'), words));
  const healthMs = await told<number>(health, 'stop');
  if (client.status !== 0) throw new Error(`firmseal ${words.join(' ')} ended with ${client.status}`);
  const after = await usageOfServer();
  return {
    client,
    serverSeconds: cpuSeconds(after) - cpuSeconds(before),
    serverMb: after.maxRSS / 1024,
    healthMs,
  };
}

function rowsOf(name: string, { client, serverSeconds, serverMb, healthMs }: Measured): BenchRow[] {
  const seconds = cpuSeconds(client);
  const mb = client.maxRSS / 1024;
  const most = Math.max(seconds, serverSeconds);
  return [
    {
      name: `${name}, ${units} units`,
      value: most,
      unit: 's',
      ratio: most / cpuLimitSeconds,
      limit: 1,
      note: `CPU; command ${seconds.toFixed(1)} s, authority ${serverSeconds.toFixed(1)} s; limit ${cpuLimitSeconds} s each`,
    },
    {
      name: `${name}, ${units} units, memory`,
      value: Math.max(mb, serverMb),
      unit: 'MB',
      ratio: Math.max(mb, serverMb) / memoryLimitMb,
      limit: 1,
      note: `peak; command ${mb.toFixed(0)} MB, authority ${serverMb.toFixed(0)} MB; limit ${memoryLimitMb} MB each`,
    },
    {
      name: `health during ${name}`,
      value: healthMs,
      unit: 'ms',
      ratio: healthMs / healthLimitMs,
      limit: 1,
      note: `wall time, the longest answer; limit ${healthLimitMs} ms`,
    },
  ];
}

async function writeKeys(folder: string, { owner }: History): Promise<string[]> {
  const at = (name: string) => join(folder, name);
  writeFileSync(at('root.pub'), publicKeyFile(owner.root.publicKey));
  writeFileSync(at('ca.delegation'), await owner.delegate('device-ca', owner.deviceCa.publicKey));
  return [
    '--product',
    owner.product,
    '--root-key',
    at('root.pub'),
    '--device-ca-delegation',
    at('ca.delegation'),
  ];
}

export async function historyRows(): Promise<readonly BenchRow[]> {
  // What is measured is the work, not the disk that the history is made on.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'firmseal-history-'));
  const database = join(folder, 'authority.sqlite');
  let server: ChildProcess | undefined;
  let health: ChildProcess | undefined;
  try {
    const history = await makeHistory(database, units);
    const keys = await writeKeys(folder, history);
    server = fork(script('server-process.ts'), [database]);
    const { url, token } = await answer<{ url: string; token: string }>(server);
    const [tokenFile, copy] = [join(folder, 'owner.token'), join(folder, 'evidence')];
    writeFileSync(tokenFile, token, { mode: 0o600 });
    health = fork(script('health-process.ts'));
    await told(health, { url, token });
    const access = ['--authority', url, '--token-file', tokenFile];
    const show = await measure(server, health, ['job', 'show', toHex(history.jobId), ...access]);
    const audited = await measure(server, health, ['audit', '--keep', copy, ...access, ...keys]);
    const again = await measure(server, health, ['audit', '--evidence', copy, ...keys]);
    return [
      ...rowsOf('job show', show),
      ...rowsOf('audit and export', audited),
      ...rowsOf('audit of a copy', again).slice(0, 2),
    ];
  } finally {
    server?.kill();
    health?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
