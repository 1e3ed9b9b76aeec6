// What OpenOCD's words mean. It tells errors in text only, so this table knows the sentences of OpenOCD
// 0.12 that matter here; anything else is shown as it is.

import { Fault, type FaultCode } from '@firmseal/fault';

const meanings: readonly { readonly words: RegExp; readonly code: FaultCode }[] = [
  { words: /invalid command name|Unknown command/i, code: 'openocd-command-missing' },
  { words: /not halted/i, code: 'openocd-target-running' },
  {
    words:
      /not examined|unable to connect|target voltage may be too low|init mode failed|timed out while waiting/i,
    code: 'openocd-no-target',
  },
  {
    words: /failed (to )?(read|write) memory|with width=\d+ and count=\d+ failed|data ?abort|AP write error/i,
    code: 'openocd-memory-refused',
  },
  {
    words: /no flash (bank|at address)|unknown .* region|address range .* is not/i,
    code: 'openocd-flash-unknown',
  },
  { words: /protected|write protection|WRPERR/i, code: 'openocd-flash-protected' },
  { words: /eras|error writing|flash write|program/i, code: 'openocd-flash-failed' },
];

/** The last line that OpenOCD printed is the one that says why. */
const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';

/**
 * The fault for a command that failed. `text` is what OpenOCD said, from another program and so never
 * trusted.
 */
export function openocdFault(command: string, text: string): Fault {
  const code = meanings.find(({ words }) => words.test(text))?.code ?? 'openocd-failed';
  return new Fault(code, { command, said: lastLine(text) });
}
