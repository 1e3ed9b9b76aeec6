// `firmseal seal`: an image file becomes a package and, beside it, the content key wrapped for the authority.

import { parse } from 'node:path';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { type Chip, findChip, hexAddress, type ReadoutLevel, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { imageFormats } from '@firmseal/image';
import {
  type Area,
  checkPolicy,
  checkTrialRoom,
  chunkSizes,
  planAreas,
  policyRequirements,
  protectedReadoutLevel,
  type SealInputs,
} from '@firmseal/seal';
import { chipOption } from '../chip-option.ts';
import { readInput } from '../files.ts';
import { readImageFile } from '../image-file.ts';
import {
  address,
  collect,
  entryOption,
  examples,
  level,
  number,
  passphraseOption,
  productOption,
  rootKeyOption,
  toNumber,
} from '../options.ts';
import { runs } from '../runs.ts';
import { sealFor } from '../seal-for.ts';
import { packagerFiles, packagerPaths, preparePackagerFolder } from '../sfi/packager-inputs.ts';
import type { Shell } from '../shell.ts';

const chunkNames = chunkSizes.map(String) as `${(typeof chunkSizes)[number]}`[];
const highestAddress = 0xffff_ffff;

/** `ADDRESS:LENGTH`, and the words that follow. */
function readRange(text: string, mostWords: number) {
  const [start = '', length = '', ...rest] = text.split(':');
  const place = toNumber(start, { most: highestAddress });
  const lengthBytes = toNumber(length, { least: 1 });
  if (place === undefined || lengthBytes === undefined || rest.length > mostWords) return undefined;
  return { place: { address: place, lengthBytes }, rest };
}

function collectGenerated(text: string, all: Area[] = []): Area[] {
  const found = readRange(text, 1);
  const onUpdate = found?.rest[0] ?? 'keep';
  if (found === undefined || (onUpdate !== 'keep' && onUpdate !== 'renew'))
    throw new InvalidArgumentError('It must be ADDRESS:LENGTH, and may end in :keep or :renew.');
  return [...all, { kind: 'generated-keys', ...found.place, onUpdate }];
}

function collectDeviceData(text: string, all: Area[] = []): Area[] {
  const found = readRange(text, 0);
  if (found === undefined) throw new InvalidArgumentError('It must be ADDRESS:LENGTH.');
  return [...all, { kind: 'device-data', ...found.place }];
}

function collectField(text: string, all: Record<string, number> = {}): Record<string, number> {
  const [, name, digits = ''] = /^(\w+)=(.+)$/.exec(text) ?? [];
  const value = toNumber(digits, { most: highestAddress });
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be NAME=NUMBER.');
  return { ...all, [name]: value };
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<image>', 'firmware: ELF, Intel HEX, S-record, raw binary or DFU')
    .addOption(chipOption())
    .addOption(productOption())
    .requiredOption('--firmware-version <text>', 'version that people read')
    .requiredOption(
      '--counter <number>',
      'security counter: a chip never goes back below the highest it installed',
      number(),
    )
    .requiredOption('--signer <file>', 'the package signer key')
    .requiredOption('--delegation <file>', "the signer's delegation")
    .addOption(rootKeyOption())
    .requiredOption('--authority-key <file>', 'public KEM key of the authority that will issue licenses')
    .option(
      '--out <file>',
      'the package, by default the name of the image with .seal; its content key goes, wrapped, to FILE.key',
    )
    .option('--address <number>', 'address of a raw binary', address)
    .addOption(entryOption())
    .addOption(
      new Option('--format <name>', 'format of the image, when its content does not tell').choices(
        imageFormats,
      ),
    )
    .addOption(
      new Option('--chunk <bytes>', 'bytes in a record').choices(chunkNames).default('4096' as const),
    )
    .addOption(
      new Option('--interruption <policy>', 'what a chip does with an install that was interrupted')
        .choices(['erase', 'resume', 'trial'])
        .default('erase' as const),
    )
    .addOption(
      new Option(
        '--boot-check <kind>',
        'what is checked at each boot: the record, or a digest of the firmware',
      )
        .choices(['record', 'digest'])
        .default('record' as const),
    )
    .option(
      '--least-level <level>',
      'least readout protection of the chip: 0, 1 or 2; by default what the chip needs to keep its promises',
      level,
    )
    .option('--option <name=value>', 'option-byte field that the chip must have (repeat)', collectField)
    .option(
      '--generated <address:length[:keep|renew]>',
      'area that the chip fills with random keys; multiples of 32 (repeat)',
      collectGenerated,
    )
    .option(
      '--device-data <address:length>',
      'area filled from per-device data in the license; multiples of 32 (repeat)',
      collectDeviceData,
    )
    .option('--epoch-statement <file>', 'epoch statement to carry along')
    .option(
      '--succession <file>',
      'succession of the root to carry along, oldest first (repeat)',
      collect,
      [],
    )
    .option(
      '--also-sfi <folder>',
      "write what ST's packager needs for the same firmware, and its command lines, into this folder",
    )
    .option(
      '--for-station',
      'for chips without agent, which a station writes (`install --unproven`): no agent takes the package',
    )
    .option('--sbom <file>', 'software bill of materials; its SHA-256 is signed')
    .option('--allow-open', 'let the package install on chips that can be read out (level 0)')
    .option(
      '--allow-unprotected',
      'let the package install below the level at which the chip keeps its promises',
    )
    .option(
      '--allow-repairable',
      'let the package install at a level that can be taken back for repair (chips that have such a tier)',
    )
    .option('--allow-irreversible', 'let the package set option bytes that cannot be set back')
    .addOption(passphraseOption('the signer key'))
    .addHelpText(
      'after',
      examples(
        'seal panel.elf --chip stm32f427 --product panel --firmware-version 1.0.0 --counter 1 \\\n' +
          '      --root-key root.key.pub --signer signer.key --delegation signer.delegation \\\n' +
          '      --authority-key authority/kem.key.pub --out panel.seal',
      ),
    )
    .action(
      runs(shell, async (face, path, options) => {
        const out = options.out ?? `${parse(path).name}.seal`;
        const keyFile = `${out}.key`;
        const { alsoSfi } = options;
        const chip = findChip(options.chip);
        const { forStation = false } = options;
        if (!forStation) requireAgent(chip);
        if (alsoSfi !== undefined) preparePackagerFolder(alsoSfi, chip, options.counter);
        refuseUnmakeable([keyFile, out, ...(alsoSfi === undefined ? [] : packagerPaths(alsoSfi))]);
        const { address: at, format, entry, generated = [], deviceData = [] } = options;
        const image = readImageFile(path, {
          ...(at === undefined ? {} : { address: at }),
          ...(format === undefined ? {} : { format }),
        });
        const plan = planAreas(image.segments, chip, {
          otherAreas: [...generated, ...deviceData],
          ...(entry === undefined ? {} : { entry }),
          forStation,
        });
        const core = makeCore(chip, plan.entry, options);
        checkPolicy(core, [chip], options);
        checkTrialRoom(
          core,
          plan.areas.map(({ area }) => area),
          [chip],
        );
        const { parts, wrappedKey } = await sealFor(face, { core, areas: plan.areas }, options);
        writeNewFiles([
          { path: keyFile, parts: [wrappedKey], mode: 0o600 },
          { path: out, parts },
          ...(alsoSfi === undefined
            ? []
            : packagerFiles({
                folder: alsoSfi,
                chip,
                counter: options.counter,
                segments: image.segments,
                entry: plan.entry,
                leastReadoutLevel: core.leastReadoutLevel,
              })),
        ]);
        const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
        const { product, firmwareVersion } = core;
        face.tell(
          {
            event: 'sealed',
            ...{
              package: out,
              contentKey: keyFile,
              product,
              firmwareVersion,
              chip: chip.id,
              sizeBytes,
            },
            ...{ format: image.format, notes: image.notes, slot: plan.slot.name, entry: plan.entry },
            ...(alsoSfi === undefined ? {} : { packagerInputs: alsoSfi }),
          },
          `${out}: ${product} ${firmwareVersion} for ${chip.id}, ${sizeBytes} bytes, from ${image.format}`,
          ...image.notes.map((note) => `  ${note}`),
          ...(plan.slot.storeStart === plan.slot.linkStart
            ? []
            : [`  stored at ${hexAddress(plan.entry)}: ${plan.slot.meaning}`]),
          `${keyFile}: its content key, readable by the authority only`,
          ...(alsoSfi === undefined
            ? []
            : [
                `${alsoSfi}: for ST's packager, SECRET: firmware, key and nonce; commands.md says what to do`,
              ]),
        );
      }),
    );

type SealOptions = ReturnType<ReturnType<typeof command>['opts']>;

/** What the manifest says besides its areas. */
function makeCore(chip: Chip, entry: number, options: SealOptions): SealInputs['core'] {
  const { product, firmwareVersion, counter, chunk, interruption, bootCheck, leastLevel, sbom } = options;
  return {
    product,
    firmwareVersion,
    interruption,
    bootCheck,
    entry,
    chips: [chip.id],
    securityCounter: counter,
    chunkSizeBytes: chunkSizes.find((size) => String(size) === chunk)!,
    optionBytes: policyRequirements(chip, options.option ?? {}),
    leastReadoutLevel: (leastLevel ?? protectedReadoutLevel([chip])) as ReadoutLevel,
    leastAgentVersion: 0,
    ...(sbom === undefined ? {} : { sbomDigest: nodeCrypto.sha256(readInput(sbom)) }),
  };
}
