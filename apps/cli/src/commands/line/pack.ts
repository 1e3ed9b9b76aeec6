// `firmseal line pack`: a line file and everything that it names as one signed archive, for operators who can
// run it and change nothing.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { signerOf } from '@firmseal/keys';
import { makeLineArchive, openLineArchive } from '@firmseal/line';
import { checkLine } from '../../check/check-line.ts';
import { readInput } from '../../files.ts';
import { howMany } from '../../how-many.ts';
import { readLineFile } from '../../line/read-line-file.ts';
import { collectParts } from '../../line/released-line.ts';
import { examples, passphraseOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import { withKey } from '../../secret-files.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<linefile>', 'the line file')
    .requiredOption('--signer <file>', 'key of the package signer')
    .requiredOption('--delegation <file>', 'its delegation by the root')
    .requiredOption('--out <file>', 'the archive; whoever has it can use the tokens in it')
    .addOption(passphraseOption('the signer key'))
    .addHelpText(
      'after',
      examples(
        'line pack line-1.json --signer signer.key --delegation signer.delegation --out line-1.released',
      ),
    )
    .action(
      runs(shell, async (face, path, { signer, delegation, out, passphraseFile }) => {
        refuseUnwritable(out);
        for (const { fault } of await checkLine(face, path, { online: false }))
          if (fault !== undefined) throw fault;
        const file = readLineFile(path);
        const parts = collectParts(file);
        const role = 'package-signer';
        const archive = await withKey(
          face,
          { file: signer, role, what: 'the signer key', passphraseFile },
          (key) =>
            makeLineArchive(nodeCrypto, parts, {
              signer: signerOf(nodeCrypto, key),
              delegation: readInput(delegation),
            }),
        );
        // What cannot be opened with the line's own root is found here, and not at the line.
        const rootPublicKey = readPublicKey(file.rootKey);
        const { product } = openLineArchive(nodeCrypto, archive, { rootPublicKey, file: out });
        writeWholeFile(out, [archive], { mode: 0o600 });
        const count = Object.keys(file.packages).length;
        face.tell(
          { event: 'line-packed', file: out, line: file.name, product, sizeBytes: archive.length },
          `${out}: line ${file.name} for ${product}, ${howMany(file.sockets.length, 'socket')}, ${howMany(count, 'package')}`,
        );
      }),
    );
