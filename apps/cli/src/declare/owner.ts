// Options of `firmseal seal`, `inspect`, `attach-license` and `chips`. What they do is in
// commands/ and loaded when one is called.

import type { Command } from 'commander';
import { collect, examples, runs } from './declare.ts';

export function declareSeal(command: Command): void {
  command
    .requiredOption('--chip <id>', 'chip that the package is for (see `firmseal chips`)')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--firmware-version <text>', 'version, for people')
    .requiredOption(
      '--counter <number>',
      'security counter: a chip never goes back below the highest it installed',
    )
    .requiredOption('--signer <file>', 'the package signer key')
    .requiredOption('--delegation <file>', "the signer's delegation")
    .requiredOption(
      '--root-key <file>',
      "the root's public key; the package is checked against it before it is written",
    )
    .requiredOption('--authority-key <file>', 'public KEM key of the authority that will issue licenses')
    .requiredOption('--out <file>', 'the package; its content key goes, wrapped, to FILE.key')
    .option('--address <number>', 'address of a raw binary')
    .option('--format <name>', 'elf, hex, srec, bin or dfu, when the content does not tell')
    .option('--chunk <bytes>', '1024, 2048 or 4096', '4096')
    .option('--interruption <policy>', 'erase, resume or trial', 'erase')
    .option('--boot-check <kind>', 'record, or digest of the whole firmware at each boot', 'record')
    .option(
      '--least-level <level>',
      'least readout protection of the chip: 0, 1 or 2; by default what the chip needs to keep its promises',
    )
    .option('--option <name=value>', 'option-byte field that the chip must have (repeat)', collect, [])
    .option(
      '--generated <address:length[:keep|renew]>',
      'area that the chip fills with random keys (repeat)',
      collect,
      [],
    )
    .option(
      '--device-data <address:length>',
      'area filled from per-device data in the license (repeat)',
      collect,
      [],
    )
    .option('--epoch-statement <file>', 'epoch statement to carry along')
    .option('--sbom <file>', 'software bill of materials; its SHA-256 is signed')
    .option('--allow-open', 'let the package install on chips that can be read out (level 0)')
    .option(
      '--allow-unprotected',
      'let the package install below the level at which the chip keeps its promises',
    )
    .option('--allow-irreversible', 'let the package set option bytes that cannot be set back')
    .option('--passphrase-file <file>', 'passphrase of the signer key')
    .addHelpText(
      'after',
      examples(
        'seal panel.elf --chip stm32f427 --product panel --firmware-version 1.0.0 --counter 1 \\',
        '  --root-key root.key.pub --signer signer.key --delegation signer.delegation --authority-key authority/kem.key.pub --out panel.seal',
      ),
    )
    .action(runs(async () => (await import('../commands/seal.ts')).seal));
}

export function declareInspect(command: Command): void {
  command
    .option('--root <file>', "check signatures against this root's public key")
    .option('--json', 'as JSON')
    .addHelpText('after', examples('inspect panel.seal', 'inspect panel.seal --root root.key.pub --json'))
    .action(runs(async () => (await import('../commands/inspect.ts')).inspect));
}

export function declareAttachLicense(command: Command): void {
  command
    .requiredOption(
      '--license <file>',
      "license bundle of one chip for this package; a standing one, as a session's nonce dies at reset",
    )
    .requiredOption('--out <file>', 'the package with the license in its header')
    .addHelpText('after', examples('attach-license panel.seal --license chip-7.license --out app.seal'))
    .action(runs(async () => (await import('../commands/attach-license.ts')).attach));
}

export function declareChips(command: Command): void {
  command
    .option('--json', 'as JSON')
    .addHelpText('after', examples('chips', 'chips stm32f427'))
    .action(runs(async () => (await import('../commands/chips.ts')).chips));
}
