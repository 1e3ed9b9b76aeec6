// A blank chip to a verified receipt, through each way to a chip, with the machine code that ships:
// personalize, install, receipt, audit, all by the commands. One chip over a serial line and one through
// OpenOCD here, their cryptography computed by the host; every chip by every way with its own cryptography, a
// place that nobody trusts, and a board in `npm run lab -- ways`. USB is in
// usb-vm-way.arm.test.ts: it needs a bus.

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { verifyIdentityRecord } from '@firmseal/certificate';
import { findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { openocdOnChip } from '@firmseal/openocd/testing';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import {
  createVirtualChip,
  machineCode,
  openPseudoTerminal,
  serveProbe,
  serveUart,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readPublicKey } from '../../apps/cli/src/public-key-file.ts';
import { Chain } from '../../apps/cli/test/chain.ts';
import { jsonLines } from '../../apps/cli/test/run-here.ts';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { lackingTool } from '../../tools/test-report/skip-tests.ts';
import { computeCryptoHere } from '../power/bench.ts';
import { askedChips } from './asked-chips.ts';

interface Plugged {
  readonly chip: VirtualChip;
  readonly via: string;
  readonly socket: string;
}

interface Way {
  /** A program that the way needs. */
  readonly tool?: string;
  readonly plug: (id: string) => Promise<Plugged>;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const tcpOf = (server: { address(): unknown }) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

async function uartOf(chip: VirtualChip): Promise<string> {
  const server = await serveUart(new UartDoor(chip), 0);
  closing.push(() => server.close());
  return `tcp:${tcpOf(server)}`;
}

let chips = 0;
/**
 * A chip of its own for each row: chips of one seed would make the same keys, and
 * be one device for the audit.
 */
const newSeed = (): string => `ways ${chips++}`;

const inBootloader = (id: string): VirtualChip =>
  startInBootloader(id, { seed: newSeed(), programs: [machineCode()] });

function poweredBlank(id: string): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: newSeed(), executors: [machineCode()] });
  chip.powerOn();
  return chip;
}

const ways: Readonly<Record<string, Way>> = {
  'serial line behind TCP': {
    async plug(id) {
      const chip = inBootloader(id);
      const via = await uartOf(chip);
      return { chip, via, socket: via };
    },
  },
  'serial port': {
    tool: 'python3',
    async plug(id) {
      const chip = inBootloader(id);
      const terminal = await openPseudoTerminal(new UartDoor(chip));
      closing.push(() => terminal.close());
      return { chip, via: `serial:${terminal.path}`, socket: `serial:${terminal.path}` };
    },
  },
  OpenOCD: {
    tool: 'openocd',
    async plug(id) {
      const chip = poweredBlank(id);
      const openocd = await openocdOnChip(chip);
      closing.push(() => openocd.close());
      return { chip, via: `openocd:127.0.0.1:${openocd.port}`, socket: await uartOf(chip) };
    },
  },
  'debug port': {
    async plug(id) {
      const chip = poweredBlank(id);
      const server = await serveProbe(chip, 0);
      closing.push(() => server.close());
      return { chip, via: `virtual:${tcpOf(server)}`, socket: await uartOf(chip) };
    },
  },
};

const asked = askedChips();
const isWhole = asked.length > 0;
const rows: readonly (readonly [string, string])[] = isWhole
  ? asked.flatMap((id) => Object.keys(ways).map((way) => [id, way] as const))
  : [
      ['stm32l476', 'OpenOCD'],
      ['stm32f405', 'serial line behind TCP'],
    ];

const chain = new Chain();
beforeAll(async () => {
  buildShipping(isWhole ? {} : { only: rows.map(([id]) => id) });
  await chain.begin();
});
afterAll(() => chain.end());

describe.each(rows)('%s by the way %s', (id, name) => {
  it('is personalized to level 2, recorded, installed, and gives its receipt', async (context) => {
    const way = ways[name]!;
    const lack = way.tool === undefined ? undefined : lackingTool([way.tool]);
    if (lack !== undefined) return context.skip(lack);
    const { chip, via, socket } = await way.plug(id);
    if (!isWhole) computeCryptoHere(chip, buildAgent(targetOf(id)));
    const unit = `${id} ${name}`;
    const order = await chain.order(id, unit);
    const records = chain.at(`${unit}.records`);
    await chain.personalize(id, { via, socket }, '--agent-build', 'machine-code', '--records', records);
    expect(readoutLevel(findChip(id), chip.judge.optionsLoaded)).toBe(2);

    const line = JSON.parse(readFileSync(records, 'utf8')) as { record: string; thumbprint: string };
    const bytes = new Uint8Array(Buffer.from(line.record, 'base64'));
    const ca = readPublicKey(chain.at('ca.key.pub'));
    const { hello, device } = verifyIdentityRecord(nodeCrypto, bytes, ca);
    expect(hello.readoutLevel).toBe(2);
    expect(Buffer.from(device.thumbprint).toString('hex')).toBe(line.thumbprint);

    const installed = jsonLines(await chain.install(order, { socket }));
    expect(installed).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
    await chain.audit();
  });
});

const unwitnessedRows: readonly (readonly [string, string])[] = [
  ['stm32f427', 'serial line behind TCP'],
  ['stm32u575', 'OpenOCD'],
];

describe.each(isWhole ? unwitnessedRows : [])(
  '%s by the way %s, in a place that nobody trusts',
  (id, name) => {
    it('sets level 2, then makes its identity, and its receipt says UNWITNESSED', async (context) => {
      const way = ways[name]!;
      const lack = way.tool === undefined ? undefined : lackingTool([way.tool]);
      if (lack !== undefined) return context.skip(lack);
      const { chip, via, socket } = await way.plug(id);
      const sealed = chain.at(`unwitnessed ${id}.seal`);
      await chain.run(...chain.sealWords(id, sealed));
      const order = await chain.openJob(sealed, `unwitnessed ${id}`, '--accept', 'UNWITNESSED');
      const cap = ['--unwitnessed', '--unwitnessed-cap', '2'];
      await chain.personalize(id, { via, socket }, '--agent-build', 'machine-code', ...cap);
      expect(readoutLevel(findChip(id), chip.judge.optionsLoaded)).toBe(2);
      const installed = await chain.try('install', ...chain.lineWords(order, { socket }), '--json');
      expect(installed.status).toBe(23);
      expect(jsonLines(installed)).toContainEqual(expect.objectContaining({ outcome: 'unwitnessed' }));
      await chain.audit();
    });
  },
);

it.each(isWhole ? [['stm32g0b1', 'nucleo-g0b1re'] as const] : [])(
  '%s on its board %s: the ROM and then the agent answer on the COM port, and on no other pins',
  async (id, board) => {
    const { chip, via, socket } = await ways['serial line behind TCP']!.plug(id);
    chip.wire = { toChip: 'PA3', fromChip: 'PA2' };
    const order = await chain.order(id, 'on its board');
    const words = ['--agent-build', 'machine-code', '--board', board];
    await chain.personalize(id, { via, socket }, ...words);
    const installed = jsonLines(await chain.install(order, { socket }));
    expect(installed).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
    await chain.audit();
  },
);
