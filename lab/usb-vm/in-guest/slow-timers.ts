// For `node --import` in the guest: each timer takes five times as long. The chips behind the guest's USB are
// simulated, at a fifth of their speed where the machine is busy; the patience of the
// commands is for real ones.

const factor = 5;
const { setTimeout: inTime } = globalThis;

globalThis.setTimeout = Object.assign(
  (action: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) =>
    inTime(action, factor * delayMs, ...given),
  inTime,
) as typeof inTime;
