// A PostgreSQL server of a test's own: a temporary cluster that listens on a socket in its folder and nowhere
// else, run by Debian's package as the user postgres where the test is root, and ended by its process id.
// Each `database` is a schema of its own, so one cluster serves a whole file of tests.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type PostgresAddress, parsePostgresUrl } from '../src/store/postgres-url.ts';

const versionsFolder = '/usr/lib/postgresql';
/** Only a name here: nothing listens on a port. */
const port = 5432;

function programsFolder(): string | undefined {
  try {
    const newest = readdirSync(versionsFolder)
      .sort((a, b) => Number(a) - Number(b))
      .at(-1);
    return newest === undefined ? undefined : join(versionsFolder, newest, 'bin');
  } catch {
    return undefined;
  }
}

function idsOf(user: string): { uid: number; gid: number } | undefined {
  const ask = (option: string) => spawnSync('id', [option, user], { encoding: 'utf8' });
  const [uid, gid] = [ask('-u'), ask('-g')];
  return uid.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

/** Why no cluster can be run here; undefined where it can. */
export function lackingPostgres(): string | undefined {
  const folder = programsFolder();
  if (folder === undefined || spawnSync(join(folder, 'postgres'), ['--version']).status !== 0)
    return 'postgresql is not installed';
  return process.getuid?.() === 0 && idsOf('postgres') === undefined
    ? 'there is no user postgres'
    : undefined;
}

export class PostgresCluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'firmseal-postgres-'));
  readonly #programs = programsFolder()!;
  readonly #ids = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  readonly #fsync: boolean;
  #server: ChildProcess | undefined;
  #schemas = 0;

  private constructor(fsync: boolean) {
    this.#fsync = fsync;
  }

  /**
   * `fsync`: commits wait for the disk, as in operation. Off it costs less, and a kill of
   * the machine may lose them.
   */
  static async start({ fsync = false }: { fsync?: boolean } = {}): Promise<PostgresCluster> {
    const cluster = new PostgresCluster(fsync);
    const { folder } = cluster;
    chmodSync(folder, 0o755);
    if (cluster.#ids) chownSync(folder, cluster.#ids.uid, cluster.#ids.gid);
    const words = ['-D', cluster.#data, '-U', 'firmseal', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
    execFileSync(join(cluster.#programs, 'initdb'), [...words, '--no-sync', '--no-instructions'], {
      ...cluster.#ids,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await cluster.run();
    return cluster;
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  /** Starts the server, again after a stop; resolves when it takes connections. */
  async run(): Promise<void> {
    const settings = [
      ...['listen_addresses=', `unix_socket_directories=${this.folder}`, `port=${port}`],
      ...['max_connections=120', 'shared_buffers=16MB', 'autovacuum=off', 'max_wal_senders=0'],
      ...['wal_level=minimal', `fsync=${this.#fsync ? 'on' : 'off'}`],
    ];
    const words = ['-D', this.#data, ...settings.flatMap((setting) => ['-c', setting])];
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
    const server = spawn(join(this.#programs, 'postgres'), words, { ...this.#ids, cwd: this.folder, stdio });
    this.#server = server;
    // Ends with this process, unless that is killed.
    const end = () => server.kill('SIGQUIT');
    process.once('exit', end);
    server.once('exit', () => process.off('exit', end));
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: server.stderr! }).on('line', (line) => {
        if (said.length < 100) said.push(line);
        if (line.includes('ready to accept connections')) resolve();
      });
      server.once('exit', () => reject(new Error(`postgres ended: ${said.join('\n')}`)));
    });
  }

  /** `SIGQUIT` is PostgreSQL's immediate stop: it recovers at its next start. `SIGINT` ends every session. */
  async stop(signal: 'SIGQUIT' | 'SIGINT' = 'SIGQUIT'): Promise<void> {
    const server = this.#server!;
    this.#server = undefined;
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  }

  async remove(): Promise<void> {
    if (this.#server) await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Runs statements as the owner of the cluster; what they print. */
  psql(sql: string): string {
    const words = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.folder, '-p', `${port}`];
    return execFileSync(join(this.#programs, 'psql'), [...words, '-U', 'firmseal', '-d', 'postgres'], {
      input: sql,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trim();
  }

  /** An address for parsePostgresUrl. */
  url({ schema = 'public', user = 'firmseal', host = this.folder } = {}): string {
    return `postgresql://${user}@/postgres?host=${host}&port=${port}&schema=${schema}`;
  }

  /** An empty place for a store. */
  newSchema(): string {
    const schema = `test_${++this.#schemas}`;
    this.psql(`CREATE SCHEMA ${schema}`);
    return schema;
  }

  address(options: { schema?: string; user?: string; host?: string } = {}): PostgresAddress {
    return parsePostgresUrl(this.url(options), { allowPassword: false });
  }
}
