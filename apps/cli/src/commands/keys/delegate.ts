// `firmseal keys delegate`: the root signs that another key may act for a product.

import { Command, Option } from '@commander-js/extra-typings';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { makeDelegation, roles } from '@firmseal/formats';
import { makeStationDelegation } from '@firmseal/station';
import type { Face } from '../../face.ts';
import { examples, number, passphraseOption, productOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { withRootKey } from '../../root-key.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

interface StationOptions {
  readonly root: string;
  readonly passphraseFile?: string | undefined;
  readonly publicKey: Bytes;
  readonly role: 'station';
  readonly product: string;
  readonly epoch: number;
  readonly name?: string | undefined;
  readonly days: number;
  readonly out: string;
}

const daySeconds = 86_400;

/** A station is named and dated, and has no cap (spec/station.md section 1). */
async function delegateStation(face: Face, options: StationOptions): Promise<void> {
  const { publicKey, role, product, epoch, name, days, out } = options;
  if (name === undefined)
    throw new Fault('station-option-missing', { option: '--name', purpose: 'delegate a station' });
  const notBeforeSeconds = Math.floor(Date.now() / 1000);
  const notAfterSeconds = notBeforeSeconds + days * daySeconds;
  const delegation = await withRootKey(face, options, (root) =>
    makeStationDelegation(nodeCrypto, root, {
      ...{ publicKey, product, name, epoch, notBeforeSeconds, notAfterSeconds },
    }),
  );
  writeNewFiles([{ path: out, parts: [delegation] }]);
  face.tell(
    { event: 'delegated', file: out, role, name, product, epoch, notBeforeSeconds, notAfterSeconds },
    `${out}: station ${name} for ${product}, to ${showTime(notAfterSeconds * 1000)}, epoch ${epoch}`,
  );
}

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--root <file>', 'the root key')
    .requiredOption('--key <file>', 'public key of the delegate (FILE.pub)')
    .addOption(
      new Option('--role <role>', 'what the delegate may do')
        .choices([...roles, 'station'])
        .makeOptionMandatory(),
    )
    .addOption(productOption())
    .option(
      '--counter-cap <number>',
      'highest security counter that the delegate may sign for',
      number(),
      2147483647,
    )
    .option('--epoch <number>', 'epoch in which the delegation is made', number(), 0)
    .option('--name <name>', 'with --role station: what people call the station')
    .option(
      '--days <number>',
      'with --role station: how long the delegation holds',
      number({ least: 1, most: 3650 }),
      365,
    )
    .requiredOption('--out <file>', 'where to write the delegation')
    .addOption(passphraseOption('the root key'))
    .addHelpText(
      'after',
      examples(
        'keys delegate --root root.key --key signer.key.pub --role package-signer --product panel --out signer.delegation',
        'keys delegate --root root.key --key station.key.pub --role station --name bench-1 --days 90 \\\n' +
          '      --product panel --out station.delegation',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { key, role, product, counterCap, epoch, out } = options;
        refuseUnmakeable([out]);
        const publicKey = readPublicKey(key);
        if (role === 'station') {
          await delegateStation(face, { ...options, role, publicKey });
          return;
        }
        const delegation = await withRootKey(face, options, (root) =>
          makeDelegation(nodeCrypto, root, { role, publicKey, product, counterCap, epoch }),
        );
        writeNewFiles([{ path: out, parts: [delegation] }]);
        face.tell(
          { event: 'delegated', file: out, role, product, counterCap, epoch },
          `${out}: ${role} for ${product}, counters up to ${counterCap}, epoch ${epoch}`,
        );
      }),
    );
