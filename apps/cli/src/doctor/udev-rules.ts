// The udev rules that let a user of a Linux machine open ROM bootloaders, agents and probes: one line for
// each USB id that firmseal knows, for whoever is logged in at the machine (uaccess, systemd-logind) and for
// the group plugdev. ModemManager leaves their serial ports alone, and FTDI's adapters answer without delay.

import { knownUsbDevices } from '@firmseal/usb-ids';

export const rulesPath = '/etc/udev/rules.d/70-firmseal.rules';

export function udevRules(): string {
  const lines = knownUsbDevices.map(({ id, name }) => {
    const [vendor, product] = id.split(':');
    const match = `ATTRS{idVendor}=="${vendor}", ATTRS{idProduct}=="${product}"`;
    return [
      `# ${name}`,
      `SUBSYSTEM=="usb", ${match}, MODE="0660", GROUP="plugdev", TAG+="uaccess"`,
      `SUBSYSTEM=="tty", ${match}, MODE="0660", GROUP="dialout", TAG+="uaccess", ENV{ID_MM_DEVICE_IGNORE}="1"`,
    ].join('\n');
  });
  return [
    '# Written by firmseal doctor.',
    ...lines,
    '# FTDI adapters hold bytes back for 16 ms unless they are told otherwise.',
    'ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"',
    '',
  ].join('\n');
}

/** What a user types after the rules were written. */
export const rulesCommands = (file: string): string[] => [
  ...(file === rulesPath ? [] : [`sudo cp ${file} ${rulesPath}`]),
  'sudo udevadm control --reload-rules && sudo udevadm trigger',
];
