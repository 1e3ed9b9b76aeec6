// `firmseal doctor`: looks at this machine, its cables and the way to the authority, and says what is in the
// way of a chip, each with its remedy. Nothing is changed but the file of rules that was asked for.

import { Command } from '@commander-js/extra-typings';
import { readAuthorityAddress } from '@firmseal/authority-client';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { writeNewFiles } from '@firmseal/files';
import { thisMachine } from '../doctor/machine.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { tellFindings } from '../doctor/tell-findings.ts';
import { rulesCommands, udevRules } from '../doctor/udev-rules.ts';
import { examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .option('--authority <url>', 'address of an authority to reach')
    .option('--write-udev <file>', "write the rules that let Linux's users open bootloaders and probes")
    .addHelpText('after', examples('doctor', 'doctor --write-udev 70-firmseal.rules'))
    .action(
      runs(shell, async (face, { authority, writeUdev }) => {
        if (writeUdev !== undefined) {
          writeNewFiles([{ path: writeUdev, parts: [utf8(udevRules())] }]);
          face.tell(
            { event: 'rules-written', file: writeUdev, commands: rulesCommands(writeUdev) },
            `${writeUdev}: the rules. Then:`,
            ...rulesCommands(writeUdev).map((line) => `  ${line}`),
          );
          return;
        }
        if (authority !== undefined) readAuthorityAddress(authority);
        const findings = await runChecks(thisMachine(shell.environment), { authority });
        const problems = tellFindings(face, findings);
        if (problems > 0) throw new Fault('machine-not-ready', { problems });
      }),
    );
