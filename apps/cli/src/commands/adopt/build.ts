// `firmseal adopt build`: the adoption image for a kind of board, as the owner's bootloader or application
// writes it; with --enrol one image for each chip, with a secret of its own.

import { Command } from '@commander-js/extra-typings';
import { utf8 } from '@firmseal/bytes';
import { findChip, hexAddress, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import {
  adoptionImage,
  type Enrolment,
  encodeEnrolment,
  newEnrolment,
  planAdoption,
} from '@firmseal/personalization';
import { applicationOption, bootloaderOption, placeOption, soldBoard } from '../../adoption/board-options.ts';
import { adopterCode, contentFor, partsFor } from '../../adoption/content.ts';
import { planData, planLines } from '../../adoption/plan-view.ts';
import { chipOption } from '../../chip-option.ts';
import { readInput } from '../../files.ts';
import { collect, examples, level, number, productOption, rootKeyOption } from '../../options.ts';
import { enrolmentCsv } from '../../personalization/enrolment-list.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

/** `adoption.bin` and the image of the third chip: `adoption-0003.bin`. */
const fileOf = (out: string, index: number): string =>
  out.replace(/(\.[^./\\]*)?$/, (ending) => `-${String(index + 1).padStart(4, '0')}${ending}`);

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .option('--board <name>', 'board settings beside the agent: a ready board, or a board.json')
    .addOption(productOption())
    .addOption(rootKeyOption())
    .option('--agent-delegation <file>', "the agent signer's delegation: chips start his agents sooner")
    .option('--epoch <number>', 'epoch that the chip starts with', number(), 0)
    .option('--level <level>', 'readout level of the boards as they were sold', level, 0 as 0 | 1 | 2)
    .addOption(bootloaderOption().makeOptionMandatory())
    .addOption(placeOption().makeOptionMandatory())
    .addOption(applicationOption())
    .option('--option <field=value>', 'an option byte that is not as on a blank part (repeat)', collect)
    .option(
      '--enrol <number>',
      'an image for each of that many chips, with a secret of its own; each sets level 2, for good',
      number({ least: 1, most: 10_000 }),
    )
    .option('--confirm-permanent', 'required with --enrol: level 2 can never be undone')
    .requiredOption('--out <file>', 'where to write the image, raw bytes for the first address of --place')
    .addHelpText(
      'after',
      examples(
        'adopt build --chip stm32h743 --product panel --root-key root.key.pub \\\n' +
          '      --bootloader 0x08000000..0x0801FFFF --place 0x08020000..0x0803FFFF --out adoption.bin',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { chip: id, product, epoch, out, enrol, board: boardName, option = [] } = options;
        const locks = enrol !== undefined;
        if (locks && options.confirmPermanent !== true) throw new Fault('permanent-unconfirmed');
        const chip = findChip(id);
        requireAgent(chip);
        const board = soldBoard(chip, { ...options, options: option });
        const first = planAdoption(board, contentFor(chip, boardName, locks));
        if (!first.possible) {
          face.tell(
            { event: 'adoption-plan', chip: chip.id, ...planData(first) },
            `${chip.id}: must come back`,
            ...planLines(chip, first).map((line) => `  ${line}`),
          );
          throw new Fault('adoption-impossible', { cannot: 1, all: 1 });
        }
        const agentDelegation =
          options.agentDelegation === undefined ? undefined : readInput(options.agentDelegation);
        const owner = { rootPublicKey: readPublicKey(options.rootKey), product, epoch, agentDelegation };
        const parts = partsFor(chip, boardName, owner);
        const code = adopterCode(chip);
        const imageWith = (secret?: Enrolment) => {
          const block = secret === undefined ? [] : [encodeEnrolment(secret)];
          const address = chip.layout.journal[1].addressStart;
          const all = [...parts, ...block.map((bytes) => ({ address, bytes }))];
          const plan = planAdoption(board, { adopterBytes: code.length, parts: all, locks });
          if (!plan.possible) throw new Fault('adoption-impossible', { cannot: 1, all: 1 });
          return adoptionImage(chip, code, { address: board.place.addressStart, steps: plan.steps });
        };
        const secrets = Array.from({ length: enrol ?? 0 }, () => newEnrolment(nodeCrypto));
        const list = `${out}.enrolment.csv`;
        const secret = { mode: 0o600 };
        const files = locks
          ? [
              ...secrets.map((one, i) => ({ path: fileOf(out, i), parts: [imageWith(one)], ...secret })),
              { path: list, parts: [utf8(enrolmentCsv(chip, secrets))], ...secret },
            ]
          : [{ path: out, parts: [imageWith()] }];
        refuseUnmakeable(files.map(({ path }) => path));
        writeNewFiles(files);
        face.tell(
          {
            ...{ event: 'adoption-built', chip: chip.id, files: files.map(({ path }) => path) },
            ...{ address: board.place.addressStart, ...planData(first) },
          },
          `${files[0]!.path}${locks ? ` and ${files.length - 1} more` : ''}: adoption image of ${chip.id} for ${hexAddress(board.place.addressStart)}`,
          ...planLines(chip, first).map((line) => `  ${line}`),
          '',
          ...(locks
            ? [
                `${list}: the secrets, in the order of the images. Each image goes to one chip, encrypted on its way.`,
                'At first contact: `firmseal personalize --via written --enrolment-list`.',
              ]
            : [
                'Afterwards: `firmseal personalize --via written --unwitnessed`, over the cable of each board.',
              ]),
          'No chip of silicon was ever taken over so: try it on boards that may be lost.',
        );
      }),
    );
