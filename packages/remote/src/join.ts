// How a connection is joined: who made it says its role, name and token; who took it, a relay or a line that
// listens, answers when the other end is there. spec/remote.md section 3.

import { Fault } from '@firmseal/fault';
import { type ByteStream, type Clock, sleep } from '@firmseal/link';
import { Connection } from './connection.ts';
import { type Join, joinPayload, readFault, stationVersion } from './messages.ts';

export type Joining = Omit<Join, 'version'>;

export interface JoinOptions {
  readonly dial: () => Promise<ByteStream>;
  readonly joining: Joining;
  readonly clock: Clock;
}

const longestPauseMs = 5000;

/** A line's connection through a relay. Throws `station-away` where the station does not come in time. */
export async function joinAsLine(
  { dial, joining, clock }: JoinOptions,
  withinMs: number,
): Promise<Connection> {
  const { station } = joining;
  const connection = new Connection(await dial(), clock);
  return new Promise((resolve, reject) => {
    const cancel = clock.after(withinMs, () =>
      connection.close(new Fault('station-away', { station, seconds: Math.round(withinMs / 1000) })),
    );
    connection.listen({
      frame: ({ type, payload }) => {
        if (type === 'refused') throw readFault(payload);
        if (type === 'waiting') return;
        if (type !== 'joined')
          throw new Fault('station-frame-malformed', { problem: `${type} before joined` });
        cancel();
        resolve(connection);
      },
      closed: (cause) => {
        cancel();
        reject(cause);
      },
    });
    connection.send('join', joinPayload({ version: stationVersion, ...joining }));
  });
}

export interface StationRun extends JoinOptions {
  /** Takes each connection that a line was joined to, at once. */
  readonly take: (connection: Connection) => void;
  /** Whether line or relay can be reached; each change once. */
  readonly onReach?: (reached: boolean, fault?: Fault) => void;
  readonly signal: AbortSignal;
}

/** Faults after which trying again is of no use. */
const isFinal = (error: unknown): error is Fault =>
  error instanceof Fault &&
  ['station-token-wrong', 'station-replaced', 'station-version-wrong', 'tls-files-invalid'].includes(
    error.code,
  );

/**
 * Keeps one connection waiting for a line, for ever: when a line takes it the next one is made, and when that
 * fails it is tried again. Resolves when it is stopped. Throws `station-token-wrong`, `station-replaced`,
 * `station-version-wrong`, after which somebody has to do something.
 */
export async function runStation(run: StationRun): Promise<void> {
  const { clock, signal, onReach } = run;
  let reached: boolean | undefined;
  const tell = (now: boolean, fault?: Fault) => {
    if (reached !== now) onReach?.(now, fault);
    reached = now;
  };
  let pauseMs = 250;
  while (!signal.aborted) {
    try {
      await waitForLine(run, () => {
        pauseMs = 250;
        tell(true);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error) || !(error instanceof Fault)) throw error;
      tell(false, error);
      await pause(clock, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }
}

/** Resolves when a line was joined; throws what ended the connection before. */
async function waitForLine({ dial, joining, clock, take, signal }: StationRun, onWaiting: () => void) {
  const connection = new Connection(await dial(), clock);
  await new Promise<void>((resolve, reject) => {
    const stop = () => connection.close();
    signal.addEventListener('abort', stop);
    const finish = () => signal.removeEventListener('abort', stop);
    connection.listen({
      frame: ({ type, payload }) => {
        if (type === 'refused') throw readFault(payload);
        if (type === 'waiting') {
          onWaiting();
          return;
        }
        if (type !== 'joined')
          throw new Fault('station-frame-malformed', { problem: `${type} before joined` });
        finish();
        take(connection);
        resolve();
      },
      closed: (cause) => {
        finish();
        reject(cause);
      },
    });
    connection.send('join', joinPayload({ version: stationVersion, ...joining }));
    if (signal.aborted) stop();
  });
}

async function pause(clock: Clock, timeMs: number, signal: AbortSignal): Promise<void> {
  await Promise.race([
    sleep(clock, timeMs),
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  ]);
}
