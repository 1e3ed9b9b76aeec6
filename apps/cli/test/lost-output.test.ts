// Standard output on a full disk while a chip is personalized and while it is installed: the work goes on to
// its end, the command says afterwards that its words were lost, and the same command works again.

import { openSync } from 'node:fs';
import { FileStream } from '@firmseal/files';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { Chain, type Order, type Plug, product } from './chain.ts';
import { memoryShell } from './run-here.ts';

const id = 'stm32f427';
const chain = new Chain();
let plug: Plug;
let order: Order;
beforeAll(async () => {
  await chain.begin();
  plug = await chain.plugIn(createBlankChip(id, 'lost output'));
  order = await chain.order(id);
});
afterAll(() => chain.end());

async function unheard(...words: string[]) {
  const environment = { FIRMSEAL_PASSPHRASE: 'words for this test and nothing else' };
  const { shell, err } = memoryShell(environment, { out: new FileStream(openSync('/dev/full', 'w')) });
  return { status: await runCommandLine(words, shell), stderr: err.text };
}

it('a chip that is personalized meanwhile has its identity', async () => {
  const lost = await unheard(
    ...['personalize', '--chip', id, '--product', product, '--root-key', chain.at('root.key.pub')],
    ...['--device-ca', chain.at('ca.key'), '--level', '2', '--confirm-permanent', '--never-tried-on-silicon'],
    ...['--via', plug.via, '--socket', plug.socket],
  );
  expect([lost.status, lost.stderr]).toEqual([16, expect.stringContaining('output-unwritable')]);
});

it.each([['lines'], ['JSON', '--json']])(
  'a chip that is installed meanwhile is proven: %s',
  async (_, ...more) => {
    const lost = await unheard('install', ...chain.lineWords(order, plug), ...more);
    expect([lost.status, lost.stderr]).toEqual([16, expect.stringContaining('output-unwritable')]);
    const shown = await chain.run('job', 'show', order.job, ...chain.owner);
    expect(shown.stdout).toContain('units taken 1,');
    expect(shown.stdout).toMatch(/unit 0: stm32f427 [0-9a-f]{64}, version 1\.0\.0, .* PASS/);
    expect((await chain.install(order, plug)).status).toBe(0);
  },
);
