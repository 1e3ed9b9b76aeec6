// `firmseal virtual`: virtual chips with their doors on this machine, until it is asked to stop. Reads
// the options; the rest is ../virtual.

import { existsSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import type { BoardSettings } from '@firmseal/boards';
import { findChip } from '@firmseal/chips';
import { dfuseQuirks, type HostWire } from '@firmseal/virtual-stm32';
import { chipOption } from '../chip-option.ts';
import { readText } from '../files.ts';
import { collect, examples, number, port } from '../options.ts';
import { readBoard } from '../personalization/board-option.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { controlHelp } from '../virtual/control-help.ts';
import { type Control, parseControl, parsePlan } from '../virtual/controls.ts';
import { probeKinds } from '../virtual/doors.ts';
import { runSession } from '../virtual/session.ts';

/** A file of controls, or one control. */
const readFaults = (text: string): Control[] =>
  existsSync(text) ? parsePlan(readText(text)) : [parseControl(text)];

/** Where a host ends that is plugged into the board's UART; undefined for a board without one. */
const wireOf = ({ uart }: BoardSettings): HostWire | undefined =>
  uart && { toChip: uart.rx.pin, fromChip: uart.tx.pin };

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .option('--count <number>', 'how many', number({ least: 1, most: 256 }), 1)
    .option('--link-port <number>', 'first TCP port of the links; 0 lets the system choose', port, 0)
    .option('--probe-port <number>', 'first TCP port of the debug ports; 0 lets the system choose', port, 0)
    .addOption(
      new Option('--uart <kind>', "the chip's UART: pty is a pseudo-terminal").choices(['pty', 'tcp']),
    )
    .option('--uart-port <number>', 'first TCP port of --uart tcp', port, 0)
    .option(
      '--board <name>',
      'wires the host to the UART pins of that board alone: a ready board, or a board.json',
    )
    .option('--usb', "the chip's USB connector, by USB/IP: chip N is bus id 1-N")
    .option('--usb-port <number>', 'TCP port of the USB/IP server of all chips and probes', port, 0)
    .addOption(
      new Option(
        '--debug <probe>',
        'a debug probe at each chip: stlink by the stlink-server protocol, the others by USB/IP, where probe N is bus id 2-N',
      ).choices(probeKinds),
    )
    .option('--debug-port <number>', 'first TCP port of --debug stlink', port, 0)
    .addOption(
      new Option('--boot0 <level>', 'boot pin at the start: high for the ROM bootloader')
        .choices(['high', 'low'])
        .default('low' as const),
    )
    .addOption(
      new Option('--clock <kind>', 'free: nothing takes time; real: as long as the chip needs for it')
        .choices(['free', 'real'])
        .default('free' as const),
    )
    .option(
      '--baud <number>',
      'let bytes on the UART take the time of this baud rate',
      number({ least: 1200, most: 10_000_000 }),
    )
    .option('--state <file>', 'keep the chips in this file, and continue with the chips that it holds')
    .option(
      '--fault <control>',
      "a control such as 'cut 1 at 120 torn', or a file of controls, carried out before power comes on (repeat)",
      collect,
    )
    .addOption(
      new Option(
        '--quirk <name...>',
        'faults of silicon that the USB bootloader shows, listed in docs/virtual-stm32-doors.md',
      ).choices(dfuseQuirks),
    )
    .option('--seed <number>', 'seed of unique ids and random numbers', '1')
    .addHelpText(
      'after',
      `\nControls, typed while it runs:\n${controlHelp.map((line) => `  ${line}`).join('\n')}\n${examples(
        'virtual --chip stm32f427 --count 4 --link-port 5001 --probe-port 4001',
        'virtual --chip stm32f427 --uart pty --usb --debug stlink --boot0 high --state chips.state',
        "virtual --chip stm32g0b1 --uart tcp --fault 'cut 1 at 120 torn'",
      )}`,
    )
    .action(
      runs(shell, async (face, { board, boot0, quirk = [], fault = [], state, usb, ...plan }) => {
        await runSession(face, {
          ...plan,
          wire: board === undefined ? undefined : wireOf(readBoard(board, findChip(plan.chip)).settings),
          usb: usb === true,
          boot0High: boot0 === 'high',
          quirks: quirk,
          stateFile: state,
          faults: fault.flatMap(readFaults),
        });
      }),
    );
