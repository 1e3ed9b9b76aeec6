// `npm run lab -- updater`: an update page in Chromium with its own WebUSB (web-usb.ts), then with its own
// Web Serial, no stand-in: the virtual chip's UART is a pseudo-terminal, bound over a port that Chromium
// lists, in a mount namespace of this process. Then the same update by `firmseal update` on the same
// terminal, and the ratio of their times, at the pace of the wire and of the flash. Prints the size of the
// element, too. `--part usb` or `--part serial` runs one of the two; serial needs root, Chromium,
// /dev/ttyS0 and Python. Exit code 1 when anything was not as it must be.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { LineChip } from '@firmseal/virtual-line';
import { openPseudoTerminal, RealTimePacer, UartDoor } from '@firmseal/virtual-stm32';
import { jsonLines, runHere } from '../../apps/cli/test/run-here.ts';
import { button, launchBrowser, shown } from '../../apps/updater/test/browser.ts';
import { Site } from '../../apps/updater/test/site.ts';
import { serveFolder } from '../../apps/updater/test/static-host.ts';
import { oneOf, readCommandLine } from '../../tools/command-line.ts';
import { buildElement } from '../../tools/pack/build-element.ts';
import { largePackage } from './large-package.ts';
import { updateByWebUsb } from './web-usb.ts';

const listedPort = '/dev/ttyS0';
const policies = '/etc/chromium';
const chipId = 'stm32f427';
const firmwareBytes = 64 * 1024;
const mostRatio = 1.1;
const rounds = 2;
/** The agent's rate without board settings; the chip's flash takes its time too. */
const lineBaud = 115_200;

/**
 * In a mount namespace of its own, so that nothing outside sees the terminal or the policy. `withUsb`: the
 * part before it was as it must be.
 */
function enterNamespace(withUsb: boolean): void {
  if (process.env['FIRMSEAL_LAB_NAMESPACE'] === 'own') return;
  const again = [process.execPath, fileURLToPath(import.meta.url), '--part', 'serial'];
  const words = ['--mount', '--propagation', 'private', ...again];
  const env = { ...process.env, FIRMSEAL_LAB_NAMESPACE: 'own' };
  const { status } = spawnSync('unshare', words, { env, stdio: 'inherit' });
  process.exit(withUsb ? (status ?? 1) : 1);
}

/** Chromium gives a page every port without asking, as an administrator may have it. */
function allowPorts(origin: string): void {
  execFileSync('mount', ['-t', 'tmpfs', 'none', policies]);
  mkdirSync(`${policies}/policies/managed`, { recursive: true });
  const policy = { SerialAllowAllPortsForUrls: [origin] };
  writeFileSync(`${policies}/policies/managed/updater.json`, JSON.stringify(policy));
}

/** Milliseconds that the engine took in the page, from its own result event. */
async function byPage(url: string): Promise<number> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await button(page, 'start').waitFor();
    await page.evaluate(() => {
      const global = globalThis as unknown as {
        document: { querySelector(name: string): EventTarget };
        totalMs?: number;
      };
      global.document.querySelector('firmseal-update').addEventListener('firmseal-progress', (event) => {
        const { detail } = event as unknown as { detail: { kind: string; times?: { totalMs: number } } };
        if (detail.kind === 'result') global.totalMs = detail.times!.totalMs;
      });
    });
    await button(page, 'start').click();
    const text = await shown(page, 'receipt', 'fault');
    if (!text.includes('The device now has version')) throw new Error(text);
    return await page.evaluate(() => (globalThis as unknown as { totalMs: number }).totalMs);
  } finally {
    await browser.close();
  }
}

async function byCommand(folder: string, port: string): Promise<number> {
  const outcome = await runHere(['update', `${folder}/update.json`, '--socket', `serial:${port}`, '--json']);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  const result = jsonLines(outcome).find(({ event }) => event === 'result') as { times: { totalMs: number } };
  return result.times.totalMs;
}

function holdButton({ chip }: LineChip): void {
  chip.setPin('agent-request', true);
  chip.reset();
}

async function measure(): Promise<boolean> {
  const { path } = await buildElement();
  const sizeKib = gzipSync(readFileSync(path), { level: 9 }).length / 1024;
  console.log(`element: ${sizeKib.toFixed(1)} KiB gzipped, 120 are the end`);
  const site = new Site();
  await site.begin();
  const device = await site.device(chipId);
  const pacer = new RealTimePacer(device.chip.clock.nowUs);
  const door = new UartDoor(device.chip, { pacer, lineBaud });
  const terminal = await openPseudoTerminal(door);
  execFileSync('mount', ['--bind', terminal.path, listedPort]);
  const times: { page: number[]; command: number[] } = { page: [], command: [] };
  for (let round = 1; round <= rounds; round++)
    for (const way of ['page', 'command'] as const) {
      const version = `${round}.${way === 'page' ? 0 : 1}.0`;
      const securityCounter = 5 + 2 * round + (way === 'page' ? 0 : 1);
      const sealed = await largePackage(site, {
        ...{ chipId, firmwareVersion: version, securityCounter, firmwareBytes },
      });
      const folder = await site.build(`${way}-${round}`, { sealed, devices: [device] });
      holdButton(device);
      const host = await serveFolder(folder);
      if (way === 'page') allowPorts(new URL(host.url).origin);
      const milliseconds = way === 'page' ? await byPage(host.url) : await byCommand(folder, terminal.path);
      host.close();
      times[way].push(milliseconds);
      console.log(`${way}: version ${version} in ${milliseconds.toFixed(0)} ms`);
    }
  await terminal.close();
  site.end();
  const best = (all: readonly number[]) => Math.min(...all);
  const ratio = best(times.page) / best(times.command);
  console.log(`page to command, the best of ${rounds} each: ${ratio.toFixed(2)}, ${mostRatio} is the end`);
  return ratio <= mostRatio && sizeKib < 120;
}

const part = readCommandLine('npm run lab -- updater [--part usb|serial]', (words) => {
  const { values } = parseArgs({ args: [...words], options: { part: { type: 'string' } } });
  return values.part === undefined ? undefined : oneOf(values.part, 'part', ['usb', 'serial']);
});
const usbIsGood = part === 'serial' || (await updateByWebUsb());
if (part === 'usb') process.exit(usbIsGood ? 0 : 1);
enterNamespace(usbIsGood);
const lacking = [listedPort, policies, '/usr/bin/chromium'].filter((one) => !existsSync(one));
if (process.getuid?.() !== 0 || lacking.length > 0) {
  console.error(`This needs root${lacking.map((one) => ` and ${one}`).join('')}.`);
  process.exit(1);
}
process.exit((await measure()) ? 0 : 1);
