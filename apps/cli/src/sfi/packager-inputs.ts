// What ST's Trusted Package Creator needs to make an .sfi image of the same firmware, for `firmseal seal
// --also-sfi`: the firmware as Intel HEX, a fresh key and nonce, and a page with the command
// lines. The format lets one nonce serve two images, which gives their difference away; a
// fresh one for each image does not.

import { basename, join } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import { type Chip, hexAddress } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { NewFile } from '@firmseal/files';
import { intelHexLines, type Segment } from '@firmseal/image';
import { familyOfPart } from '@firmseal/sfi';
import { openOutputFolder } from '../output-folder.ts';

const keyBytes = 16;
const nonceBytes = 12;
const mostVersion = 255;

const names = ['firmware.hex', 'image.key', 'image.nonce', 'commands.md'] as const;

export interface PackagerInputs {
  readonly folder: string;
  readonly chip: Chip;
  readonly counter: number;
  readonly segments: readonly Segment[];
  readonly entry: number;
  readonly leastReadoutLevel: number;
}

export const packagerPaths = (folder: string): string[] => names.map((name) => join(folder, name));

/**
 * Makes the folder. Before anything else, so that nothing is sealed that has no place. Throws
 * `sfi-part-without-installer`, `sfi-version-too-large`, and what writing there would throw.
 */
export function preparePackagerFolder(folder: string, chip: Chip, counter: number): void {
  familyOfPart(chip.id);
  if (counter > mostVersion) throw new Fault('sfi-version-too-large', { counter });
  openOutputFolder(folder, names[0]);
}

const idOf = (chip: Chip): string => `0x${(chip.debug.idCode & 0xfff).toString(16).toUpperCase()}`;

function page({ folder, chip, counter, entry, leastReadoutLevel }: PackagerInputs): string {
  const family = familyOfPart(chip.id);
  const name = basename(folder);
  const rsse = family.rsse ? ' --rsse RSSE' : '';
  return `# The same firmware for ST's installer

Made by firmseal for ${chip.id}, image version ${counter}. **firmseal was never run against ST's tools**: compare each
line with AN5054 before you use it. \`firmware.hex\`, \`image.key\` and \`image.nonce\` are secret.

1. \`options.csv\`: copy the example of your part from SFI_OB_CSV_FILES, which comes with ST's packager; keep order
   and number of its rows. Set what your package asks for: readout level ${leastReadoutLevel} at least
   (${family.stateField}), and a boot address of ${hexAddress(entry)}. Then look at it:

       firmseal sfi inspect options.csv --chip ${chip.id}

2. The image. RAM_SIZE is the value that the packager's own documents give for your part:

       STM32TrustedPackageCreator_CLI -sfi -devid ${idOf(chip)} -fir firmware.hex -k image.key -n image.nonce -ob options.csv -v ${counter} -rs RAM_SIZE -o ${name}.sfi
       firmseal sfi inspect ${name}.sfi

3. The card, once; it is locked afterwards, so count first. PERSO is the personalization file whose name begins with the
   product id of your chips:

       STM32TrustedPackageCreator_CLI -hsm -i 1 -k image.key -n image.nonce -id ${name} -mc 500 -pd PERSO

4. The chips:

       firmseal sfi check ${name}.sfi --chip ${chip.id} --option-bytes options.csv --via swd --slot 1${rsse}
       firmseal sfi install ${name}.sfi --chip ${chip.id} --option-bytes options.csv --via swd --license slot=1${rsse} --books ${name}-books --quota 500
`;
}

/** The files, to be written together with the package. */
export function packagerFiles(inputs: PackagerInputs): NewFile[] {
  const [firmware, key, nonce, commands] = packagerPaths(inputs.folder);
  const secret = (path: string, part: Uint8Array): NewFile => ({ path, parts: [part], mode: 0o600 });
  return [
    secret(firmware!, utf8([...intelHexLines(inputs.segments)].join(''))),
    secret(key!, nodeCrypto.randomBytes(keyBytes)),
    secret(nonce!, nodeCrypto.randomBytes(nonceBytes)),
    { path: commands!, parts: [utf8(page(inputs))] },
  ];
}
