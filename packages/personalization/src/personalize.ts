// Personalization of one blank chip at a trusted site (spec/device.md section 4, spec/link.md section 4):
// identify the chip, write the agent, let the chip make its identity, certify it, set the final protection.
// Which probe, which link and which key store are the caller's; this knows the order and checks every answer.

import type { AgentClient } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import {
  type CertificateSigner,
  issueDeviceCertificate,
  verifyDeviceCertificate,
} from '@firmseal/certificate';
import { type Chip, finalOptions } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, effectiveReadoutLevel, type Origin, thumbprintOf } from '@firmseal/formats';
import { verifyHello } from '@firmseal/license';
import type { DebugProbe } from '@firmseal/programming';
import { type ImagePart, writeAgent } from './write-agent.ts';

export interface PersonalizeOptions {
  readonly crypto: Crypto;
  readonly chip: Chip;
  /** Left out for a chip on which another programmer wrote the agent and its boot options. */
  readonly probe?: DebugProbe;
  /** Opens the agent's link; called again after the chip was reset. */
  readonly openAgent: () => Promise<{ agent: AgentClient; close: () => Promise<void> }>;
  /** What goes where in flash: the agent, cut to the catalogue's ranges. */
  readonly agentImage: readonly ImagePart[];
  readonly rootPublicKey: Bytes;
  readonly product: string;
  readonly epoch: number;
  readonly level: 0 | 1 | 2;
  /** How the identity comes about, as chip and certificate will say it; witnessed when left out. */
  readonly origin?: Origin;
  readonly deviceCa: CertificateSigner;
  /**
   * From when the certificate is valid. A date in the past: a chip must not depend on this machine's clock.
   */
  readonly validFrom: Date;
  readonly onStep?: (step: PersonalizeStep) => void;
}

const witnessed: Origin = { kind: 'witnessed', rehearsal: false };

/**
 * Of a part without a random generator, once: its keys and all its randomness come from it (spec/suites.md).
 */
const seedBytes = 64;

export type PersonalizeStep = 'agent-written' | 'identity-made' | 'certified' | 'protected';

export interface PersonalizedDevice {
  readonly device: DevicePublic;
  readonly certificate: Bytes;
  /** Unique id register as the agent reads it; for labels, it proves nothing. */
  readonly uniqueId: Bytes;
}

/**
 * Takes a blank chip to life cycle *personalized*, with its final protection in force.
 * Throws what writeAgent throws, `personalization-unproven`, `protection-not-in-force` and
 * the faults of link and agent.
 */
export async function personalizeChip(options: PersonalizeOptions): Promise<PersonalizedDevice> {
  const { crypto, chip, product, deviceCa, rootPublicKey, level, origin = witnessed, onStep } = options;
  if (options.probe !== undefined) {
    await writeAgent(chip, options.probe, options.agentImage);
    onStep?.('agent-written');
  }

  const first = await options.openAgent();
  let certificate: Bytes;
  let device: DevicePublic;
  let uniqueId: Bytes;
  try {
    ({ uniqueId } = first.agent.info);
    if (first.agent.info.chipId !== chip.id) throw new Fault('personalization-unproven');
    const challenge = crypto.randomBytes(32);
    const made = await first.agent.personalizeBegin({
      rootPublicKey,
      product,
      epoch: options.epoch,
      ...{ challenge, origin },
      ...(chip.hasRandomGenerator ? {} : { seed: crypto.randomBytes(seedBytes) }),
    });
    const thumbprint = thumbprintOf(crypto, made.signingKey, made.kemKey);
    const { signingKey, kemKey } = made;
    device = { signingKey, kemKey, thumbprint, chipId: chip.id, product, origin };
    const proof = verifyHello(crypto, { hello: made.hello, device, challenge });
    if (proof.lifeCycle !== 'blank') throw new Fault('personalization-unproven');
    onStep?.('identity-made');

    certificate = await issueDeviceCertificate(crypto, {
      device,
      signer: deviceCa,
      notBefore: options.validFrom,
    });
    device = verifyDeviceCertificate(crypto, certificate, {
      caPublicKeys: [deviceCa.publicKey],
      product,
      now: options.validFrom,
    });
    onStep?.('certified');
    await first.agent.personalizeFinish({ certificate, optionBytes: finalOptions(chip, level) });
  } finally {
    await first.close();
  }

  await confirmProtection(options, device);
  onStep?.('protected');
  return { device, certificate, uniqueId };
}

/**
 * The chip itself says, signed, what protection it now has: a tool that only sent the command proves nothing.
 */
async function confirmProtection(options: PersonalizeOptions, device: DevicePublic): Promise<void> {
  const { crypto, level } = options;
  const second = await options.openAgent();
  try {
    const challenge = crypto.randomBytes(32);
    const answer = await second.agent.hello(challenge);
    const hello = verifyHello(crypto, { hello: answer.hello, device, challenge });
    if (hello.lifeCycle !== 'personalized') throw new Fault('personalization-unproven');
    const found = effectiveReadoutLevel(hello);
    if (found !== level) throw new Fault('protection-not-in-force', { wanted: level, found });
  } finally {
    await second.close();
  }
}
