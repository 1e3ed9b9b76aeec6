// `firmseal station token`: a new token of a station, into a file; for a relay its digest, which opens
// nothing.

import { existsSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { toBase64url, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { examples, stationName } from '../../options.ts';
import { type RelayFile, readRelayFile, relayFormat, tokenDigest } from '../../remote/remote-files.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { checkTokenFile, writeToken } from '../../token-file.ts';

const tokenBytes = 32;

/** Throws `stations-file-invalid`, and the faults of files. */
function readOrBegin(path: string): RelayFile {
  refuseUnwritable(path);
  return existsSync(path) ? readRelayFile(path) : { format: relayFormat, stations: {} };
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<name>', 'the name of the station: small letters, digits, - and _', stationName)
    .requiredOption('--out <file>', 'where to write the token, which line and station both need')
    .option('--relay-file <file>', "the relay's list of stations: the digest is entered there")
    .addHelpText(
      'after',
      examples(
        'station token hall --out hall.token',
        'station token hall --out hall.token --relay-file relay.json',
      ),
    )
    .action(
      runs(shell, async (face, station, { out, relayFile }) => {
        checkTokenFile(out);
        const list = relayFile === undefined ? undefined : readOrBegin(relayFile);
        const token = toBase64url(nodeCrypto.randomBytes(tokenBytes));
        const digest = tokenDigest(token);
        // The token comes last: a run that is cut before it is done again by the same command.
        if (relayFile !== undefined && list !== undefined) {
          const stations = { ...list.stations, [station]: digest };
          writeWholeFile(relayFile, [utf8(`${JSON.stringify({ ...list, stations }, null, 2)}\n`)]);
        }
        writeToken(out, token);
        face.tell(
          { event: 'station-token', station, file: out, sha256: digest },
          `${out}: token of the station ${station}`,
          relayFile === undefined
            ? `  for a relay, "${station}": "${digest}"`
            : `  ${relayFile} takes it from the next start of the relay on`,
        );
      }),
    );
