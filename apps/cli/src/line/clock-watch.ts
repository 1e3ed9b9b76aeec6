// Whether the clock of the station went back: against what the journal holds, and while the line runs.
// Nothing depends on it but times that people read and dates of licenses, so it is an alarm and no end.

import { Fault } from '@firmseal/fault';

/** Below this it is no matter of days or time zones. */
const toleranceMs = 60_000;

export class ClockWatch {
  #latestMs: number;
  #alarm: Fault | undefined;
  readonly #tell: (fault: Fault, raised: boolean) => void;

  /** `latestMs`: the newest time that is known. */
  constructor(latestMs: number, tell: (fault: Fault, raised: boolean) => void) {
    this.#latestMs = latestMs;
    this.#tell = tell;
  }

  see(nowMs: number): void {
    const isBack = nowMs < this.#latestMs - toleranceMs;
    if (isBack && this.#alarm === undefined) {
      const [now, latest] = [nowMs, this.#latestMs].map((ms) => new Date(ms).toISOString());
      this.#alarm = new Fault('line-clock-back', { now: now!, latest: latest! });
      this.#tell(this.#alarm, true);
    }
    if (isBack) return;
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    if (this.#alarm === undefined) return;
    this.#tell(this.#alarm, false);
    this.#alarm = undefined;
  }
}
