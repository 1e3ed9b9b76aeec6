// `firmseal agent load`: an agent for a chip whose anchor waits for one, since an application erased both.
// The chip takes the agent that it was personalized with, or one that its owner's agent signer signed.

import { Command } from '@commander-js/extra-typings';
import { LoaderClient } from '@firmseal/agent-client';
import { readAgentImage } from '@firmseal/agent-image';
import { agentHeaderBytes, type Chip, findChip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { readImage } from '@firmseal/image';
import { systemClock } from '@firmseal/link';
import { readInput } from '../../files.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { collectNearSockets, openSocket } from '../../sockets.ts';

const magic = 'FSAG';
/** Told at most so often on the way: a sixteenth of a slot. */
const toldBytes = 4096;

const oneSocket = (text: string): string => collectNearSockets(text)[0]!;

/**
 * Header and code, whatever follows them in the file. Throws
 * `agent-file-without-agent`, `agent-image-malformed`.
 */
function imageIn(path: string, bytes: Uint8Array, chip: Chip): Uint8Array {
  const { addressStart } = chip.layout.agent;
  const isImage = new TextDecoder('latin1').decode(bytes.subarray(0, magic.length)) === magic;
  const slot = isImage
    ? bytes
    : readImage(bytes, { fileName: path }).segments.find(({ address }) => address === addressStart)?.bytes;
  if (slot === undefined)
    throw new Fault('agent-file-without-agent', { path, chip: chip.id, address: hexAddress(addressStart) });
  return slot.subarray(0, agentHeaderBytes + readAgentImage(slot).code.length);
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'the agent: a signed image, or the Intel HEX of `firmseal agent export`')
    .requiredOption('--socket <place>', 'the chip: serial:, usb: or tcp:', oneSocket)
    .addHelpText('after', examples('agent load agent.hex --socket serial:/dev/ttyACM0'))
    .action(
      runs(shell, async (face, path, { socket }) => {
        const bytes = readInput(path);
        const stream = await openSocket(socket);
        const loader = await LoaderClient.connect({ stream, clock: systemClock });
        const { chipId: chip } = loader;
        try {
          const image = imageIn(path, bytes, findChip(chip));
          const whole = image.length;
          face.tell({ event: 'agent-loading', chip, socket, sizeBytes: whole }, `${chip}: ${whole} bytes`);
          let told = 0;
          await loader.load(image, (done) => {
            if (done - told < toldBytes && done < whole) return;
            told = done;
            face.tell(
              { event: 'progress', doneBytes: done, sizeBytes: whole },
              `  ${done} of ${whole} bytes`,
            );
          });
        } finally {
          await loader.close();
        }
        face.tell({ event: 'agent-loaded', chip }, `${chip} has an agent again and starts it.`);
      }),
    );
