// Kills its own process when the armed point is reached: no handler runs, no buffer is flushed. Adapters of
// the child programs call it; products know nothing of it.

import { type Arm, armVariable } from './kill-point.ts';

export class TripWire {
  #arm: Arm | undefined;
  #passed = 0;

  /**
   * Armed by the environment, so that a process that is to be killed is started by the
   * same command as any other.
   */
  constructor(text = process.env[armVariable]) {
    const [, point, nth] = /^(.+)#(\d+)$/.exec(text ?? '') ?? [];
    if (point !== undefined) this.set({ point, nth: Number(nth) });
  }

  set(arm: Arm | undefined): void {
    this.#arm = arm;
    this.#passed = 0;
  }

  reach(point: string): void {
    if (this.#arm?.point !== point || ++this.#passed < this.#arm.nth) return;
    process.kill(process.pid, 'SIGKILL');
    for (;;); // the signal arrives before anything else runs
  }

  /** `action` with a point on each side. */
  async around<T>(point: string, action: () => Promise<T>): Promise<T> {
    this.reach(`${point}/before`);
    const result = await action();
    this.reach(`${point}/after`);
    return result;
  }
}
