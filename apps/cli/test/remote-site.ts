// Remote sockets for tests: certificates, tokens, `firmseal relay serve` and `firmseal station serve` as
// processes of their own, and somebody on the wire between them who has a certificate and keeps all he reads.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, createServer, type Server } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { makeTlsIssuer } from '@firmseal/authority/testing';
import { runCommandLine } from '../src/program.ts';
import { jsonLines, memoryShell, runHere } from './run-here.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

type Event = Record<string, unknown>;

/** A command that serves, as a process; its events as they come. */
export class ServingProcess {
  readonly child: ChildProcess;
  readonly events: Event[] = [];
  #waiters: { is: (event: Event) => boolean; tell: (event: Event) => void }[] = [];
  readonly #ended: Promise<unknown>;
  stderr = '';

  constructor(words: readonly string[], environment: Record<string, string>) {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const env = { ...process.env, ...environment };
    this.child = spawn(process.execPath, [main, ...words, '--json'], { env, stdio });
    this.#ended = once(this.child, 'exit');
    this.child.stderr!.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString();
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as Event;
      this.events.push(event);
      const told = this.#waiters.filter(({ is }) => is(event));
      this.#waiters = this.#waiters.filter((one) => !told.includes(one));
      for (const { tell } of told) tell(event);
    });
  }

  /** The next event of that name, from now on; throws when the process ends before. */
  async next(name: string): Promise<Event> {
    const told = new Promise<Event>((tell) => {
      this.#waiters.push({ is: ({ event }) => event === name, tell });
    });
    const ended = this.#ended.then(() => {
      throw new Error(`ended before ${name}: ${this.stderr}`);
    });
    return Promise.race([told, ended]);
  }

  /** The exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }

  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await this.#ended;
  }
}

export interface StationGiven {
  readonly name?: string;
  readonly port?: number;
  /** Whose token it has. */
  readonly token?: string;
}

/** A command that serves in this process: cheaper, where nothing is killed. `more`: behind the words. */
export function serveHere(
  words: readonly string[],
  environment: Record<string, string>,
  more: readonly string[] = ['--json'],
) {
  const { shell, out, err } = memoryShell(environment);
  const ended = runCommandLine([...words, ...more], shell);
  const lines = () => jsonLines({ stdout: out.text.slice(0, out.text.lastIndexOf('\n') + 1) });
  return {
    ended,
    stdout: () => out.text,
    stderr: () => err.text,
    /** What the pattern finds in the lines for people, once it is there. */
    said: async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const found = pattern.exec(out.text);
        if (found !== null) return found;
        await new Promise<void>((resolve) => {
          out.changed = resolve;
        });
      }
    },
    /** The first event of that name. */
    heard: async (name: string): Promise<Event> => {
      for (;;) {
        const found = lines().find(({ event }) => event === name);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          out.changed = resolve;
        });
      }
    },
    stop: async (): Promise<number> => {
      shell.stops.raise('SIGTERM');
      return ended;
    },
  };
}

export class RemoteHall {
  readonly folder = mkdtempSync(join(tmpdir(), 'firmseal-remote-'));
  readonly #processes: ServingProcess[] = [];
  readonly #servers: Server[] = [];
  relayPort = 0;

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Where commands find the CA, and a certificate of their own. */
  get environment(): Record<string, string> {
    return { FIRMSEAL_TLS_CA: this.at('ca.pem') };
  }

  async begin(): Promise<void> {
    const [issuer, stranger] = [await makeTlsIssuer(), await makeTlsIssuer()];
    writeFileSync(this.at('ca.pem'), issuer.certificate);
    writeFileSync(this.at('stranger.pem'), stranger.certificate);
    for (const name of ['localhost', 'client']) {
      const { cert, key } = await issuer.issue(name);
      writeFileSync(this.at(`${name}.pem`), cert);
      writeFileSync(this.at(`${name}.key`), key, { mode: 0o600 });
    }
    for (const name of ['hall', 'yard'])
      await runHere([
        'station',
        'token',
        name,
        '--out',
        this.at(`${name}.token`),
        '--relay-file',
        this.at('relay.json'),
      ]);
    await runHere(['station', 'token', 'hall', '--out', this.at('wrong.token')]);
  }

  relayWords(...more: string[]): string[] {
    return [
      ...['relay', 'serve', '--listen', `localhost:${this.relayPort}`, '--stations', this.at('relay.json')],
      ...['--tls-cert', this.at('localhost.pem'), '--tls-key', this.at('localhost.key'), ...more],
    ];
  }

  /** `firmseal relay serve`; a second one takes the port of the first. */
  async relay(): Promise<ServingProcess> {
    const process = this.#start(this.relayWords());
    const { port } = await process.next('relaying');
    this.relayPort = port as number;
    return process;
  }

  /** `firmseal station serve`, which may wait for nobody yet. */
  station(places: readonly string[], given: StationGiven = {}): ServingProcess {
    return this.#start(this.stationWords(places, given));
  }

  stationWords(places: readonly string[], given: StationGiven = {}): string[] {
    const { name = 'hall', port = this.relayPort, token = name } = given;
    return [
      ...['station', 'serve', '--name', name, '--connect', `localhost:${port}`],
      ...['--token-file', this.at(`${token}.token`), ...places.flatMap((place) => ['--place', place])],
    ];
  }

  #start(words: readonly string[]): ServingProcess {
    const process = new ServingProcess(words, this.environment);
    this.#processes.push(process);
    return process;
  }

  /** A file for `--stations`; with a port, stations connect to the command itself. */
  stationsFile(name: string, where: object = { relay: `localhost:${this.relayPort}` }): string {
    const stations = { hall: 'hall.token', yard: 'yard.token' };
    writeFileSync(this.at(name), JSON.stringify({ format: 'firmseal-stations-1', ...where, stations }));
    return this.at(name);
  }

  /**
   * Somebody between station and relay who ends TLS at both: what he reads is kept. Gives his port.
   */
  async wiretap(kept: Buffer[]): Promise<number> {
    const read = (name: string) => readFileSync(this.at(name));
    const server = createServer({ cert: read('localhost.pem'), key: read('localhost.key') }, (near) => {
      const far = connect({
        host: 'localhost',
        port: this.relayPort,
        ca: read('ca.pem'),
        servername: 'localhost',
      });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('data', (bytes: Buffer) => void kept.push(bytes));
        from.pipe(to);
        from.on('error', () => undefined);
        from.on('close', () => {
          to.destroy();
        });
      }
    });
    this.#servers.push(server);
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return port;
  }

  async end(): Promise<void> {
    for (const process of this.#processes) await process.kill('SIGKILL');
    for (const server of this.#servers) server.close();
    rmSync(this.folder, { recursive: true });
  }
}
