// Runs in the guest: an install by the command over USB, on an agent that is the device in port 1. Arguments:
// the folder that the owner's desk prepared on the host, with an authority that has an approved job for the
// chip; then the chip. The agent starts the application in the end and leaves the bus, which the guest's link
// does not tell: the kernel then holds whoever lets go of the device. So the command's report is waited for,
// not its end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { product } from '../../../apps/cli/test/chain-names.ts';
import { runCase } from './detach.ts';

const [folder, chip] = process.argv.slice(2);
const at = (name: string): string => join(folder!, name);
const main = 'apps/cli/src/main.ts';
const patient = ['--import', './lab/usb-vm/in-guest/slow-timers.ts'];
const patienceMs = 400_000;

function firmseal(before: readonly string[], ...words: string[]) {
  const child = spawn(process.execPath, [...before, main, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface({ input: child.stdout }) };
}

const server = firmseal([], 'authority', 'serve', at('authority'), '--listen', '127.0.0.1:0', '--json');
const [first] = (await once(server.lines, 'line')) as [string];
const { url } = JSON.parse(first) as { url: string };
const root = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];

async function install(): Promise<void> {
  const job = readFileSync(at(`${chip}.job`), 'utf8').trim();
  const given = ['--job', job, '--authority', url, '--token-file', at(`${chip}.token`), ...root];
  const words = [at(`${chip}.seal`), ...given, '--socket', 'usb:1-1', '--journal', at('journal'), '--json'];
  const { lines } = firmseal(patient, 'install', ...words);
  for await (const line of lines) {
    const { event, outcome, fresh } = JSON.parse(line) as Record<string, unknown>;
    if (event !== 'receipt') continue;
    assert.deepEqual([outcome, fresh], ['PASS', true]);
    return;
  }
  assert.fail('the command ended without a receipt');
}

await runCase('installed', install, patienceMs);
await runCase(
  'audited',
  async () => {
    const owner = ['--authority', url, '--token-file', at('authority/owner.token'), '--product', product];
    const { child } = firmseal(patient, 'audit', ...owner, ...root);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  },
  patienceMs,
);
server.child.kill();
process.exit(0);
