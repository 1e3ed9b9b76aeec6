// The process `firmseal`: its streams, its words and its exit code. Everything else is
// program.ts, which tests call too.

import { runCommandLine } from './program.ts';
import { processShell } from './shell.ts';

// node:sqlite is stable enough for us and announced as experimental at each start: that one line is left out.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!warning.message.startsWith('SQLite')) process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

// The command has ended: what may still be open (a socket, standard input) does not keep the process.
process.exit(await runCommandLine(process.argv.slice(2), processShell()));
