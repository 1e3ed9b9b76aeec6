// `firmseal witness serve`: cosigns the checkpoints of its ledgers until it is asked to stop.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type FaultCode, faultLabel } from '@firmseal/fault';
import { noteSignerOf } from '@firmseal/keys';
import { openWitnessState, serveWitness, Witness } from '@firmseal/witness';
import { logsOf, readWitnessSettings, witnessPaths } from '../../ledger/witness-settings.ts';
import { examples, listenOption, passphraseOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import { withKey } from '../../secret-files.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the witness's folder")
    .addOption(listenOption('127.0.0.1:7453'))
    .addOption(passphraseOption('the key of the witness'))
    .addHelpText('after', examples('witness serve witness --listen 0.0.0.0:7453'))
    .action(
      runs(shell, async (face, folder, { listen, passphraseFile }) => {
        const paths = witnessPaths(folder);
        const settings = readWitnessSettings(folder);
        const logs = logsOf(folder, settings);
        const key = {
          file: paths.key,
          role: 'witness',
          what: 'the key of the witness',
          passphraseFile,
        } as const;
        await withKey(face, key, async (opened) => {
          const state = await openWitnessState(paths.state);
          try {
            const { sign } = noteSignerOf(nodeCrypto, opened, 'witness');
            const { publicKey } = opened;
            const signer = { key: { kind: 'witness', name: settings.name, publicKey } as const, sign };
            const witness = new Witness({ crypto: nodeCrypto, signer, logs, state });
            const running = await serveWitness(witness, {
              ...listen,
              onAnswer: ({ status, code }) => {
                const label = code === undefined ? '' : ` ${faultLabel(code as FaultCode)} ${code}`;
                face.note(`${new Date().toISOString()} add-checkpoint ${status}${label}`);
              },
            });
            const origins = logs.map(({ name }) => name);
            face.tell(
              { event: 'serving', url: running.url, witness: settings.name, logs: origins },
              `witness ${settings.name} cosigns ${origins.join(', ') || 'no ledger yet'} at ${running.url}`,
            );
            await shell.stops.wait();
            await running.stop();
          } finally {
            await state.release();
          }
        });
      }),
    );
