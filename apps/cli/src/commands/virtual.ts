// `firmseal virtual`: virtual chips with their doors on this machine, until it is asked to stop. Reads
// the options; the rest is ../virtual.

import { existsSync } from 'node:fs';
import { dfuseQuirks } from '@firmseal/virtual-stm32';
import { readText } from '../files.ts';
import { readChoice, readNumber } from '../numbers.ts';
import { type Control, parseControl, parsePlan } from '../virtual/controls.ts';
import { probeKinds } from '../virtual/doors.ts';
import { runSession } from '../virtual/session.ts';

interface VirtualOptions {
  chip: string;
  count: string;
  linkPort: string;
  probePort: string;
  uart?: string;
  uartPort: string;
  usb?: boolean;
  usbPort: string;
  debug?: string;
  debugPort: string;
  clock: string;
  baud?: string;
  boot0: string;
  state?: string;
  fault: string[];
  quirk: string[];
  seed: string;
  json?: boolean;
}

/** A file of controls, or one control. */
const readFaults = (text: string): Control[] =>
  existsSync(text) ? parsePlan(readText(text)) : [parseControl(text)];

export async function virtual(options: VirtualOptions): Promise<void> {
  const port = (text: string, option: string) => readNumber(text, option, { most: 65535 });
  const { uart, debug, baud, state } = options;
  await runSession({
    chip: options.chip,
    count: readNumber(options.count, '--count', { least: 1, most: 256 }),
    linkPort: port(options.linkPort, '--link-port'),
    probePort: port(options.probePort, '--probe-port'),
    uart: uart === undefined ? undefined : readChoice(uart, '--uart', ['pty', 'tcp'] as const),
    uartPort: port(options.uartPort, '--uart-port'),
    usb: options.usb === true,
    usbPort: port(options.usbPort, '--usb-port'),
    debug: debug === undefined ? undefined : readChoice(debug, '--debug', probeKinds),
    debugPort: port(options.debugPort, '--debug-port'),
    clock: readChoice(options.clock, '--clock', ['free', 'real']),
    baud: baud === undefined ? undefined : readNumber(baud, '--baud', { least: 1200, most: 10_000_000 }),
    boot0High: readChoice(options.boot0, '--boot0', ['high', 'low']) === 'high',
    quirks: options.quirk.map((name) => readChoice(name, '--quirk', dfuseQuirks)),
    stateFile: state,
    faults: options.fault.flatMap(readFaults),
    seed: options.seed,
    json: options.json === true,
  });
  process.exit(0);
}
