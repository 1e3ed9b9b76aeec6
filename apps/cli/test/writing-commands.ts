// How each command of the list is called so that it writes what it can write: a command that
// is not here fails the test of outputs. `files` are what it leaves in the folder `out`; a
// command without files writes none.

import { benchCallsOf } from './writing-bench-commands.ts';
import type { Call, CallSite } from './writing-call.ts';
import { deskCallsOf } from './writing-desk-commands.ts';

/** By the words of the command. */
export const callsOf = (site: CallSite): Readonly<Record<string, Call>> => ({
  ...deskCallsOf(site),
  ...benchCallsOf(site),
});
