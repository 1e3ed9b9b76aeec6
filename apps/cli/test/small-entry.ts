// A command of a few lines for the test of packing (tools/pack): reads an asset as the real command
// does, loads a module late, and uses a dependency from npm and two of this project, so that all
// ways into the bundle are walked.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { Command } from 'commander';
import { readAsset } from '../src/assets.ts';

const program = new Command('small').description('a small command');

program.command('asset <name>').action(async (name: string) => {
  try {
    const { createHash } = await import('node:crypto');
    console.log(toHex(createHash('sha256').update(readAsset(name)).digest()));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    console.error(error.message);
    process.exitCode = 3;
  }
});

program.command('late').action(async () => {
  const { lateWord } = await import('./small-late.ts');
  console.log(lateWord);
});

await program.parseAsync();
