// How slow this machine is during a run, so that a budget in CPU seconds means the same on a busy or an older
// one: the same small piece of work is measured again and again while the suites run. A core that shares its
// caches, or its execution units, with another busy one needs more CPU time for the same work; the samples
// show by how much.

const sampleEveryMs = 5_000;
const steps = 2_000_000;

/**
 * CPU milliseconds that the work takes on the machine that the budget was written on (one of
 * two cores of a server, idle).
 */
const referenceMs = 4;

const table = new Uint32Array(1 << 18);

/** Reads and writes one MiB in a random order (xorshift32): arithmetic and caches both take part. */
function work(): number {
  let x = 0x9e3779b9;
  for (let step = 0; step < steps; step++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const at = x & (table.length - 1);
    table[at] = (table[at] ?? 0) + x;
  }
  return x;
}

function sampleMs(): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/**
 * Begins sampling; the function returned ends it and returns how many times slower than
 * the reference this machine was.
 */
export function watchSpeed(): () => number {
  // The first runs are those of the interpreter, before the work is compiled.
  for (let warmUp = 0; warmUp < 3; warmUp++) sampleMs();
  const samples = [sampleMs()];
  const timer = setInterval(() => samples.push(sampleMs()), sampleEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    samples.sort((a, b) => a - b);
    return samples[samples.length >> 1]! / referenceMs;
  };
}
