// One command line in a process of its own, which says at its end what it has used.
// Arguments: the words of the command.

import { Writable } from 'node:stream';
import { runCommandLine } from '../../apps/cli/src/program.ts';
import { processShell } from '../../apps/cli/src/shell.ts';
import { TextSink } from '../../apps/cli/src/text-sink.ts';

const nowhere = new Writable({ write: (_, __, done) => done() });
const status = await runCommandLine(process.argv.slice(2), { ...processShell(), out: new TextSink(nowhere) });
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
process.send?.({ status, userCPUTime, systemCPUTime, maxRSS });
process.disconnect?.();
