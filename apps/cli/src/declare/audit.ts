// Options of `firmseal audit` and `demo`. What they do is in commands/ and loaded when one is called.

import type { Command } from 'commander';
import { examples, runs, withAuthority } from './declare.ts';

export function declareAudit(command: Command): void {
  withAuthority(command)
    .requiredOption('--root-key <file>', "the root's public key")
    .requiredOption('--product <name>', 'product')
    .requiredOption(
      '--device-ca-delegation <file>',
      'delegation of the device CA whose chips may have receipts',
    )
    .option(
      '--remember <file>',
      'head of the log as last seen; kept here, and checked to be still in the log',
    )
    .addHelpText(
      'after',
      examples(
        'audit --authority http://127.0.0.1:7443 --token-file authority/owner.token --product panel --root-key root.key.pub --device-ca-delegation ca.delegation',
      ),
    )
    .action(runs(async () => (await import('../commands/audit.ts')).audit));
}

export function declareDemo(command: Command): void {
  command
    .option('--json', 'JSON lines, the last one a summary')
    .option('--address <number>', 'address of a raw binary')
    .option('--chip <id>', 'kind of chip', 'stm32f427')
    .addHelpText('after', examples('demo', 'demo build/app.elf', 'demo --json'))
    .action(runs(async () => (await import('../demo/demo.ts')).demo));
}
