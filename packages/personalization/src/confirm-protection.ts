// What a chip that has its identity says of itself, signed and fresh: whose it is,
// and which protection it has.

import type { AgentClient } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, effectiveReadoutLevel, type Origin, sameOrigin } from '@firmseal/formats';
import { type Hello, verifyHello } from '@firmseal/license';

export interface ConfirmedDevice {
  readonly device: DevicePublic;
  readonly certificate: Bytes;
  /** The chip's signed word, over the challenge. */
  readonly hello: Bytes;
  readonly challenge: Bytes;
}

export interface Expected {
  readonly product: string;
  readonly chipId: string;
  readonly level: 0 | 1 | 2;
  readonly origin: Origin;
  readonly caPublicKeys: readonly Uint8Array[];
  readonly now: Date;
}

/** A tool that only sent the command proves nothing. Throws `protection-not-in-force`. */
function checkLevel(hello: Hello, wanted: 0 | 1 | 2): void {
  const found = effectiveReadoutLevel(hello);
  if (found !== wanted) throw new Fault('protection-not-in-force', { wanted, found });
}

/**
 * Throws `certificate-*` for another owner's chip, `hello-*`, `personalization-unproven` for another identity
 * than was asked for, `level-key-set`, `protection-not-in-force`.
 */
export async function confirmProtection(
  crypto: Crypto,
  agent: AgentClient,
  expected: Expected,
): Promise<ConfirmedDevice> {
  const challenge = crypto.randomBytes(32);
  const { certificate, hello } = await agent.hello(challenge);
  const { product, caPublicKeys, now } = expected;
  const device = verifyDeviceCertificate(crypto, certificate, { caPublicKeys, product, now });
  const said = verifyHello(crypto, { hello, device, challenge });
  if (device.chipId !== expected.chipId || !sameOrigin(device.origin, expected.origin))
    throw new Fault('personalization-unproven');
  if (said.lifeCycle === 'blank') throw new Fault('personalization-unproven');
  if (said.levelKey) throw new Fault('level-key-set', { chip: expected.chipId });
  checkLevel(said, expected.level);
  return { device, certificate, hello, challenge };
}
