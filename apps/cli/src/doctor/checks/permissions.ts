// Whether this user may open the ports and devices that are plugged in, and whether the drivers are there.

import { isProbe, knownUsb } from '@firmseal/usb-ids';
import { howMany } from '../../how-many.ts';
import { type Finding, good, notLooked, problem } from '../finding.ts';
import type { Machine } from '../machine.ts';
import { rulesPath } from '../udev-rules.ts';

const rulesRemedy =
  '`firmseal doctor --write-udev 70-firmseal.rules` writes the rules; copy them to ' +
  `${rulesPath}, ` +
  'reload udev, and plug the device in again.';

/** The lists; empty where they cannot be had, which is a finding of its own. */
const orNone = async <T>(list: Promise<readonly T[]>): Promise<readonly T[]> => list.catch(() => []);

export async function checkSerialPermissions(machine: Machine): Promise<Finding[]> {
  const check = 'serial-permissions';
  if (machine.platform !== 'linux')
    return [notLooked(check, 'this system has no permissions for serial ports')];
  const ports = await orNone(machine.serial());
  const shut = ports.filter(({ path }) => machine.mayUse(path) === false);
  if (shut.length === 0)
    return [good(check, `${howMany(ports.length, 'serial port')}, none of them shut to this user`)];
  return shut.map(({ path }) =>
    problem(
      check,
      `this user may not open ${path}`,
      `Join the group that owns it (\`ls -l ${path}\`, often dialout) and log in again; or: ${rulesRemedy}`,
    ),
  );
}

/** `/dev/bus/usb/001/004` by the kernel's numbers. */
function nodeOf(machine: Machine, folder: string): string | undefined {
  const number = (name: string) => machine.read(`/sys/bus/usb/devices/${folder}/${name}`)?.padStart(3, '0');
  const [bus, device] = [number('busnum'), number('devnum')];
  return bus === undefined || device === undefined ? undefined : `/dev/bus/usb/${bus}/${device}`;
}

export async function checkUsbPermissions(machine: Machine): Promise<Finding[]> {
  const check = 'usb-permissions';
  if (machine.platform === 'win32')
    return [
      notLooked(
        check,
        'Windows opens a device that has the WinUSB driver; `firmseal devices --identify` shows whether it does',
      ),
    ];
  if (machine.platform !== 'linux')
    return [notLooked(check, 'this system has no permissions for USB devices')];
  const known = (await orNone(machine.usb())).flatMap((device) => {
    const kind = knownUsb(device);
    return kind === undefined || (kind.kind === 'serial' && !isProbe(kind)) ? [] : [{ kind, device }];
  });
  const shut = known.filter(({ device: { socket } }) => {
    const node = nodeOf(machine, `${socket.bus}-${socket.ports.join('.')}`);
    return node !== undefined && machine.mayUse(node) === false;
  });
  if (shut.length === 0)
    return [good(check, `${known.length} bootloaders, agents and probes, none of them shut to this user`)];
  return shut.map(({ kind: { name }, device: { socket } }) =>
    problem(
      check,
      `this user may not open the ${name} in ${socket.bus}-${socket.ports.join('.')}`,
      rulesRemedy,
    ),
  );
}

const drivers = [
  { module: 'cdc_acm', folder: '/sys/bus/usb/drivers/cdc_acm', serves: 'the COM port of ST-LINKs' },
  { module: 'ftdi_sio', folder: '/sys/bus/usb-serial/drivers/ftdi_sio', serves: 'FTDI adapters' },
] as const;

/** A device of that kind is plugged in and no port of it is there: its driver is missing. */
export async function checkDrivers(machine: Machine): Promise<Finding[]> {
  const check = 'drivers';
  if (machine.platform !== 'linux') return [notLooked(check, 'looked at on Linux only')];
  const plugged = (await orNone(machine.usb())).map((device) => knownUsb(device)?.kind);
  const needed = drivers.filter(({ module }) => plugged.includes(module === 'ftdi_sio' ? 'ftdi' : 'st-link'));
  const missing = needed.filter(({ folder }) => machine.names(folder).length === 0);
  if (missing.length === 0) return [good(check, 'the drivers of what is plugged in are loaded')];
  return missing.map(({ module, serves }) =>
    problem(
      check,
      `the driver of ${serves} (${module}) is not loaded`,
      `Load it: \`sudo modprobe ${module}\`.`,
    ),
  );
}
