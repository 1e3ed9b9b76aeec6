// A blank chip to a verified receipt over USB cables, in the USB test machine: npm's usb and serialport on a
// Linux kernel, the commands as an operator gives them, the machine code that ships. The ROM bootloader is a
// DfuSe device; the agent answers on the board's own serial port, another USB device. `npm run lab -- ways`
// has every chip; the tests of the whole tree leave this out.

import { fileURLToPath } from 'node:url';
import { findChip, readoutLevel } from '@firmseal/chips';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { ChipUsbPort, machineCode } from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { Chain } from '../../apps/cli/test/chain.ts';
import { environment } from '../../apps/cli/test/chain-names.ts';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { guest, lackOfGuest } from '../usb-vm/guest-of-tests.ts';
import { runInGuest } from '../usb-vm/run-in-guest.ts';
import { chipSerialDevice } from '../usb-vm/serial-device.ts';
import { askedChips } from './asked-chips.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const chips = askedChips();

skipTests(
  lackOfGuest ?? (chips.length > 0 ? undefined : 'a machine of its own: only in npm run lab -- ways'),
);

test('blank chips over USB to verified receipts', async () => {
  buildShipping();
  const chain = new Chain();
  const plugged = chips.map((id) => {
    const chip = startInBootloader(id, { seed: `usb way ${id}`, programs: [machineCode()] });
    return { id, chip, usb: new ChipUsbPort(chip), serial: chipSerialDevice(chip) };
  });
  try {
    await chain.begin();
    for (const id of chips) await chain.order(id);
    await chain.halt();
    const devices = plugged.flatMap(({ usb, serial }, index) => [
      {
        busId: `1-${2 * index + 1}`,
        get device() {
          return usb.device;
        },
      },
      { busId: `1-${2 * index + 2}`, device: serial },
    ]);
    const words = [process.execPath, 'lab/usb-vm/in-guest/way-suite.ts', chain.at('.'), ...chips];
    const variables = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
    const { output } = await runInGuest({
      ...{ guest: guest!, devices, timeoutMs: 1_500_000, hostFiles: true },
      files: { 'run.sh': Buffer.from([`cd '${root}'`, ...variables, words.join(' '), ''].join('\n')) },
      script: ['sh host-root.sh', 'ip link set lo up', 'chroot /r /bin/sh /job/run.sh'].join('\n'),
    });
    const cases = [...output.matchAll(/^@@(.*)$/gm)].map(([, json]) => JSON.parse(json!));
    const names = [...chips.flatMap((id) => [`${id} personalized`, `${id} installed`]), 'audited'];
    expect(cases, output).toEqual(names.map((name) => ({ name, outcome: 'passed' })));
    for (const { id, chip } of plugged)
      expect(readoutLevel(findChip(id), chip.judge.optionsLoaded), id).toBe(2);
  } finally {
    for (const { usb } of plugged) usb.close();
    await chain.end();
  }
}, 1_800_000);
