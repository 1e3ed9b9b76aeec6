// A store that dies at a chosen durable write: just before it reaches the database, or just after it
// is on the disk and before the service hears of it. `crash` is what dying means: a campaign passes
// one that kills the process with SIGKILL, a test in one process one that throws. After it, nothing
// of this store answers any more.

import { durableWrites, type Store } from '../src/index.ts';

export interface CrashPoint {
  /** Which durable write of the store's life, from 0. */
  readonly write: number;
  readonly phase: 'before' | 'after';
}

export interface CrashStore {
  readonly store: Store;
  /** Durable writes seen so far, by name: a run without a crash lists the points of a campaign. */
  readonly writes: (typeof durableWrites)[number][];
  /** True once the crash has happened; a campaign must assert it. */
  readonly fired: boolean;
}

/** For a child process: no handler runs, no buffer is flushed. */
export function killProcess(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // the signal arrives before anything else runs
}

export function crashStore(inner: Store, point: CrashPoint | undefined, crash: () => never): CrashStore {
  const writes: (typeof durableWrites)[number][] = [];
  let fired = false;
  const dead = () => {
    if (fired) throw new Error('the process is dead');
  };
  const die = (phase: CrashPoint['phase'], index: number) => {
    if (point?.write !== index || point.phase !== phase) return;
    fired = true;
    crash();
  };
  const isWrite = (name: unknown): name is (typeof durableWrites)[number] =>
    durableWrites.some((write) => write === name);
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...inputs: unknown[]) => {
        dead();
        if (!isWrite(name)) return member.apply(target, inputs);
        const index = writes.push(name) - 1;
        die('before', index);
        const result = await member.apply(target, inputs);
        die('after', index);
        return result;
      };
    },
  });
  return {
    store,
    writes,
    get fired() {
      return fired;
    },
  };
}
