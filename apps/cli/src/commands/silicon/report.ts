// `firmseal silicon report`: reads a report that somebody sent, and says whether it
// speaks for an agent build.

import { Command } from '@commander-js/extra-typings';
import { hasPassed, isTried, readSiliconReport } from '@firmseal/silicon';
import { readText } from '../../files.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'the report')
    .addHelpText('after', examples('silicon report report.json'))
    .action(
      runs(shell, async (face, file) => {
        const report = readSiliconReport(readText(file), file);
        const { chip, agentSha256, placeKind, way, checks } = report;
        const failed = checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);
        const passed = hasPassed(report);
        const counts = agentSha256 !== undefined && isTried([report], { chip, agentSha256 });
        const why =
          placeKind === 'virtual'
            ? 'it was made on a virtual chip, which is no silicon'
            : passed
              ? 'it has no agent'
              : `not passed: ${failed.join(', ') || 'a check that is needed is missing'}`;
        face.tell(
          {
            event: 'silicon-report',
            chip,
            placeKind,
            way,
            passed,
            counts,
            failed,
            agentSha256: agentSha256 ?? null,
          },
          `${chip}, by ${way} at a place of the kind ${placeKind}: ${checks.length} checks, ${failed.length} failed`,
          counts
            ? `it lets the agent ${agentSha256!.slice(0, 16)} be locked in at level 2`
            : `it does not let an agent be locked in at level 2: ${why}`,
        );
      }),
    );
