// `firmseal agent seal`: a package that replaces the agent in chips of the field. Two keys sign: the agent
// signer what the chip's anchor checks at each boot (spec/agent-image.md), the package signer the package.

import { Command, Option } from '@commander-js/extra-typings';
import { signAgentImage } from '@firmseal/agent-image';
import type { Bytes } from '@firmseal/bytes';
import { agentHeaderBytes, agentVersion, type Chip, findChip, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { refuseKnownTestKeys, signerOf } from '@firmseal/keys';
import { protectedReadoutLevel, type SealArea, type SealInputs } from '@firmseal/seal';
import { agentCodeOf, agentCodeOfFile } from '../../agent-code.ts';
import { agentBuildNames } from '../../agent-image.ts';
import { chipOption } from '../../chip-option.ts';
import type { Face } from '../../face.ts';
import { readInput } from '../../files.ts';
import { collect, examples, number, passphraseOption, productOption, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import { sealFor } from '../../seal-for.ts';
import { withKey } from '../../secret-files.ts';
import type { Shell } from '../../shell.ts';

const chunkBytes = 4096;

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(productOption())
    .requiredOption('--agent-signer <file>', 'the agent signer key')
    .requiredOption('--agent-delegation <file>', "the agent signer's delegation")
    .requiredOption('--signer <file>', 'the package signer key')
    .requiredOption('--delegation <file>', "the package signer's delegation")
    .addOption(rootKeyOption())
    .requiredOption('--authority-key <file>', 'public KEM key of the authority that will issue licenses')
    .option('--out <file>', 'the package; its content key goes, wrapped, to FILE.key', 'agent.seal')
    .option(
      '--counter <number>',
      'counter of the agent: a chip takes a higher one than its own agent has; by default the version',
      number({ least: 1 }),
    )
    .addOption(
      new Option('--build <kind>', 'which agent of this installation; virtual chips play webassembly')
        .choices(agentBuildNames)
        .default('machine-code' as const),
    )
    .option('--image <file>', 'another agent: a file as `agent export` writes it, with --agent-version')
    .option('--agent-version <number>', 'version that the agent of --image says', number({ least: 1 }))
    .option('--epoch-statement <file>', 'epoch statement to carry along')
    .option(
      '--succession <file>',
      'succession of the root, from the root of personalization on, oldest first (repeat)',
      collect,
      [],
    )
    .addOption(passphraseOption('the package signer key, and of the agent signer key'))
    .option(
      '--agent-passphrase-file <file>',
      'first line is the passphrase of the agent signer key, where it has another one',
    )
    .addHelpText(
      'after',
      examples(
        'agent seal',
        'agent seal --chip stm32f427 --product panel --root-key root.key.pub \\\n' +
          '      --agent-signer agent.key --agent-delegation agent.delegation \\\n' +
          '      --signer signer.key --delegation signer.delegation --authority-key authority/kem.key.pub',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { out, image, build, chip: id } = options;
        const chip = findChip(id);
        requireAgent(chip);
        if (image !== undefined && options.agentVersion === undefined)
          throw new Fault('agent-version-needed', { file: image });
        const version = options.agentVersion ?? agentVersion;
        const counter = options.counter ?? version;
        refuseUnmakeable([`${out}.key`, out]);
        const code = image === undefined ? agentCodeOf(chip, build) : agentCodeOfFile(chip, image);
        const signed = await signAgent(face, { code, chip, version, counter }, options);
        const { parts, wrappedKey } = await sealFor(
          face,
          contentOf(chip, signed, { version, counter }, options.product),
          options,
        );
        writeNewFiles([
          { path: `${out}.key`, parts: [wrappedKey], mode: 0o600 },
          { path: out, parts },
        ]);
        const { product } = options;
        face.tell(
          {
            event: 'agent-sealed',
            package: out,
            contentKey: `${out}.key`,
            product,
            chip: chip.id,
            version,
            counter,
          },
          `${out}: agent ${version} of ${product} for ${chip.id}, counter ${counter}`,
          `${out}.key: its content key, readable by the authority only`,
          '  next: open a job for it with `firmseal job open`, and install it like firmware',
        );
      }),
    );

type AgentSealOptions = ReturnType<ReturnType<typeof command>['opts']>;

interface Agent {
  readonly code: Bytes;
  readonly chip: Chip;
  readonly version: number;
  readonly counter: number;
}

/** Header, proof and code, as the chip will have them. */
function signAgent(
  face: Face,
  { code, chip, version, counter }: Agent,
  options: AgentSealOptions,
): Promise<Bytes> {
  const { agentSigner: file, product } = options;
  const rootPublicKey = readPublicKey(options.rootKey);
  const delegation = readInput(options.agentDelegation);
  const successions = options.succession.map(readInput);
  const passphraseFile = options.agentPassphraseFile ?? options.passphraseFile;
  const what = { file, role: 'agent-signer', what: 'the agent signer key', passphraseFile } as const;
  return withKey(face, what, (key) => {
    for (const publicKey of [rootPublicKey, key.publicKey]) refuseKnownTestKeys(publicKey);
    return signAgentImage(nodeCrypto, signerOf(nodeCrypto, key), {
      ...{ code, product, chipId: chip.id, agentVersion: version, counter },
      ...{ delegation, successions, rootPublicKey },
    });
  });
}

function contentOf(
  chip: Chip,
  image: Bytes,
  { version, counter }: { version: number; counter: number },
  product: string,
): Pick<SealInputs, 'core' | 'areas'> {
  const { addressStart: address } = chip.layout.agentCopy;
  const area: SealArea['area'] = {
    ...{ kind: 'agent', address, lengthBytes: image.length, agentCounter: counter },
  };
  return {
    core: {
      ...{ product, chips: [chip.id], firmwareVersion: `agent ${version}`, securityCounter: 0 },
      ...{ chunkSizeBytes: chunkBytes, entry: address + agentHeaderBytes, optionBytes: [] },
      leastReadoutLevel: protectedReadoutLevel([chip]),
      ...{ interruption: 'erase', leastAgentVersion: 0, bootCheck: 'record' },
    },
    areas: [{ area, plaintext: image }],
  };
}
