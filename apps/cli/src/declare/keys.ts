// Options of `firmseal keys`. What they do is in commands/ and loaded when one is called.

import type { Command } from 'commander';
import { examples, runs } from './declare.ts';

export function declareKeys(keys: Command): void {
  keys
    .command('new')
    .description('make a key and keep it in a passphrase-encrypted file; the public key goes to FILE.pub')
    .requiredOption(
      '--role <role>',
      'root, package-signer, license-issuer, device-ca, approver or authority-kem',
    )
    .requiredOption('--out <file>', 'where to write the key; an existing key is never replaced')
    .option(
      '--passphrase-file <file>',
      'first line is the passphrase (else FIRMSEAL_PASSPHRASE, else a prompt)',
    )
    .addHelpText(
      'after',
      examples('keys new --role root --out root.key', 'keys new --role package-signer --out signer.key'),
    )
    .action(runs(async () => (await import('../commands/keys.ts')).newKey));
  keys
    .command('delegate')
    .description('sign, with the root key, that another key may act for a product')
    .requiredOption('--root <file>', 'the root key')
    .requiredOption('--key <file>', 'public key of the delegate (FILE.pub)')
    .requiredOption('--role <role>', 'package-signer, license-issuer, device-ca or approver')
    .requiredOption('--product <name>', 'product, 1 to 32 characters without spaces')
    .option('--counter-cap <number>', 'highest security counter that the delegate may sign for', '2147483647')
    .option('--epoch <number>', 'epoch in which the delegation is made', '0')
    .requiredOption('--out <file>', 'where to write the delegation')
    .option('--passphrase-file <file>', 'passphrase of the root key')
    .addHelpText(
      'after',
      examples(
        'keys delegate --root root.key --key signer.key.pub --role package-signer --product panel --out signer.delegation',
      ),
    )
    .action(runs(async () => (await import('../commands/keys.ts')).delegate));
  keys
    .command('epoch')
    .description('sign, with the root key, that delegations of earlier epochs have ended')
    .requiredOption('--root <file>', 'the root key')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--epoch <number>', 'the epoch that begins')
    .requiredOption('--out <file>', 'where to write the statement')
    .option('--passphrase-file <file>', 'passphrase of the root key')
    .addHelpText('after', examples('keys epoch --root root.key --product panel --epoch 1 --out epoch-1'))
    .action(runs(async () => (await import('../commands/keys.ts')).epoch));
  keys
    .command('show <file>')
    .description('show what a key file, delegation or epoch statement says; nothing secret')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('keys show root.key', 'keys show signer.delegation --json'))
    .action(runs(async () => (await import('../commands/keys.ts')).show));
}
