// `firmseal personalize` killed with SIGKILL, and its chip unplugged, at every step: the same command then
// ends well. Cuts at every operation of the flash are in lab/ways.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { findChip, readoutLevel } from '@firmseal/chips';
import { createBlankChip } from '@firmseal/virtual-line';
import { serveLink, serveProbe, type VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { Chain, type Plug, product } from './chain.ts';
import { environment } from './chain-names.ts';
import { memoryShell } from './run-here.ts';

const id = 'stm32f427';
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const chain = new Chain();
beforeAll(() => chain.begin());
afterAll(() => chain.end());

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Bench {
  readonly chip: VirtualChip;
  readonly plug: Plug;
  /** Ends every connection to the chip, as a cable that is pulled. */
  readonly unplug: () => void;
}

let chips = 0;
async function bench(): Promise<Bench> {
  const chip = createBlankChip(id, `killed ${chips++}`);
  const open = new Set<Socket>();
  const [link, probe] = [await serveLink(chip, 0), await serveProbe(chip, 0)];
  for (const server of [link, probe]) {
    servers.push(server);
    server.on('connection', (socket) => void open.add(socket));
  }
  const at = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const unplug = () => {
    for (const socket of open) socket.destroy();
    open.clear();
  };
  return { chip, plug: { via: `virtual:${at(probe)}`, socket: `tcp:${at(link)}` }, unplug };
}

const words = ({ plug }: Bench): string[] => [
  ...['personalize', '--chip', id, '--product', product, '--root-key', chain.at('root.key.pub')],
  ...['--device-ca', chain.at('ca.key'), '--confirm-permanent', '--never-tried-on-silicon'],
  ...['--via', plug.via, '--socket', plug.socket, '--json'],
];

/** Calls `cut` when the command comes to the step; `flash`: in the middle of the writing of the agent. */
function atStep({ chip }: Bench, step: string, cut: () => void): (printed: string) => void {
  if (step === 'flash')
    chip.power.onOperation = ({ number }) => {
      if (number === 500) cut();
    };
  let done = false;
  return (printed) => {
    if (done || !printed.includes(`"step":"${step}"`)) return;
    done = true;
    cut();
  };
}

async function sameCommandEndsWell(one: Bench): Promise<void> {
  one.chip.power.onOperation = undefined;
  await chain.run(...words(one));
  expect(readoutLevel(findChip(id), one.chip.judge.optionsLoaded)).toBe(2);
}

const steps = ['flash', 'agent-written', 'identity-made', 'certified', 'protected'];

describe('a personalization is finished by the same command', () => {
  it.each(steps)('killed at %s', async (step) => {
    const one = await bench();
    const env = { ...process.env, ...environment };
    const child = spawn(process.execPath, [main, ...words(one)], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const look = atStep(one, step, () => child.kill('SIGKILL'));
    let printed = '';
    child.stdout.on('data', (bytes) => {
      printed += String(bytes);
      look(printed);
    });
    const [, signal] = await once(child, 'exit');
    // After the last step it may have ended by itself.
    if (step !== 'protected') expect(signal, printed).toBe('SIGKILL');
    await sameCommandEndsWell(one);
  });

  it.each(steps.filter((step) => step !== 'protected'))('unplugged at %s', async (step) => {
    const one = await bench();
    const { shell, out, err } = memoryShell(environment);
    let cut = false;
    const look = atStep(one, step, () => {
      cut = true;
      one.unplug();
    });
    const looking = setInterval(() => look(out.text), 1);
    const status = await runCommandLine(words(one), shell).finally(() => clearInterval(looking));
    expect(cut).toBe(true);
    if (status !== 0) expect(err.text).toMatch(/FS\d{4} [a-z-]+/);
    await sameCommandEndsWell(one);
  });
});
