// Says on standard error that a long step still runs, so that a person never waits
// ten seconds without a line.

const everyMs = 8_000;

/** Tells one line of set-up's. */
export const say = (text) => process.stderr.write(`set-up: ${text}\n`);

/**
 * Runs `work` and returns what it returns. While it runs, `doing` and the seconds so far are said again and
 * again; `detail()` adds how far it has come, where it can be known.
 */
export async function withProgress(doing, work, detail = () => '') {
  const startMs = Date.now();
  const timer = setInterval(() => {
    const more = detail();
    say(`${doing}: ${Math.round((Date.now() - startMs) / 1000)} s${more === '' ? '' : `, ${more}`}`);
  }, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
