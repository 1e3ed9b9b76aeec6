// Options of `firmseal personalize`, `install` and `virtual`. What they do is in commands/
// and loaded when one is called.

import type { Command } from 'commander';
import { controlHelp } from '../virtual/control-help.ts';
import { collect, examples, runs, withAuthority } from './declare.ts';

export function declarePersonalize(command: Command): void {
  command
    .requiredOption(
      '--probe <address>',
      'debug port of a blank chip, virtual:HOST:PORT (repeat)',
      collect,
      [],
    )
    .requiredOption(
      '--socket <address>',
      'link of the same chip, tcp:HOST:PORT (repeat, in the same order)',
      collect,
      [],
    )
    .requiredOption('--chip <id>', 'kind of chip')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--root-key <file>', "the root's public key")
    .requiredOption('--device-ca <file>', 'the device CA key')
    .option('--level <level>', 'final readout protection: 0, 1 or 2', '2')
    .option('--confirm-permanent', 'required for level 2: it can never be taken back')
    .option('--epoch <number>', 'epoch that the chip starts with', '0')
    .option('--passphrase-file <file>', 'passphrase of the device CA key')
    .option('--json', 'events as JSON lines')
    .addHelpText(
      'after',
      examples(
        'personalize --probe virtual:127.0.0.1:4001 --socket tcp:127.0.0.1:5001 --chip stm32f427 --product panel \\',
        '  --root-key root.key.pub --device-ca ca.key --level 2 --confirm-permanent',
      ),
    )
    .action(runs(async () => (await import('../commands/personalize.ts')).personalize));
}

export function declareInstall(command: Command): void {
  withAuthority(command)
    .requiredOption('--job <job>', 'the job')
    .requiredOption('--socket <address>', 'tcp:HOST:PORT (repeat)', collect, [])
    .requiredOption('--root-key <file>', "the root's public key: what the station trusts")
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .option('--start', 'boot the application when its receipt is stored')
    .option(
      '--journal <file>',
      'progress that survives a crash; give the same file again to go on',
      'firmseal-line.jsonl',
    )
    .addHelpText(
      'after',
      examples(
        'install panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token --root-key root.key.pub \\',
        '  --device-ca-delegation ca.delegation --socket tcp:127.0.0.1:5001 --socket tcp:127.0.0.1:5002',
      ),
    )
    .action(runs(async () => (await import('../commands/install.ts')).install));
}

export function declareVirtual(command: Command): void {
  command
    .requiredOption('--chip <id>', 'kind of chip')
    .option('--count <number>', 'how many', '1')
    .option('--link-port <number>', 'first TCP port of the links; 0 lets the system choose', '0')
    .option('--probe-port <number>', 'first TCP port of the debug ports; 0 lets the system choose', '0')
    .option('--uart <kind>', "the chip's UART: pty (a pseudo-terminal) or tcp")
    .option('--uart-port <number>', 'first TCP port of --uart tcp', '0')
    .option('--usb', "the chip's USB connector, by USB/IP: chip N is bus id 1-N")
    .option('--usb-port <number>', 'TCP port of the USB/IP server of all chips and probes', '0')
    .option(
      '--debug <probe>',
      'a debug probe at each chip: stlink (by the stlink-server protocol); stlink-usb, cmsis-dap, cmsis-dap-v1 (by USB/IP, probe N is bus id 2-N)',
    )
    .option('--debug-port <number>', 'first TCP port of --debug stlink', '0')
    .option('--boot0 <level>', 'boot pin at the start: high for the ROM bootloader', 'low')
    .option('--clock <kind>', 'free: nothing takes time; real: as long as the chip needs for it', 'free')
    .option('--baud <number>', 'bytes on the UART take the time of this rate')
    .option('--state <file>', 'keep the chips in this file, and go on with those that it holds')
    .option(
      '--fault <control>',
      "a control, such as 'cut 1 at 120 torn', or a file of them; before power comes on (repeat)",
      collect,
      [],
    )
    .option(
      '--quirk <name>',
      'a fault of silicon that the USB bootloader shows, listed in docs/virtual-stm32-doors.md (repeat)',
      collect,
      [],
    )
    .option('--seed <number>', 'unique ids and random numbers follow from it', '1')
    .option('--json', 'a JSON line for each chip and each thing that happens')
    .addHelpText(
      'after',
      `\nControls, typed while it runs:\n${controlHelp.map((line) => `  ${line}`).join('\n')}\n${examples(
        'virtual --chip stm32f427 --count 4 --link-port 5001 --probe-port 4001',
        'virtual --chip stm32f427 --uart pty --usb --debug stlink --boot0 high --state chips.state',
        "virtual --chip stm32g0b1 --uart tcp --fault 'cut 1 at 120 torn'",
      )}`,
    )
    .action(runs(async () => (await import('../commands/virtual.ts')).virtual));
}
