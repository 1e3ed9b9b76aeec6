// `firmseal personalize`: several blank chips, one after the other on each probe, at a trusted site.

import { AgentClient } from '@firmseal/agent-client';
import { toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { openKeyFile, refuseKnownTestKeys, signerOf } from '@firmseal/keys';
import { systemClock } from '@firmseal/link';
import { type DebugProbe, type PersonalizeStep, personalizeChip } from '@firmseal/personalization';
import { virtualProbe } from '@firmseal/virtual-probe';
import { readAgentImage } from '../agent-image.ts';
import { readHostPort, readNumber } from '../numbers.ts';
import { readPassphrase } from '../passphrase.ts';
import { readPublicKey } from '../public-key-file.ts';
import { checkClock, releaseDate } from '../release-date.ts';
import { openSocket } from '../sockets.ts';

interface PersonalizeOptions {
  probe: string[];
  socket: string[];
  chip: string;
  product: string;
  rootKey: string;
  deviceCa: string;
  level: string;
  confirmPermanent?: boolean;
  epoch: string;
  passphraseFile?: string;
  json?: boolean;
}

function openProbe(address: string): DebugProbe {
  const [, kind, place] = /^(\w+):(.+)$/.exec(address) ?? [];
  if (kind !== 'virtual' || place === undefined) {
    throw new Fault('option-invalid', { option: '--probe', value: address, expected: 'virtual:HOST:PORT' });
  }
  return virtualProbe(readHostPort(place, '--probe'));
}

const steps: Record<PersonalizeStep, string> = {
  'agent-written': 'agent written and read back',
  'identity-made': 'identity made in the chip',
  certified: 'certified by the device CA',
  protected: 'final protection in force, as the chip itself says',
};

export async function personalize(options: PersonalizeOptions): Promise<void> {
  const { probe: probes, socket: sockets, json } = options;
  const level = readNumber(options.level, '--level', { most: 2 }) as 0 | 1 | 2;
  if (level === 2 && options.confirmPermanent !== true) throw new Fault('permanent-unconfirmed');
  if (probes.length !== sockets.length || probes.length === 0) {
    throw new Fault('sockets-unequal', { probes: probes.length, sockets: sockets.length });
  }
  checkClock(new Date());
  const chip = findChip(options.chip);
  const rootPublicKey = readPublicKey(options.rootKey);
  refuseKnownTestKeys(rootPublicKey);
  const passphrase = await readPassphrase(`the device CA key ${options.deviceCa}`, options.passphraseFile);
  const key = await openKeyFile(nodeCrypto, { path: options.deviceCa, passphrase, role: 'device-ca' });
  const shared = {
    crypto: nodeCrypto,
    chip,
    agentImage: readAgentImage(chip),
    rootPublicKey,
    product: options.product,
    epoch: readNumber(options.epoch, '--epoch'),
    level,
    deviceCa: signerOf(nodeCrypto, key),
  };
  for (const [index, socket] of sockets.entries()) {
    const tell = (step: PersonalizeStep): void => {
      const line = json
        ? JSON.stringify({ event: 'step', socket, step })
        : `[${index + 1}] ${socket}: ${steps[step]}`;
      process.stdout.write(`${line}\n`);
    };
    const { device, uniqueId } = await personalizeChip({
      ...shared,
      validFrom: releaseDate,
      probe: openProbe(probes[index]!),
      openAgent: async () => {
        const stream = await openSocket(socket);
        return {
          agent: await AgentClient.connect({ stream, clock: systemClock }),
          close: () => stream.close(),
        };
      },
      onStep: tell,
    });
    const done = {
      event: 'personalized',
      socket,
      thumbprint: toHex(device.thumbprint),
      uniqueId: toHex(uniqueId),
      level,
    };
    process.stdout.write(
      json
        ? `${JSON.stringify(done)}\n`
        : `[${index + 1}] ${socket}: device ${done.thumbprint.slice(0, 16)}, readout level ${level}\n`,
    );
  }
  key.privateKey.wipe();
}
