// `firmseal audit` as a command line in this process, with what it tells as values.

import { Writable } from 'node:stream';
import { runCommandLine } from '../../apps/cli/src/program.ts';
import { processShell } from '../../apps/cli/src/shell.ts';
import { TextSink } from '../../apps/cli/src/text-sink.ts';

export interface AuditTold {
  readonly status: number;
  /** But for the installs. */
  readonly events: readonly { readonly event: string }[];
  readonly installs: number;
}

/**
 * `onInstall`: told how many installs there were so far. `shows`: what it writes to
 * standard error is passed on.
 */
export async function auditCommand(
  words: readonly string[],
  { onInstall, shows = false }: { onInstall?: (count: number) => void; shows?: boolean } = {},
): Promise<AuditTold> {
  const events: { event: string }[] = [];
  let installs = 0;
  let rest = '';
  const out = new Writable({
    write: (chunk: Buffer, _, done) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines)
        if (line.startsWith('{"event":"install"')) {
          installs++;
          onInstall?.(installs);
        } else events.push(JSON.parse(line));
      done();
    },
  });
  const own = processShell();
  const nowhere = new TextSink(new Writable({ write: (_, __, done) => done() }));
  const shell = { ...own, out: new TextSink(out), err: shows ? own.err : nowhere };
  const status = await runCommandLine(['audit', '--json', ...words], shell);
  return { status, events, installs };
}
