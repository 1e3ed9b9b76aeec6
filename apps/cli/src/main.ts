// The process `firmseal`: its streams, its words, its signals and its exit code. Everything else is
// program.ts, which tests call too.

import { runCommandLine } from './program.ts';
import { processShell } from './shell.ts';

// node:sqlite is stable enough for us and announced as experimental at each start: that one line is left out.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!warning.message.startsWith('SQLite')) process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

const shell = processShell();
const words = process.argv.slice(2);

let asked = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    // Asked a second time, it does not wait for what the command wants to finish.
    const isTaken = !asked && shell.stops.raise(signal);
    asked = true;
    if (!isTaken) void endStopped(signal);
  });

// Started by `authority serve` beside itself: ends with it, however that ended.
process.channel?.unref();
process.once('disconnect', () => {
  if (!shell.stops.raise('SIGTERM')) process.exit(1);
});

async function endStopped(signal: string): Promise<void> {
  const [{ Fault }, { reportFault }] = await Promise.all([import('@firmseal/fault'), import('./report.ts')]);
  const code = reportFault(shell, new Fault('command-stopped', { signal }), words.includes('--json'));
  process.exit(code);
}

// The command has ended: what may still be open (a socket, standard input) does not keep the process.
// No await here: the main file of a single executable is CommonJS.
void runCommandLine(words, shell).then((code) => process.exit(code));
