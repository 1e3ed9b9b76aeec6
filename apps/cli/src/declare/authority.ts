// Options of `firmseal authority`. What they do is in commands/ and loaded when one is called.

import type { Command } from 'commander';
import { examples, runs } from './declare.ts';

export function declareAuthority(authority: Command): void {
  authority
    .command('init <folder>')
    .description('make the folder of an authority: license issuer key, KEM key, database, owner token')
    .option('--passphrase-file <file>', 'passphrase for the keys of the authority')
    .addHelpText('after', examples('authority init authority'))
    .action(runs(async () => (await import('../commands/authority.ts')).init));
  authority
    .command('add-product <folder>')
    .description('let the authority issue licenses for a product, by what its root delegated')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--root-key <file>', "the root's public key (FILE.pub)")
    .requiredOption('--issuer-delegation <file>', "delegation of the authority's issuer.key.pub")
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips may install')
    .option('--epoch-statement <file>', 'epoch statement in force')
    .addHelpText(
      'after',
      examples(
        'authority add-product authority --product panel --root-key root.key.pub --issuer-delegation issuer.delegation --device-ca-delegation ca.delegation',
      ),
    )
    .action(runs(async () => (await import('../commands/authority.ts')).addProduct));
  authority
    .command('serve <folder>')
    .description('serve the HTTP API on this machine')
    .option('--listen <host:port>', 'loopback address; port 0 lets the system choose', '127.0.0.1:7443')
    .option('--passphrase-file <file>', 'passphrase of the keys of the authority')
    .option('--json', 'print one JSON line when ready')
    .addHelpText('after', examples('authority serve authority --listen 127.0.0.1:7443'))
    .action(runs(async () => (await import('../commands/authority.ts')).serve));
}
