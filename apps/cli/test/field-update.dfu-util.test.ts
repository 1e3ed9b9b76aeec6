// An update that its owner prepares in advance, from command to command: a job of standing licenses, the
// license of one chip as a file, a package that carries it, and Debian's dfu-util that brings it to the chip.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createBlankChip } from '@firmseal/virtual-line';
import { ChipUsbPort, serveUsbip, type VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildDfuShim, dfuShimEnvironment } from '../../../lab/dfu-shim/build.ts';
import { Chain, type Order, type Plug } from './chain.ts';
import { jsonLines } from './run-here.ts';

const chipId = 'stm32f427';
const chain = new Chain();
const chip = createBlankChip(chipId, 'field update');
let plug: Plug;
let order: Order;
beforeAll(async () => {
  await chain.begin();
  plug = await chain.plugIn(chip);
  await chain.personalize(chipId, plug);
  await chain.run(...chain.sealWords(chipId, chain.at('app.seal')));
  order = await chain.openJob(chain.at('app.seal'), 'standing', '--mode', 'standing');
});
afterAll(() => chain.end());

/** `dfu-util -D FILE`, unmodified; its libusb speaks USB/IP to this process. */
async function dfuUtil(of: VirtualChip, file: string): Promise<{ status: unknown; printed: string }> {
  const usb = new ChipUsbPort(of);
  const port = {
    busId: '1-1',
    get device() {
      return usb.device;
    },
  };
  const server = await serveUsbip([port], { port: 0 });
  const shim = buildDfuShim(chain.at('.'));
  const environment = dfuShimEnvironment(shim, (server.address() as AddressInfo).port);
  const options = { env: { ...process.env, ...environment }, timeout: 60_000 };
  try {
    return await new Promise((resolve) => {
      execFile('dfu-util', ['-D', file], options, (error, out, err) =>
        resolve({ status: error === null ? 0 : (error.code ?? error.signal), printed: out + err }),
      );
    });
  } finally {
    usb.close();
    server.close();
  }
}

const license = (of: Order, out: string) =>
  chain.try('license', ...chain.lineWords(of, plug), '--out', chain.at(out), '--json');

it('a job of session licenses gives no file, and no unit is taken for the question', async () => {
  const session = await chain.openJob(chain.at('app.seal'), 'session');
  const { status, stderr } = await license(session, 'none');
  expect([status, stderr]).toEqual([11, expect.stringContaining('FS0894')]);
  expect((await chain.run('job', 'show', session.job, ...chain.owner)).stdout).toContain('units taken 0');
});

it('the file that the commands make is taken by its chip through dfu-util, and proven afterwards', async () => {
  const [taken] = jsonLines(await license(order, 'licenses'));
  expect(taken).toMatchObject({ event: 'license', newUnit: true, unitIndex: 0 });
  const [again] = jsonLines(await license(order, 'licenses'));
  expect(again).toMatchObject({ newUnit: false, file: taken!['file'] });
  const [app, out] = [chain.at('for-chip.seal'), chain.at('receipts')];
  await chain.run('attach-license', order.sealed, '--license', String(taken!['file']), '--out', app);
  // In the field nobody holds the pin of the jig.
  chip.setPin('agent-request', false);
  const { status, printed } = await dfuUtil(chip, app);
  expect([status, printed]).toEqual([0, expect.stringContaining('Done!')]);
  expect(chip.bootedApplication).toBeDefined();

  // DFU gives no receipt: the station asks for it, and spends nothing.
  chip.setPin('agent-request', true);
  chip.reset();
  const proven = await chain.install(order, plug, '--receipts', out);
  expect(jsonLines(proven)).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
  expect(jsonLines(proven).map(({ to }) => to)).not.toContain('records');
  const shown = await chain.run('job', 'show', order.job, ...chain.owner);
  expect(shown.stdout).toContain('standing licenses');
  expect(shown.stdout).toMatch(/units taken 1,.*, installed 1,/);
  expect(shown.stdout).toContain('Z, PASS, readout level 2, identity witnessed, receipt ');
  const receipt = join(out, readdirSync(out)[0]!);
  await chain.run('verify', 'receipt', receipt, '--root-key', chain.at('root.key.pub'));
  await chain.audit();
});
