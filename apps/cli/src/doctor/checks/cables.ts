// What slows cables down or disturbs them: latency timers of FTDI adapters, slow
// hubs, programs that hold a port.

import { howMany } from '../../how-many.ts';
import { type Finding, good, note, notLooked, problem } from '../finding.ts';
import type { Machine } from '../machine.ts';

const mostLatencyMs = 2;

export function checkLatencyTimers(machine: Machine): Finding[] {
  const check = 'latency-timers';
  if (machine.platform !== 'linux')
    return [
      notLooked(
        check,
        'on Windows the latency timer of an FTDI port stands in its advanced settings: 1 ms is right',
      ),
    ];
  const folder = '/sys/bus/usb-serial/devices';
  const timers = machine.names(folder).flatMap((port) => {
    const text = machine.read(`${folder}/${port}/latency_timer`);
    return text === undefined
      ? []
      : [{ port, latencyMs: Number(text), file: `${folder}/${port}/latency_timer` }];
  });
  const slow = timers.filter(({ latencyMs }) => latencyMs > mostLatencyMs);
  if (slow.length === 0)
    return [good(check, `${timers.length} adapters with a latency timer, none of them slow`)];
  return slow.map(({ port, latencyMs, file }) =>
    note(
      check,
      `${port} holds bytes back for ${latencyMs} ms, which makes a ROM bootloader several times slower`,
      `\`echo 1 | sudo tee ${file}\`, ` +
        'or the rules of `firmseal doctor --write-udev rules`, which set it each time.',
    ),
  );
}

const hubClass = '09';
/** A hub shares 12 Mbit/s, and its port has 500 mA: more boards than this are not driven by it. */
const mostBoards = 4;

export function checkHubs(machine: Machine): Finding[] {
  const check = 'hubs';
  if (machine.platform !== 'linux') return [notLooked(check, 'looked at on Linux only')];
  const folder = '/sys/bus/usb/devices';
  const devices = machine.names(folder).filter((name) => /^\d+-\d+(\.\d+)*$/.test(name));
  const isHub = (name: string) => machine.read(`${folder}/${name}/bDeviceClass`) === hubClass;
  const hubs = devices.filter(isHub);
  const findings = hubs.flatMap((hub): Finding[] => {
    const below = devices.filter((one) => one.startsWith(`${hub}.`) && !isHub(one));
    const isSlow = machine.read(`${folder}/${hub}/speed`) === '12';
    // bmAttributes, bit 6: it has a supply of its own (USB 2.0, table 9-10).
    const attributes = Number.parseInt(machine.read(`${folder}/${hub}/bmAttributes`) ?? '40', 16);
    const takesBusPower = (attributes & 0x40) === 0;
    return [
      ...(isSlow
        ? [
            note(
              check,
              `the hub in ${hub} runs at 12 Mbit/s`,
              'Use a USB 2.0 hub, or another cable to this one.',
            ),
          ]
        : []),
      ...(takesBusPower && below.length > mostBoards
        ? [
            problem(
              check,
              `the hub in ${hub} has no supply of its own and ${below.length} devices`,
              'Give the hub its power supply: boards lose their supply in the middle of a program otherwise.',
            ),
          ]
        : []),
    ];
  });
  return findings.length > 0
    ? findings
    : [
        good(
          check,
          `${howMany(devices.length, 'USB device')} behind ${howMany(hubs.length, 'hub')}, none of them slow or short of power`,
        ),
      ];
}

/** `/proc/123/fd/7` that leads to one of the files. */
function holders(
  machine: Machine,
  wanted: (file: string) => boolean,
): { file: string; program: string; id: string }[] {
  return machine
    .names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      const files = machine.names(`/proc/${id}/fd`).map((number) => machine.link(`/proc/${id}/fd/${number}`));
      const program = machine.read(`/proc/${id}/comm`) ?? 'a program';
      const held = new Set(files.filter((file): file is string => file !== undefined && wanted(file)));
      return [...held].map((file) => ({ file, program, id }));
    });
}

export async function checkHolders(machine: Machine): Promise<Finding[]> {
  const check = 'holders';
  if (machine.platform !== 'linux') return [notLooked(check, 'looked at on Linux only')];
  const ports = new Set((await machine.serial().catch(() => [])).map(({ path }) => path));
  const held = holders(machine, (file) => ports.has(file) || file.startsWith('/dev/bus/usb/'));
  const manager = machine
    .names('/proc')
    .some((id) => /^\d+$/.test(id) && machine.read(`/proc/${id}/comm`) === 'ModemManager');
  const findings = held.map(({ file, program, id }) =>
    problem(check, `${program} (process ${id}) holds ${file}`, `End ${program}, or wait until it lets go.`),
  );
  if (manager)
    findings.push(
      note(
        check,
        'ModemManager runs: it writes to every new serial port, and a chip takes that for a message',
        '`firmseal doctor --write-udev rules` writes rules that keep it from the boards.',
      ),
    );
  return findings.length > 0
    ? findings
    : [good(check, 'no program of this user holds a port or a USB device')];
}
