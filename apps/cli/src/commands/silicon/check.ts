// `firmseal silicon check`: compares the catalogue with the chip on a board, and
// writes a report to send back.

import { Command, Option } from '@commander-js/extra-typings';
import { utf8 } from '@firmseal/bytes';
import { findChip, requireAgent } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { systemClock } from '@firmseal/link';
import { parsePlace } from '@firmseal/places';
import { checkSilicon, type SiliconCheck, siliconReportText } from '@firmseal/silicon';
import manifest from '../../../package.json' with { type: 'json' };
import { agentBuildNames, agentSha256 } from '../../agent-image.ts';
import { chipOption } from '../../chip-option.ts';
import type { Face } from '../../face.ts';
import { viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { examples } from '../../options.ts';
import { plugsOf } from '../../personalization/plugs.ts';
import { whatToWrite } from '../../personalization/what-to-write.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { keep, openAgain, putBack } from '../../silicon/put-back.ts';
import { tryChip } from '../../silicon/trial.ts';
import { collectNearSockets } from '../../sockets.ts';

const tellCheck = (face: Face, check: SiliconCheck) => {
  const { name, outcome, expected, found = '', milliseconds = 0 } = check;
  face.tell(
    { event: 'check', ...check },
    `${outcome.padEnd(7)}  ${name.padEnd(15)}  ${found} (${milliseconds} ms)`,
    ...(outcome === 'fail' && expected !== undefined ? [`${' '.repeat(26)}expected: ${expected}`] : []),
  );
};

const resetText = 'Reset the chip now, with BOOT0 as it was at the start: the check goes on then.';
const powerCutText =
  'Take the power off the chip now, in the middle of this install, and give it back after two seconds; BOOT0 stays as it is.';

const warnings = {
  alone:
    'This erases the last sector of the flash and changes the brown-out level; at the end it puts both back.',
  rehearsal:
    'This erases the whole flash of the chip and changes its option bytes; at the end it puts back what it could ' +
    'read before. Readout level 1 and 2 are never set.',
  sacrifice:
    'This erases the whole flash of the chip, and at the end sets readout level 2 FOR GOOD: the board is lost for ' +
    'anything but the keys of this check, which nobody keeps. Nothing is put back.',
} as const;

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .option('--socket <place>', 'the same chip for its agent; default: the --via', collectNearSockets)
    .option('--board <name>', 'board settings: a ready board, or a board.json')
    .requiredOption('--out <file>', 'where to write the report')
    .addOption(
      new Option(
        '--agent-build <name>',
        'what is rehearsed: machine code, which ships, or WebAssembly, on virtual chips',
      )
        .choices(agentBuildNames)
        .default('machine-code'),
    )
    .option('--no-rehearsal', 'leave out the agent: no personalization is rehearsed')
    .option('--no-installs', 'rehearse a personalization only: no install, update, or cut')
    .option('--power-cut', 'also ask somebody to cut the power in the middle of an install')
    .option(
      '--sacrifice',
      'at the end do all of it once more at readout level 2, for good: the board is lost',
    )
    .option('--confirm-permanent', 'required for --sacrifice')
    .option('--with-uid', "put the chip's unique id into the report")
    .option('--confirm-erase', 'erase what the command says that it will erase')
    .addHelpText(
      'after',
      examples(
        'silicon check --chip stm32g0b1 --board nucleo-g0b1re --via serial:/dev/ttyACM0 --out report.json --confirm-erase',
        'silicon check --chip stm32h743 --via probe:1-4.2 --socket serial:/dev/ttyACM0 --out report.json \\\n' +
          '      --confirm-erase --power-cut --sacrifice --confirm-permanent',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { via, out, rehearsal, board, withUid = false, agentBuild, sacrifice = false } = options;
        const chip = findChip(options.chip);
        const warning = warnings[sacrifice ? 'sacrifice' : rehearsal ? 'rehearsal' : 'alone'];
        face.tell({ event: 'warning', text: warning }, warning);
        if (sacrifice && !(rehearsal && options.installs)) throw new Fault('sacrifice-without-rehearsal');
        if (sacrifice && options.confirmPermanent !== true) throw new Fault('permanent-unconfirmed');
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
            ...{ firmsealVersion: manifest.version, withUniqueId: withUid },
            ...(board !== undefined && { board }),
            onCheck: (check) => tellCheck(face, check),
          }),
          kept: rehearsal && !sacrifice ? await keep(programmer) : undefined,
        }));
        const checks = [...report.checks];
        const onReset = () => face.tell({ event: 'reset-needed' }, resetText);
        if (plug !== undefined) {
          const { agentImage: image, board: _, ...written } = whatToWrite(chip, agentBuild, board);
          const onPowerCut = () => face.tell({ event: 'power-cut-needed' }, powerCutText);
          const trial = {
            ...{ chip, ...plug, image, ...written, installs: options.installs },
            ...(options.powerCut === true && { onPowerCut }),
            onCheck: (check: SiliconCheck) => tellCheck(face, check),
          };
          checks.push(...(await tryChip({ ...trial, level: 0 })));
          if (sacrifice && checks.every(({ outcome }) => outcome !== 'fail')) {
            await (await openAgain(via, chip, onReset)).close();
            checks.push(...(await tryChip({ ...trial, level: 2 })));
          }
        }
        const agent = rehearsal ? { agentSha256: agentSha256(chip, agentBuild) } : {};
        const text = siliconReportText({ ...report, ...agent, checks });
        writeNewFiles([{ path: out, parts: [utf8(text)] }]);
        const failed = checks.filter(({ outcome }) => outcome === 'fail').length;
        if (kept !== undefined) await putBack({ via, chip, onReset }, kept);
        face.tell({ event: 'report', file: out, failed }, `${out}: the report; nothing in it is secret`);
        if (failed > 0) throw new Fault('silicon-check-failed', { failed, all: checks.length });
      }),
    );
