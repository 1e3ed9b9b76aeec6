// Pulls a virtual device out of the guest's hub, as a hand pulls a cable.

import { readFileSync, writeFileSync } from 'node:fs';

const hub = '/sys/devices/platform/vhci_hcd.0';

/**
 * `1-3`: the device that was attached under that name. Columns of `status`: hub, port,
 * state, speed, device, socket, name.
 */
export function detach(busId: string): void {
  for (const line of readFileSync(`${hub}/status`, 'utf8').split('\n').slice(1)) {
    const [, port, , , , , name] = line.trim().split(/\s+/);
    if (name === busId && port !== undefined) writeFileSync(`${hub}/detach`, String(Number(port)));
  }
}

/** One line of the report that the test outside reads. */
function report(name: string, outcome: string): void {
  process.stdout.write(`@@${JSON.stringify({ name, outcome })}\n`);
}

/** Runs one case; its outcome is `passed`, or what it failed with. */
export async function runCase(name: string, run: () => Promise<void>, patienceMs = 60_000): Promise<void> {
  const late = new Promise<string>((resolve) =>
    setTimeout(() => resolve(`not done after ${patienceMs} ms`), patienceMs).unref(),
  );
  const outcome = run().then(
    () => 'passed',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  report(name, await Promise.race([outcome, late]));
}
