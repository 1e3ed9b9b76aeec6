// Programs and libraries: Node, the libraries for cables, OpenOCD.

import { Fault } from '@firmseal/fault';
import manifest from '../../../package.json' with { type: 'json' };
import { type Finding, good, note, problem } from '../finding.ts';
import type { Machine } from '../machine.ts';

const leastNode = 20;
const leastOpenocd = [0, 12] as const;

export function checkNode({ nodeVersion }: Machine): Finding {
  const says = `this is firmseal ${manifest.version} on Node ${nodeVersion}`;
  return Number.parseInt(nodeVersion, 10) >= leastNode
    ? good('node', says)
    : problem('node', `${says} is too old`, `Install Node ${leastNode} or newer.`);
}

/** A list that the library gives, or the fault that says why it does not. */
async function library<T>(check: string, what: string, list: () => Promise<readonly T[]>): Promise<Finding> {
  try {
    const { length } = await list();
    return good(check, `${what}: ${length} connected`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return note(check, error.message, error.remedy);
  }
}

export const checkSerialLibrary = (machine: Machine) =>
  library('serial-library', 'serial ports', machine.serial);
export const checkUsbLibrary = (machine: Machine) => library('usb-library', 'USB devices', machine.usb);

export function checkOpenocd(machine: Machine): Finding {
  const program = machine.environment['FIRMSEAL_OPENOCD'] ?? 'openocd';
  const said = machine.run(program, ['--version']);
  const found = /Open On-Chip Debugger v?(\d+)\.(\d+)/.exec(said ?? '');
  const remedy =
    'Install OpenOCD 0.12 or newer (Debian: `apt install openocd`) or name it with FIRMSEAL_OPENOCD. Without it, ' +
    'chips are reached by their bootloaders alone.';
  if (found === null) return note('openocd', `${program} does not start`, remedy);
  const [major, minor] = [Number(found[1]), Number(found[2])];
  const says = `OpenOCD ${major}.${minor}`;
  return major > leastOpenocd[0] || minor >= leastOpenocd[1]
    ? good('openocd', says)
    : problem('openocd', `${says} is too old`, remedy);
}
