// `firmseal sfi check`: image, option bytes, tool, card and chip, before a license is drawn.

import { Command } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { familyOfPart } from '@firmseal/sfi';
import { tellFindings } from '../../doctor/tell-findings.ts';
import { readInput, readText } from '../../files.ts';
import { examples, number } from '../../options.ts';
import { runs } from '../../runs.ts';
import { checkImage, checkOptionFile } from '../../sfi/check-image.ts';
import { checkStation } from '../../sfi/check-station.ts';
import { optionBytesOption } from '../../sfi/expectation.ts';
import { stToolName, stToolPath, toolAt } from '../../sfi/run-tool.ts';
import { portOption, toolPort } from '../../sfi/tool-port.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<image>', 'the .sfi image')
    .requiredOption('--chip <part>', 'the part, as on its package', partOption)
    .addOption(optionBytesOption())
    .addOption(portOption())
    .option('--slot <number>', 'slot of the card reader', number({ most: 999 }))
    .option('--rsse <file>', "ST's RSSe file that the install will use")
    .option('--tool <program>', "ST's STM32_Programmer_CLI; by default on the PATH or where ST installs it")
    .addHelpText(
      'after',
      `
Without --via nothing but files is looked at. No license is drawn and no chip is changed. firmseal was never run
against ST's tools.
${examples('sfi check panel.sfi --chip stm32u575 --option-bytes panel-options.csv', 'sfi check panel.sfi --chip STM32H573II --via swd --slot 1 --rsse rsse.bin')}`,
    )
    .action(
      runs(shell, async (face, path, options) => {
        const { chip: part, via, slot, rsse, optionBytes } = options;
        const family = familyOfPart(part);
        if (rsse !== undefined) readInput(rsse);
        const findings = [...checkImage(readInput(path), part)];
        const optionFile =
          optionBytes === undefined ? undefined : checkOptionFile(readText(optionBytes), family);
        findings.push(...(optionFile?.findings ?? []));
        if (family.orderCodeDecides)
          findings.push({
            check: 'part',
            state: 'note',
            says: `${family.name}: the order code decides whether the ROM has the installer`,
            remedy: "Compare the order code with AN4992's list.",
          });
        if (via !== undefined) {
          const program = stToolPath(options.tool, shell.environment['PATH']);
          findings.push(
            ...(await checkStation({
              tool: toolAt({ program, name: stToolName }),
              program,
              port: await toolPort(via),
              family,
              slot,
              rsse,
              meanings: optionFile?.meanings,
            })),
          );
        }
        const problems = tellFindings(face, findings);
        if (problems > 0) throw new Fault('sfi-check-failed', { problems });
      }),
    );

/** A part whose ROM has the installer. Throws what familyOfPart does. */
function partOption(part: string): string {
  familyOfPart(part);
  return part;
}
