// Every chip that has an agent through the commands: seal, personalize, install, audit. The chips start
// blank, and nothing but the commands touches them. What plays the agent is its WebAssembly build; the same
// on machine code is device/agent/test/machine-install.arm.test.ts.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { agentBuilds, chipIds, findChip, hexAddress, readoutLevel } from '@firmseal/chips';
import { createBlankChip } from '@firmseal/virtual-line';
import { serveLink, serveProbe, type VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleImage } from '../src/demo/example-image.ts';
import { jsonLines, type Outcome, runHere } from './run-here.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'firmseal-every-chip-'));
const at = (name: string): string => join(folder, name);
const environment = { FIRMSEAL_PASSPHRASE: 'words for this test and nothing else' };
const product = 'panel';

async function run(...words: string[]): Promise<Outcome> {
  const outcome = await runHere(words, environment);
  expect(outcome.status, `${words.slice(0, 2).join(' ')}: ${outcome.stderr}`).toBe(0);
  return outcome;
}

const newKey = (role: string, name: string) => run('keys', 'new', '--role', role, '--out', at(name));
const delegate = (role: string, key: string, out: string) =>
  run(
    ...['keys', 'delegate', '--root', at('root.key'), '--role', role, '--key', at(key)],
    ...['--product', product, '--out', at(out)],
  );

let server: ChildProcess;
let authority: string[];
beforeAll(async () => {
  await newKey('root', 'root.key');
  await newKey('package-signer', 'signer.key');
  await newKey('device-ca', 'ca.key');
  await run('authority', 'init', at('authority'));
  await delegate('package-signer', 'signer.key.pub', 'signer.delegation');
  await delegate('device-ca', 'ca.key.pub', 'ca.delegation');
  await delegate('license-issuer', 'authority/issuer.key.pub', 'issuer.delegation');
  await run(
    ...['authority', 'add-product', at('authority'), '--product', product, '--root-key', at('root.key.pub')],
    ...['--issuer-delegation', at('issuer.delegation'), '--device-ca-delegation', at('ca.delegation')],
  );
  server = spawn(
    process.execPath,
    [main, 'authority', 'serve', at('authority'), '--listen', '127.0.0.1:0', '--json'],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  authority = ['--authority', url, '--token-file', at('authority/owner.token')];
});

const servers: Server[] = [];
afterAll(async () => {
  for (const one of servers) one.close();
  server.kill();
  await once(server, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

/** A blank chip on two ports of this machine: its link and its debug port. */
async function plugIn(id: string): Promise<{ chip: VirtualChip; socket: string; probe: string }> {
  const chip = createBlankChip(id, `every chip/${id}`);
  const [link, probe] = [await serveLink(chip, 0), await serveProbe(chip, 0)];
  servers.push(link, probe);
  const portOf = (one: Server) => (one.address() as AddressInfo).port;
  return { chip, socket: `tcp:127.0.0.1:${portOf(link)}`, probe: `virtual:127.0.0.1:${portOf(probe)}` };
}

/** A small image for the chip as a raw binary; returns the words that seal it. */
function imageFor(id: string): string[] {
  const { address, bytes } = exampleImage(findChip(id)).segments[0]!;
  writeFileSync(at(`${id}.bin`), bytes.subarray(0, 6 * 1024));
  return [at(`${id}.bin`), '--address', hexAddress(address), '--chip', id];
}

const withAgent = chipIds().filter((id) => agentBuilds(findChip(id)).length > 0);

describe.each(withAgent)('%s', (id) => {
  it('is sealed for, personalized and installed, and the audit finds no contradiction', async () => {
    const { chip, socket, probe } = await plugIn(id);
    const sealed = at(`${id}.seal`);
    await run(
      ...['seal', ...imageFor(id), '--product', product, '--firmware-version', '1.0.0', '--counter', '1'],
      ...['--root-key', at('root.key.pub'), '--signer', at('signer.key')],
      ...['--delegation', at('signer.delegation'), '--authority-key', at('authority/kem.key.pub')],
      ...['--out', sealed],
    );
    const job = ['--package', sealed, '--content-key', `${sealed}.key`, '--quota', '1'];
    await run('job', 'open', ...authority, ...job, '--id-file', at(`${id}.job`));
    const jobId = readFileSync(at(`${id}.job`), 'utf8').trim();
    await run('job', 'approve', jobId, ...authority);

    await run(
      ...['personalize', '--chip', id, '--product', product, '--root-key', at('root.key.pub')],
      ...['--device-ca', at('ca.key'), '--level', '2', '--confirm-permanent'],
      ...['--probe', probe, '--socket', socket],
    );
    expect(readoutLevel(findChip(id), chip.judge.optionsLoaded)).toBe(2);

    const token = ['--out', at(`${id}.token`)];
    await run('job', 'token', jobId, ...authority, ...token);
    const installed = await run(
      ...['install', sealed, '--job', jobId, authority[0]!, authority[1]!, '--token-file', token[1]!],
      ...['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')],
      ...['--socket', socket, '--journal', at(`${id}.jsonl`), '--json'],
    );
    expect(jsonLines(installed)).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
    // The jig lets go of the pin that asks for the agent, and power comes back.
    chip.setPin('agent-request', false);
    chip.powerOff();
    chip.powerOn();
    expect(chip.bootedApplication).toBeDefined();

    await run(
      ...['audit', ...authority, '--product', product, '--root-key', at('root.key.pub')],
      ...['--device-ca-delegation', at('ca.delegation')],
    );
  });
});

it('a chip without an agent is refused by seal, personalize and demo, by its name', async () => {
  for (const words of [
    ['seal', at('any.bin'), '--product', product, '--firmware-version', '1', '--counter', '1'].concat(
      ...[['--root-key', at('root.key.pub'), '--signer', at('signer.key')]],
      ...[['--delegation', at('signer.delegation'), '--authority-key', at('authority/kem.key.pub')]],
      ...[['--out', at('any.seal')]],
    ),
    [
      'personalize',
      '--product',
      product,
      '--root-key',
      at('root.key.pub'),
      '--device-ca',
      at('ca.key'),
    ].concat(['--level', '0', '--probe', 'virtual:127.0.0.1:9', '--socket', 'tcp:127.0.0.1:9']),
    ['demo'],
  ]) {
    const { status, stderr } = await runHere([...words, '--chip', 'stm32h563'], environment);
    expect(status, words[0]).toBe(3);
    expect(stderr).toContain('no agent for stm32h563');
  }
});
