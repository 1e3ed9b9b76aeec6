// `firmseal station serve`: the program on the PC that has the cables. It connects to a line or a relay and
// lends the places that it is told to, and no others. Nothing listens on this machine.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { systemClock } from '@firmseal/link';
import { runStation, StationEnd } from '@firmseal/remote';
import { connectTls } from '@firmseal/tcp-adapter';
import { examples, hostPort, stationName } from '../../options.ts';
import { collectLent, lentPorts } from '../../remote/lent-ports.ts';
import { tellStation } from '../../remote/tell-station.ts';
import { runs } from '../../runs.ts';
import { readToken } from '../../secret-files.ts';
import type { Shell } from '../../shell.ts';
import { readTlsVariables } from '../../tls-fetch.ts';

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--name <name>', 'the name of this station', stationName)
    .requiredOption('--connect <host:port>', 'the relay, or the line that listens', hostPort)
    .requiredOption('--token-file <file>', 'what `firmseal station token` wrote for this name')
    .requiredOption(
      '--place <place>',
      'a cable that is lent: serial:, usb:, tcp:, probe:, openocd: or virtual: (repeat)',
      collectLent,
    )
    .addHelpText(
      'after',
      `${examples(
        'station serve --name hall --connect relay.example:7444 --token-file hall.token \\\n' +
          '      --place serial:/dev/ttyUSB0 --place usb:1-4.2',
      )}\nFIRMSEAL_TLS_CA names the CA of the other side where the system does not know it;\n` +
        'FIRMSEAL_TLS_CERT and FIRMSEAL_TLS_KEY name a certificate of this station where one is asked for.\n',
    )
    .action(
      runs(shell, async (face, { name: station, connect, tokenFile, place: places }) => {
        const files = readTlsVariables(shell) ?? {};
        const token = new TextDecoder().decode(readToken(face, tokenFile).expose());
        const address = `${connect.host}:${connect.port}`;
        const onEvent = tellStation(face, { station, address, places });
        const end = new StationEnd({
          ...{ station, clock: systemClock, onEvent: onEvent.station },
          ports: lentPorts(station, places),
        });
        const stop = new AbortController();
        const giveBack = shell.stops.take(() => stop.abort());
        try {
          await runStation({
            dial: () => connectTls(connect, files),
            joining: { role: 'station', station, token, instance: nodeCrypto.randomBytes(16) },
            ...{ clock: systemClock, signal: stop.signal, onReach: onEvent.reach },
            take: (connection) => end.take(connection),
          });
        } finally {
          giveBack();
          await end.close();
        }
      }),
    );
