// `firmseal silicon check`: compares the catalogue with the chip on a board, and
// writes a report to send back.

import { Command } from '@commander-js/extra-typings';
import { utf8 } from '@firmseal/bytes';
import { findChip, requireAgent } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { systemClock } from '@firmseal/link';
import { parsePlace } from '@firmseal/places';
import { checkSilicon, type SiliconCheck, siliconReportText } from '@firmseal/silicon';
import manifest from '../../../package.json' with { type: 'json' };
import { agentSha256 } from '../../agent-image.ts';
import { chipOption } from '../../chip-option.ts';
import type { Face } from '../../face.ts';
import { viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { examples } from '../../options.ts';
import { plugsOf } from '../../personalization/plugs.ts';
import { whatToWrite } from '../../personalization/what-to-write.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { keep, putBack, rehearse } from '../../silicon/rehearse.ts';
import { collectNearSockets } from '../../sockets.ts';

const tellCheck = (face: Face, check: SiliconCheck) => {
  const { name, outcome, expected, found = '', milliseconds = 0 } = check;
  face.tell(
    { event: 'check', ...check },
    `${outcome.padEnd(7)}  ${name.padEnd(15)}  ${found} (${milliseconds} ms)`,
    ...(outcome === 'fail' && expected !== undefined ? [`${' '.repeat(26)}expected: ${expected}`] : []),
  );
};

const resetText = 'Reset the chip now, with BOOT0 as it was at the start: its flash is put back then.';

const warning = (rehearsal: boolean): string =>
  rehearsal
    ? 'This erases the whole flash of the chip and changes its option bytes; at the end it puts back what it could ' +
      'read before. Readout level 1 and 2 are never set.'
    : 'This erases the last sector of the flash and changes the brown-out level; at the end it puts both back.';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .option('--socket <place>', 'the same chip for its agent; default: the --via', collectNearSockets)
    .option('--board <name>', 'board settings: a ready board, or a board.json')
    .requiredOption('--out <file>', 'where to write the report')
    .option('--no-rehearsal', 'leave out the agent: no personalization is rehearsed')
    .option('--with-uid', "put the chip's unique id into the report")
    .option('--confirm-erase', 'erase what the command says that it will erase')
    .addHelpText(
      'after',
      examples(
        'silicon check --chip stm32g0b1 --board nucleo-g0b1re --via serial:/dev/ttyACM0 --out report.json --confirm-erase',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { via, out, rehearsal, board, withUid = false } = options;
        const chip = findChip(options.chip);
        face.tell({ event: 'warning', text: warning(rehearsal) }, warning(rehearsal));
        if (options.confirmErase !== true) throw new Fault('erase-unconfirmed');
        refuseUnmakeable([out]);
        const { kind } = parsePlace(via);
        if (kind === 'station' || kind === 'written')
          throw new Fault('place-unfit', {
            ...{ option: '--via', place: via, reason: 'there is no chip at it' },
            expected: 'serial:, usb:, tcp:, probe:, openocd: or virtual:',
          });
        if (rehearsal) requireAgent(chip);
        const [plug] = rehearsal ? plugsOf([via], options.socket) : [];
        const { report, kept } = await withProgrammer(options, async (programmer) => ({
          report: await checkSilicon({
            ...{ programmer, clock: systemClock, placeKind: kind, now: new Date() },
            ...{
              firmsealVersion: manifest.version,
              withUniqueId: withUid,
              ...(board !== undefined && { board }),
            },
            onCheck: (check) => tellCheck(face, check),
          }),
          kept: rehearsal ? await keep(programmer) : undefined,
        }));
        const checks = [...report.checks];
        if (plug !== undefined && kept !== undefined) {
          const { agentImage: image, ...written } = whatToWrite(chip, 'machine-code', board);
          const check = await rehearse({ chip, ...plug, image, ...written });
          tellCheck(face, check);
          checks.push(check);
        }
        const agent = rehearsal ? { agentSha256: agentSha256(chip, 'machine-code') } : {};
        const text = siliconReportText({ ...report, ...agent, checks });
        writeNewFiles([{ path: out, parts: [utf8(text)] }]);
        const failed = checks.filter(({ outcome }) => outcome === 'fail').length;
        const onReset = () => face.tell({ event: 'reset-needed' }, resetText);
        if (kept !== undefined) await putBack({ via, chip, onReset }, kept);
        face.tell({ event: 'report', file: out, failed }, `${out}: the report; nothing in it is secret`);
        if (failed > 0) throw new Fault('silicon-check-failed', { failed, all: checks.length });
      }),
    );
