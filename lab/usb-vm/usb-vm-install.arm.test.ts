// `firmseal install` over USB in the USB test machine, on the machine code of F427 and H743: npm's usb on a
// Linux kernel, the frames of the agent's second setting, a receipt that verifies and an audit. The chip is
// personalized outside, by the command, for a board with USB.

import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  ChipUsbPort,
  createVirtualChip,
  machineCode,
  serveProbe,
  serveUart,
  UartDoor,
} from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { Chain } from '../../apps/cli/test/chain.ts';
import { environment } from '../../apps/cli/test/chain-names.ts';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { computeCryptoHere } from '../power/bench.ts';
import { guest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';

skipTests(onlyInWhole);

const root = fileURLToPath(new URL('../../', import.meta.url));
const boardData = (name: string) =>
  JSON.parse(readFileSync(`${root}packages/boards/data/${name}.json`, 'utf8'));
const crystal = { kind: 'crystal', frequencyHz: 8_000_000 };
/** USB on the F4 needs a crystal; ST's board takes the clock of its ST-LINK. */
const boards = {
  stm32f427: { ...boardData('nucleo-f429zi'), oscillator: crystal },
  stm32h743: boardData('nucleo-h743zi'),
} as const;

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

test.each(['stm32f427', 'stm32h743'] as const)(
  'firmseal installs on %s over USB',
  async (id) => {
    buildShipping({ only: [id] });
    const chain = new Chain();
    const chip = createVirtualChip({ chip: id, seed: `usb install ${id}`, executors: [machineCode()] });
    chip.powerOn();
    computeCryptoHere(chip, buildAgent(targetOf(id)));
    const [probe, uart] = [await serveProbe(chip, 0), await serveUart(new UartDoor(chip), 0)];
    const usb = new ChipUsbPort(chip);
    try {
      await chain.begin();
      await chain.order(id);
      const plug = { via: `virtual:127.0.0.1:${portOf(probe)}`, socket: `tcp:127.0.0.1:${portOf(uart)}` };
      writeFileSync(chain.at('board.json'), JSON.stringify(boards[id]));
      const words = ['--agent-build', 'machine-code', '--board', chain.at('board.json')];
      await chain.personalize(id, plug, ...words);
      await chain.halt();
      const plugged = {
        busId: '1-1',
        get device() {
          return usb.device;
        },
      };
      const suite = [process.execPath, 'lab/usb-vm/in-guest/install-suite.ts', chain.at('.'), id];
      const variables = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
      const { output } = await runInGuest({
        ...{ guest: guest!, devices: [plugged], timeoutMs: 900_000, hostFiles: true },
        files: { 'run.sh': Buffer.from([`cd '${root}'`, ...variables, suite.join(' '), ''].join('\n')) },
        script: ['sh host-root.sh', 'ip link set lo up', 'chroot /r /bin/sh /job/run.sh'].join('\n'),
      });
      const cases = [...output.matchAll(/^@@(.*)$/gm)].map(([, json]) => JSON.parse(json!));
      expect(cases, output).toEqual(['installed', 'audited'].map((name) => ({ name, outcome: 'passed' })));
      expect(chip.machine.usb!.core.mistakes).toEqual([]);
    } finally {
      usb.close();
      for (const server of [probe, uart]) server.close();
      await chain.end();
    }
  },
  1_200_000,
);
