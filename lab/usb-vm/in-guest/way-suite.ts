// Runs in the guest: blank chips to receipts by the commands of an operator with USB cables. The chips'
// bootloaders are USB devices in ports 1, 3, 5, ...; the ports beside them lead to their UARTs, on which the
// agents listen. Arguments: the folder that the owner's desk prepared on the host, with an authority that has
// an approved job for each chip; then the chips.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { product } from '../../../apps/cli/test/chain-names.ts';
import { runCase } from './detach.ts';

const [folder, ...chips] = process.argv.slice(2);
const at = (name: string): string => join(folder!, name);
const main = 'apps/cli/src/main.ts';
const patient = ['--import', './lab/usb-vm/in-guest/slow-timers.ts'];
const patienceMs = 500_000;

const server = spawn(
  process.execPath,
  [main, 'authority', 'serve', at('authority'), '--listen', '127.0.0.1:0', '--json'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
const { url } = JSON.parse(line) as { url: string };

const firmseal = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [...patient, main, ...words])).stdout;
const root = ['--root-key', at('root.key.pub')];

for (const [index, id] of chips.entries()) {
  const socket = `serial:/dev/ttyACM${index}`;
  const personalizing = [
    ...['personalize', '--chip', id, '--product', product, ...root, '--device-ca', at('ca.key')],
    ...['--via', `usb:1-${2 * index + 1}`, '--socket', socket, '--agent-build', 'machine-code'],
    ...['--confirm-permanent', '--never-tried-on-silicon'],
  ];
  const installing = [
    ...['install', at(`${id}.seal`), '--job', readFileSync(at(`${id}.job`), 'utf8').trim()],
    ...['--authority', url, '--token-file', at(`${id}.token`), ...root],
    ...['--device-ca-delegation', at('ca.delegation'), '--socket', socket, '--json'],
  ];
  const step = (name: string, run: () => Promise<void>) => runCase(`${id} ${name}`, run, patienceMs);
  await step('personalized', async () => {
    assert.match(await firmseal(...(personalizing as string[])), /final protection in force/);
  });
  await step('installed', async () => assert.match(await firmseal(...installing), /"outcome":"pass"/));
}
await runCase(
  'audited',
  async () => {
    const token = ['--authority', url, '--token-file', at('authority/owner.token'), '--product', product];
    await firmseal('audit', ...token, ...root, '--device-ca-delegation', at('ca.delegation'));
  },
  patienceMs,
);
server.kill();
process.exit(0);
