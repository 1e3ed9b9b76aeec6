// `firmseal relay serve`: joins lines and stations that both connect to it, by the name of the station. It
// keeps no key and no file, and forgets a pair as soon as one of its connections ends.

import { Command } from '@commander-js/extra-typings';
import { listenTls, Relay, type RelayEvent } from '@firmseal/tcp-adapter';
import type { Face } from '../../face.ts';
import { examples, listenOption } from '../../options.ts';
import { readRelayFile, tokenChecker } from '../../remote/remote-files.ts';
import { runs } from '../../runs.ts';
import { readTlsFiles, watchTlsFiles } from '../../serve/tls-files.ts';
import type { Shell } from '../../shell.ts';

function tellRelay(face: Face): (event: RelayEvent) => void {
  return (event) => {
    const { kind, station } = event;
    if (kind === 'waits')
      face.tell(
        { event: 'relay-waits', station, role: event.role },
        event.role === 'line' ? `a line asks for ${station}` : `station ${station} waits`,
      );
    else if (kind === 'refused')
      face.tell(
        { event: 'relay-refused', station, role: event.role },
        `a ${event.role} for ${station} was refused: its token or version is wrong`,
      );
    else face.tell({ event: `relay-${kind}`, station }, `${station}: a connection ${kind}`);
  };
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(listenOption('0.0.0.0:7444'))
    .requiredOption('--tls-cert <file>', 'certificate chain, PEM')
    .requiredOption('--tls-key <file>', 'its key, PEM')
    .option('--client-ca <file>', 'refuse lines and stations without a certificate of this CA, PEM')
    .requiredOption('--stations <file>', 'the stations and the digests of their tokens (docs/remote.md)')
    .addHelpText(
      'after',
      examples('relay serve --tls-cert fullchain.pem --tls-key privkey.pem --stations relay.json'),
    )
    .action(
      runs(shell, async (face, { listen, tlsCert: cert, tlsKey: key, clientCa, stations: path }) => {
        const files = { cert, key, clientCa };
        const tls = readTlsFiles(face, files);
        const { stations } = readRelayFile(path);
        const relay = new Relay({ isToken: tokenChecker(stations), onEvent: tellRelay(face) });
        const listener = await listenTls(listen, tls, (socket) => relay.take(socket));
        const stopWatching = watchTlsFiles(files, { take: listener.renew, say: (line) => face.note(line) });
        const names = Object.keys(stations);
        face.tell(
          { event: 'relaying', host: listen.host, port: listener.port, stations: names },
          `relay for ${names.join(', ') || 'no station yet'} at ${listen.host}:${listener.port}`,
        );
        await shell.stops.wait();
        stopWatching();
        await listener.close();
      }),
    );
