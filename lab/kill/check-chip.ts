// Asks a chip itself, past station and authority: signed over a challenge of this moment, does it hold the
// package, and how often was it installed.

import { AgentClient } from '@firmseal/agent-client';
import { equalBytes, toHex } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { verifyHello } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { connectTcp } from '@firmseal/tcp-adapter';
import { virtualProduct } from '@firmseal/virtual-line';
import type { Bench } from './bench.ts';
import type { CampaignChip } from './chips-process.ts';
import { demand } from './violation.ts';

/** Throws Violation unless the chip says, signed, that it was installed with the bench's package, once. */
export async function checkChip(
  { owner, sealed }: Bench,
  { socket, thumbprint }: CampaignChip,
): Promise<void> {
  const stream = await connectTcp('127.0.0.1', Number(socket.split(':').at(-1)));
  const agent = await AgentClient.connect({ stream, clock: systemClock });
  try {
    const challenge = nodeCrypto.randomBytes(32);
    const answer = await agent.hello(challenge);
    const device = verifyDeviceCertificate(nodeCrypto, answer.certificate, {
      caPublicKeys: [owner.deviceCa.publicKey],
      product: virtualProduct,
      now: new Date(),
    });
    const hello = verifyHello(nodeCrypto, { hello: answer.hello, device, challenge });
    demand(toHex(device.thumbprint) === thumbprint, () => `another chip in ${socket}`);
    const holds =
      hello.manifestDigest !== undefined && equalBytes(hello.manifestDigest, sealed.manifestDigest);
    demand(hello.lifeCycle === 'installed' && holds, () => `${socket} is ${hello.lifeCycle}`);
    demand(hello.installCount === 1, () => `${socket} counts ${hello.installCount} installs`);
  } finally {
    await agent.close();
  }
}
