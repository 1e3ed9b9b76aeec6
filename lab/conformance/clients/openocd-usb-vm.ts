// OpenOCD's sessions in a virtual machine whose Linux kernel has probes on its USB: CMSIS-DAP
// version 1 through hidraw, version 2 and ST-LINK through libusb. Each chip has a probe of its own,
// told apart by the serial number.

import { cmsisDapBulk, cmsisDapHid, probeTarget, stlinkUsb, type VirtualChip } from '@firmseal/virtual-stm32';
import type { Guest } from '../../usb-vm/guest.ts';
import { runSteps } from '../../usb-vm/guest-steps.ts';
import { openocdAnswers, openocdScript } from './openocd.ts';
import type { SessionRunner } from './openocd-cells.ts';

const cmsisDap = (backend: string, product: string): string[] => [
  ...['adapter driver cmsis-dap', `cmsis_dap_backend ${backend}`, `cmsis_dap_vid_pid 0x1209 ${product}`],
  'transport select swd',
];

const probes = {
  'cmsis-dap-v1': { make: cmsisDapHid, adapter: cmsisDap('hid', '0x0001') },
  'cmsis-dap-v2': { make: cmsisDapBulk, adapter: cmsisDap('usb_bulk', '0x0002') },
  stlink: {
    make: stlinkUsb,
    adapter: ['adapter driver st-link', 'st-link vid_pid 0x0483 0x3748', 'transport select dapdirect_swd'],
  },
} as const;
export type UsbProbe = keyof typeof probes;

/** Runs the sessions in one machine. */
export function inGuest(guest: Guest, probe: UsbProbe): SessionRunner {
  const { make, adapter } = probes[probe];
  return async (sessions, files) => {
    const chips = [...new Set(sessions.map(({ chip }) => chip))];
    const serialOf = (chip: VirtualChip): string => `probe-${chips.indexOf(chip) + 1}`;
    const adapterOf = (chip: VirtualChip): string[] => [
      ...[...adapter, `adapter serial ${serialOf(chip)}`, 'adapter speed 4000'],
    ];
    const scripts = Object.fromEntries(
      sessions.map(({ chip, ...job }, i) => [
        `session-${i}.cfg`,
        new TextEncoder().encode(openocdScript(adapterOf(chip), job)),
      ]),
    );
    const results = await runSteps(guest, {
      plugged: chips.map((chip) => ({ device: make(probeTarget(chip), { serial: serialOf(chip) }) })),
      steps: sessions.map((_, i) => [`session ${i}`, `openocd -f session-${i}.cfg`]),
      files: { ...files, ...scripts },
    });
    return sessions.map((_, i) => {
      const { printed: log = '', status = null } = results.get(`session ${i}`) ?? {};
      return { exitCode: status, log, answers: openocdAnswers(log) };
    });
  };
}
