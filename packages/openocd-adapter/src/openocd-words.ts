// What OpenOCD 0.12 prints when it does not come up, as faults. It has no error codes: this is the list of
// its sentences that people meet. What a chip refuses later, while OpenOCD runs, is @firmseal/openocd's.

import type { Chip } from '@firmseal/chips';
import { Fault, type FaultCode } from '@firmseal/fault';
import type { ProbeNames } from './probe-commands.ts';

/** In the order in which they are looked for: the first line that fits says why. */
const meanings: readonly (readonly [words: RegExp, code: FaultCode])[] = [
  [/LIBUSB_ERROR_ACCESS|insufficient permissions|rights are set/i, 'openocd-probe-not-permitted'],
  [/LIBUSB_ERROR_BUSY|Resource busy|could not claim interface/i, 'openocd-probe-in-use'],
  [
    /firmware.*(too old|upgrade|update)|API v2 required|not supported by (?:this|the) (?:firmware|adapter)/i,
    'openocd-probe-too-old',
  ],
  [
    /No J-Link device found|unable to find a matching CMSIS-DAP device|unable to open ftdi device|No device matches|^Error: open failed/im,
    'openocd-probe-missing',
  ],
  [
    /cannot read IDR|unable to connect to the target|voltage (?:may be )?too low|Could not find MEM-AP|Examination failed|Invalid ACK|Error connecting DP/i,
    'openocd-no-target',
  ],
  [
    /LIBUSB_ERROR|CMSIS-DAP command .*failed|Failed to open device|error (?:reading|writing) data/i,
    'openocd-probe-broken',
  ],
];

/** The line that says what is wrong: the last of OpenOCD's errors, or its last line. */
export function lastWords(printed: string): string {
  const lines = printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const errors = lines.filter((line) => /^Error:/.test(line));
  return (errors.at(-1) ?? lines.at(-1) ?? 'it printed nothing').replace(/^Error: /, '');
}

/** `0.12` of the first line; undefined for another program. */
function versionOf(printed: string): { major: number; minor: number } | undefined {
  const [, major, minor] = /Open On-Chip Debugger (\d+)\.(\d+)/.exec(printed) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

const least = { major: 0, minor: 12 };

/** The fault of an OpenOCD that ended before it was ready. `printed` is another program's word. */
export function startFault(printed: string, names: ProbeNames, chip?: Chip): Fault {
  const said = lastWords(printed);
  const version = versionOf(printed);
  if (version !== undefined && version.major === least.major && version.minor < least.minor)
    return new Fault('openocd-too-old', { version: `${version.major}.${version.minor}` });
  if (chip !== undefined && printed.includes(`Can't find target/${chip.openocd.target}`)) {
    const { target, leastVersion } = chip.openocd;
    return new Fault('openocd-chip-unsupported', { chip: chip.id, target, least: leastVersion });
  }
  const code = meanings.find(([words]) => words.test(printed))?.[1] ?? 'openocd-ended';
  return new Fault(code, { ...names, said });
}
