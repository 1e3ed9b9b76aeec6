// Two times. The wall clock is what people read: it stamps rows and log entries, and certificates
// and tokens are held against it. The tick is what short lives are measured by: it follows the wall
// clock forward and never goes back, not over a restart either, so that an old challenge stays old
// when somebody sets the clock back.

export interface AuthorityClock {
  /** Milliseconds since 1970, as the system says. */
  nowMs(): number;
  /** Never less than before. */
  tickMs(): number;
}

export interface ClockSources {
  readonly nowMs?: () => number;
  /** Milliseconds since any fixed moment; unlike the wall clock nobody sets it. */
  readonly elapsedMs?: () => number;
}

/** `keptMs`: the highest tick that the store kept. */
export function createClock(
  keptMs: number,
  { nowMs = Date.now, elapsedMs = () => performance.now() }: ClockSources = {},
): AuthorityClock {
  let [tick, atMs] = [keptMs, elapsedMs()];
  return {
    nowMs,
    tickMs: () => {
      const elapsed = elapsedMs();
      tick = Math.max(nowMs(), tick + Math.floor(elapsed - atMs));
      atMs = elapsed;
      return tick;
    },
  };
}
