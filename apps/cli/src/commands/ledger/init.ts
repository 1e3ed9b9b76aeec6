// `firmseal ledger init`: an authority publishes its log as a ledger from its next start on.

import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { makeKey, openKeyFile } from '@firmseal/keys';
import { isNoteName } from '@firmseal/ledger';
import { authorityPaths } from '../../authority-folder.ts';
import { encodeLedgerSettings, ledgerPaths } from '../../ledger/ledger-settings.ts';
import { noteKeyFile } from '../../ledger/note-keys.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { openToken } from '../../secret-files.ts';
import { costOf, type Shell } from '../../shell.ts';

export function noteName(text: string): string {
  if (isNoteName(text)) return text;
  throw new InvalidArgumentError(
    'It must be a name without spaces and plus signs, such as example.com/ledger.',
  );
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .requiredOption(
      '--origin <name>',
      'name of the ledger for ever, best the address that it is published under, without https://',
      noteName,
    )
    .option('--publish <folder>', "where its files go, below the authority's folder or anywhere", 'ledger')
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText('after', examples('ledger init authority --origin authority.example/ledger'))
    .action(
      runs(shell, async (face, folder, { origin, publish, passphraseFile }) => {
        const { issuer } = authorityPaths(folder);
        const paths = ledgerPaths(folder);
        refuseUnmakeable([paths.verifierKey, paths.key, paths.settings]);
        const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
        // The authority opens all of its keys with one passphrase.
        const opened = await openKeyFile(nodeCrypto, {
          ...{ path: issuer, passphrase, role: 'license-issuer', openToken },
        });
        opened.close();
        const { info, file } = await makeKey(nodeCrypto, {
          ...{ role: 'ledger', passphrase, now: new Date() },
          ...costOf(shell),
        });
        passphrase.wipe();
        const key = { kind: 'log', name: origin, publicKey: info.publicKey } as const;
        const settings = encodeLedgerSettings({ origin, folder: publish, least: 0, witnesses: [] });
        writeNewFiles([
          { path: paths.verifierKey, parts: [noteKeyFile(key)] },
          { path: paths.key, parts: [file], mode: 0o600 },
          { path: paths.settings, parts: [settings], mode: 0o600 },
        ]);
        face.tell(
          { event: 'ledger-made', origin, folder, verifierKeyFile: paths.verifierKey },
          `${folder}: publishes its log as ${origin} when it serves next`,
          `  ${paths.verifierKey}: give it to auditors, lines and witnesses`,
          `  a witness cosigns it after: firmseal ledger add-witness ${folder} --witness-key FILE --url URL`,
        );
      }),
    );
