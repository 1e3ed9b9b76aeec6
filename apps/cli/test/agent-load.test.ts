// `firmseal agent load`: a chip whose agents an application erased gets one again over its link.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveLink } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AnchorBench, measuredAgent, signedAgent } from '../../../device/agent/test/anchor-bench.ts';
import { runHere } from './run-here.ts';

const chipId = 'stm32g0b1';
const folder = mkdtempSync(join(tmpdir(), 'firmseal-agent-load-'));
let bench: AnchorBench;
let socket: string;
let close: () => Promise<void>;

beforeAll(async () => {
  bench = await AnchorBench.create(chipId);
  bench.put(['a'], ['b']);
  bench.start();
  const link = await serveLink(bench.chip, 0);
  socket = `tcp:127.0.0.1:${(link.address() as AddressInfo).port}`;
  close = () => new Promise((done) => link.close(() => done()));
});
afterAll(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

const load = (name: string, content: Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return runHere(['agent', 'load', path, '--socket', socket, '--json']);
};

it('refuses what is no agent of this chip, and loads the one that it was personalized with', async () => {
  const stranger = await signedAgent(chipId, 9, { product: 'kettle' });
  expect((await load('other.bin', stranger)).stderr).toContain('delegation-product-wrong');
  expect((await load('none.hex', new TextEncoder().encode(':00000001FF\n'))).stderr).not.toBe('');
  const done = await load('agent.bin', measuredAgent);
  expect([done.status, done.stderr]).toEqual([0, '']);
  expect(done.stdout).toContain('"event":"agent-loaded"');
  expect(bench.holds('a', measuredAgent)).toBe(true);
  expect(bench.state()).toBe(0xa0);
});
