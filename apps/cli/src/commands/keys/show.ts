// `firmseal keys show`: what a key file, delegation, epoch statement or succession says, told
// apart by its content. Nothing secret.

import { Command } from '@commander-js/extra-typings';
import { readApprovalPolicyUnverified } from '@firmseal/approval';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import {
  readDelegationUnverified,
  readEpochStatementUnverified,
  readSuccessionUnverified,
} from '@firmseal/formats';
import { inspectKeyFile } from '@firmseal/keys';
import { readStationDelegationUnverified } from '@firmseal/station';
import { readInput } from '../../files.ts';
import { examples } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

type Description = Readonly<Record<string, string | number>> & { readonly kind: string };

async function ofKey(file: string) {
  const { role, created, publicKey, uri } = await inspectKeyFile(file);
  return { role, created, publicKey: toHex(publicKey), ...(uri === undefined ? {} : { token: uri }) };
}

const ofPublicKey = async (file: string) => ({ publicKey: toHex(readPublicKey(file)) });

async function ofDelegation(file: string) {
  const delegation = readDelegationUnverified(nodeCrypto, readInput(file));
  return { ...delegation, publicKey: toHex(delegation.publicKey) };
}

async function ofStation(file: string) {
  const delegation = readStationDelegationUnverified(nodeCrypto, readInput(file));
  return { role: 'station', ...delegation, publicKey: toHex(delegation.publicKey) };
}

const ofEpoch = async (file: string) => ({ ...readEpochStatementUnverified(readInput(file)) });

const ofSuccession = async (file: string) => {
  const succession = readSuccessionUnverified(nodeCrypto, readInput(file));
  return { ...succession, publicKey: toHex(succession.publicKey) };
};

const ofPolicy = async (file: string) => ({ ...readApprovalPolicyUnverified(readInput(file)) });

const kinds = [
  ['key', ofKey],
  ['public key', ofPublicKey],
  ['delegation', ofDelegation],
  ['station delegation', ofStation],
  ['epoch statement', ofEpoch],
  ['succession', ofSuccession],
  ['approval policy', ofPolicy],
] as const;

/** `{`, with which a key file begins. */
const brace = 0x7b;

/** By its content: the first kind that can read it. A key file that is damaged says so itself. */
async function describe(file: string): Promise<Description> {
  const [first] = readInput(file);
  for (const [kind, read] of kinds) {
    try {
      return { kind, ...(await read(file)) };
    } catch (error) {
      if (!(error instanceof Fault) || (kind === 'key' && first === brace)) throw error;
    }
  }
  throw new Fault('signed-object-unknown', { file });
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'key file, public key, delegation, epoch statement, succession or approval policy')
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
