// `firmseal personalize`: several blank chips, one after the other on each probe, at a trusted site.

import { Command, Option } from '@commander-js/extra-typings';
import { AgentClient } from '@firmseal/agent-client';
import { toHex } from '@firmseal/bytes';
import { findChip, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseKnownTestKeys, signerOf } from '@firmseal/keys';
import { systemClock } from '@firmseal/link';
import { type PersonalizeOptions, type PersonalizeStep, personalizeChip } from '@firmseal/personalization';
import { agentBuildNames, readAgentImage } from '../agent-image.ts';
import { chipOption } from '../chip-option.ts';
import {
  collect,
  examples,
  level,
  number,
  passphraseOption,
  productOption,
  rootKeyOption,
} from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { checkClock, releaseDate } from '../release-date.ts';
import { runs } from '../runs.ts';
import { withKey } from '../secret-files.ts';
import type { Shell } from '../shell.ts';
import { collectSockets, openProbe, openSocket } from '../sockets.ts';

const steps: Record<PersonalizeStep, string> = {
  'agent-written': 'agent written and read back',
  'identity-made': 'identity made in the chip',
  certified: 'certified by the device CA',
  protected: 'final protection in force, as the chip itself says',
};

/** The agent behind a socket, once for each time that personalization asks. */
const agentOpener =
  (socket: string): PersonalizeOptions['openAgent'] =>
  async () => {
    const stream = await openSocket(socket);
    const agent = await AgentClient.connect({ stream, clock: systemClock }); // closes the stream where it throws
    return { agent, close: () => stream.close() };
  };

/**
 * One after the other. Asked to stop, it finishes what it began: a chip that is half personalized would have
 * to be erased. Throws `command-stopped` then, and what `work` throws.
 */
async function eachUntilStopped<T>(
  shell: Shell,
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let stoppedBy: string | undefined;
  const giveBack = shell.stops.take((signal) => {
    stoppedBy = signal;
  });
  try {
    for (const [index, item] of items.entries()) {
      if (stoppedBy !== undefined) throw new Fault('command-stopped', { signal: stoppedBy });
      await work(item, index);
    }
  } finally {
    giveBack();
  }
}

export const command = (shell: Shell) =>
  new Command()
    .requiredOption(
      '--probe <address>',
      'debug port of a blank chip, virtual:HOST:PORT; or `written`, where another programmer wrote the agent (repeat)',
      collect,
    )
    .addOption(
      new Option(
        '--agent-build <name>',
        'what is written: machine code, or WebAssembly, which virtual chips play faster (the default there)',
      ).choices(agentBuildNames),
    )
    .requiredOption(
      '--socket <place>',
      'the same chip for its agent: serial:, usb: or tcp: (repeat, in the same order)',
      collectSockets,
    )
    .addOption(chipOption())
    .addOption(productOption())
    .addOption(rootKeyOption())
    .requiredOption('--device-ca <file>', 'the device CA key')
    .option('--level <level>', 'final readout protection: 0, 1 or 2', level, 2)
    .option('--confirm-permanent', 'required for level 2, which can never be undone')
    .option('--epoch <number>', 'epoch that the chip starts with', number(), 0)
    .addOption(passphraseOption('the device CA key'))
    .addHelpText(
      'after',
      examples(
        'personalize --chip stm32f427 --product panel --root-key root.key.pub --device-ca ca.key \\\n' +
          '      --probe virtual:127.0.0.1:4001 --socket tcp:127.0.0.1:5001 --level 2 --confirm-permanent',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { probe: probes, socket: sockets, level: readoutLevel, product, epoch } = options;
        if (readoutLevel === 2 && options.confirmPermanent !== true) throw new Fault('permanent-unconfirmed');
        if (probes.length !== sockets.length)
          throw new Fault('sockets-unequal', { probes: probes.length, sockets: sockets.length });
        // Every place is understood before the first chip is touched.
        const places = sockets.map((socket, i) => ({
          socket,
          ...(probes[i] === 'written' ? {} : { probe: openProbe(probes[i]!) }),
        }));
        checkClock(new Date());
        const chip = findChip(options.chip);
        requireAgent(chip);
        const rootPublicKey = readPublicKey(options.rootKey);
        refuseKnownTestKeys(rootPublicKey);
        const isVirtual = probes.every((probe) => probe.startsWith('virtual:'));
        const build = options.agentBuild ?? (isVirtual ? 'webassembly' : 'machine-code');
        const agentImage = readAgentImage(chip, build);
        const { deviceCa: file, passphraseFile } = options;
        const role = 'device-ca';
        await withKey(face, { file, role, what: 'the device CA key', passphraseFile }, async (key) => {
          // Every line must open before the first chip is erased.
          for (const socket of sockets) await (await openSocket(socket)).close();
          const shared = {
            ...{ crypto: nodeCrypto, chip, product, epoch, rootPublicKey, level: readoutLevel },
            agentImage,
            deviceCa: signerOf(nodeCrypto, key),
          };
          await eachUntilStopped(shell, places, async ({ socket, ...place }, index) => {
            const say = (text: string) => `[${index + 1}] ${socket}: ${text}`;
            const { device, uniqueId } = await personalizeChip({
              ...shared,
              ...place,
              validFrom: releaseDate,
              openAgent: agentOpener(socket),
              onStep: (step) => face.tell({ event: 'step', socket, step }, say(steps[step])),
            });
            const thumbprint = toHex(device.thumbprint);
            face.tell(
              { event: 'personalized', socket, thumbprint, uniqueId: toHex(uniqueId), level: readoutLevel },
              say(`device ${thumbprint.slice(0, 16)}, readout level ${readoutLevel}`),
            );
          });
        });
      }),
    );
