// `firmseal keys show`: what a key file, delegation or epoch statement says, told apart by
// its content. Nothing secret.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { readDelegationUnverified, readEpochStatementUnverified } from '@firmseal/formats';
import { inspectKeyFile } from '@firmseal/keys';
import { readInput } from '../../files.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

type Description = Readonly<Record<string, string | number>> & { readonly kind: string };

const brace = 0x7b;

async function describe(file: string): Promise<Description> {
  const bytes = readInput(file);
  if (bytes[0] === brace) {
    const { role, created, publicKey } = await inspectKeyFile(file);
    return { kind: 'key', role, created, publicKey: toHex(publicKey) };
  }
  try {
    const delegation = readDelegationUnverified(nodeCrypto, bytes);
    return { kind: 'delegation', ...delegation, publicKey: toHex(delegation.publicKey) };
  } catch (cause) {
    try {
      return { kind: 'epoch statement', ...readEpochStatementUnverified(bytes) };
    } catch {
      throw cause;
    }
  }
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'key file, delegation or epoch statement')
    .addHelpText('after', examples('keys show root.key', 'keys show signer.delegation --json'))
    .action(
      runs(shell, async (face, file) => {
        const description = await describe(file);
        face.tell(
          { event: 'described', file, ...description },
          ...Object.entries(description).map(([name, value]) => `${name.padEnd(12)} ${value}`),
        );
      }),
    );
