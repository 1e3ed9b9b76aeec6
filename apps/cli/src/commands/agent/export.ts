// `firmseal agent export`: the agent's machine code as a file that any programmer writes, with the
// command lines of the programmers that people have. The chip must start the agent afterwards: on some
// chips by option bytes, which are named. The lines are programmer-lines.ts. The shipped agent
// is the same for every owner: the anchor's data in the file name the owner who is given,
// whose agents the chip then takes.

import { Command, Option } from '@commander-js/extra-typings';
import { type AnchorOwner, anchorPart } from '@firmseal/agent-image';
import { toHex, utf8 } from '@firmseal/bytes';
import { type Chip, fieldMask, finalOptions, findChip, hexAddress, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { intelHexLines } from '@firmseal/image';
import { newEnrolment } from '@firmseal/personalization';
import { chipOption } from '../../chip-option.ts';
import { examples, number, productName } from '../../options.ts';
import { agentOwnerOf } from '../../personalization/agent-owner.ts';
import { enrolmentCsv, seggerList } from '../../personalization/enrolment-list.ts';
import { whatToWrite } from '../../personalization/what-to-write.ts';
import { bootFields, commandLines } from '../../programmer-lines.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

/** The option bytes that protect an enrolled chip, by the names of the reference manual. */
function protectionLines(chip: Chip): string[] {
  return finalOptions(chip, 2).flatMap(({ register, mask, value }) =>
    chip.options.registers[register]!.fields.filter((field) => (fieldMask(field) & mask) !== 0).map(
      (field) => {
        const asked = ((fieldMask(field) & mask) >>> 0) >>> field.lsb;
        const set = ((fieldMask(field) & value) >>> 0) >>> field.lsb;
        const isWhole = (fieldMask(field) & mask) >>> 0 === fieldMask(field);
        return `  ${field.name}${isWhole ? '' : `, bits 0x${asked.toString(16)}`} = 0x${set.toString(16)}`;
      },
    ),
  );
}

/** What the programming house is told. */
function enrolmentLines(chip: Chip, list: string, segger: string, count: number): string[] {
  const address = hexAddress(chip.layout.journal[1].addressStart);
  return [
    `${list}: ${count} single-use secrets, one row a chip; its bytes go to ${address} beside the agent.`,
    `${segger}: the same bytes as a serial number list for a SEGGER Flasher: address ${address}, length 64.`,
    'Then the chip is protected for good with these option bytes, the readout level last:',
    ...protectionLines(chip),
    'Keep both files as secret as keys: who reads a row before the first contact of its chip can pose as that chip.',
  ];
}

/**
 * Anchor, agent and the anchor's data, where a board is named its settings too, as Intel HEX. The data
 * measure the agent; without an owner a chip that is written so takes no other agent.
 */
function hexOf(chip: Chip, board: string | undefined, owner: AnchorOwner | undefined): Uint8Array {
  const { agentImage } = whatToWrite(chip, 'machine-code', board);
  const parts = [...agentImage, anchorPart(nodeCrypto, agentImage, { chip, owner })]
    .map(({ address, bytes }) => ({ address, bytes: new Uint8Array(bytes) }))
    .sort((a, b) => a.address - b.address);
  return utf8([...intelHexLines(parts)].join(''));
}

/** Whose agents a chip takes that is written with the file. */
function ownerLines(owner: AnchorOwner | undefined, rootKey: string | undefined): string[] {
  if (owner === undefined)
    return [
      'It names no root: a chip that is written with it keeps this agent for good, and takes none from `firmseal agent seal` or `agent load`.',
      'For chips whose agent can be replaced, export it with `--root-key` and `--product`.',
    ];
  const { product, epoch, agentDelegation } = owner;
  const signer = agentDelegation === undefined ? '' : ', and starts the agents of its agent signer sooner';
  return [
    `It names the root of ${rootKey} and the product ${product}, from epoch ${epoch} on: a chip that is written with it takes other agents of that owner${signer}.`,
    'Personalize such chips with the same root, product and epoch.',
  ];
}

const ownerEvent = (owner: AnchorOwner) => ({
  rootSha256: toHex(nodeCrypto.sha256(owner.rootPublicKey)),
  product: owner.product,
  epoch: owner.epoch,
  agentSigner: owner.agentDelegation !== undefined,
});

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .option('--board <name>', 'board settings beside the agent: a ready board, or a board.json')
    .requiredOption('--out <file>', 'where to write the agent, Intel HEX')
    .option('--root-key <file>', "the root's public key: the chips take other agents that it signed for")
    .addOption(new Option('--product <name>', 'with --root-key: product of the chips').argParser(productName))
    .option('--epoch <number>', 'with --root-key: epoch that the chips start with', number(), 0)
    .option(
      '--agent-delegation <file>',
      "with --root-key: the agent signer's delegation; chips start his agents sooner (docs/agent-update.md)",
    )
    .option(
      '--enrol <number>',
      'secrets for that many chips, for a programming house that holds no key: OUT.enrolment.csv and OUT.snlist.txt',
      number({ least: 1, most: 100_000 }),
    )
    .addHelpText(
      'after',
      examples(
        'agent export --chip stm32f427 --root-key root.key.pub --product panel --out agent.hex',
        'agent export --chip stm32u575 --board nucleo-u575zi-q --root-key root.key.pub --product panel \\\n' +
          '      --out agent.hex --enrol 500',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { chip: id, board, out, enrol } = options;
        const chip = findChip(id);
        requireAgent(chip);
        if (enrol !== undefined && !chip.hasRandomGenerator)
          throw new Fault('unwitnessed-needs-generator', { chip: chip.id });
        const owner = agentOwnerOf(options);
        const hex = hexOf(chip, board, owner);
        const [list, segger] = [`${out}.enrolment.csv`, `${out}.snlist.txt`];
        const enrolments = Array.from({ length: enrol ?? 0 }, () => newEnrolment(nodeCrypto));
        const secret = { mode: 0o600 };
        const files = [
          { path: out, parts: [hex] },
          ...(enrol === undefined
            ? []
            : [
                { path: list, parts: [utf8(enrolmentCsv(chip, enrolments))], ...secret },
                { path: segger, parts: [utf8(seggerList(enrolments))], ...secret },
              ]),
        ];
        refuseUnmakeable(files.map(({ path }) => path));
        writeNewFiles(files);
        const fields = bootFields(chip);
        face.tell(
          {
            ...{ event: 'agent-exported', chip: chip.id, file: out, bootOptions: fields },
            ...(owner === undefined ? {} : { owner: ownerEvent(owner) }),
            ...(enrol === undefined ? {} : { enrolmentList: list, serialNumberList: segger }),
          },
          `${out}: anchor and agent of ${chip.id} in machine code, from ${hexAddress(chip.layout.anchor.addressStart)} and ${hexAddress(chip.layout.agent.addressStart)}`,
          ...ownerLines(owner, options.rootKey),
          '',
          ...commandLines(chip, out, fields),
          '',
          ...(fields.length === 0
            ? ['The chip starts the agent with the option bytes of a blank part.']
            : [
                'The chip starts the agent once these option bytes hold; stlink-tools and J-Link Commander do not set them:',
                ...fields.map(({ name, value }) => `  ${name} = 0x${value.toString(16)}`),
              ]),
          '',
          ...(enrol === undefined
            ? [
                'Then `firmseal personalize --via written` makes the identity. You must trust the person who wrote the agent.',
              ]
            : enrolmentLines(chip, list, segger, enrol)),
        );
      }),
    );
