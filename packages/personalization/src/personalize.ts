// Personalization of one blank chip at a trusted site (spec/device.md section 4, spec/link.md
// section 4): write the agent over the debug port and read it back, let the chip make its identity,
// certify it, set the final protection. Which probe, which link and which key store are the caller's;
// this knows the order and checks every answer.

import type { AgentClient } from '@firmseal/agent-client';
import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  type CertificateSigner,
  issueDeviceCertificate,
  verifyDeviceCertificate,
} from '@firmseal/certificate';
import { type Chip, finalOptions } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import { verifyHello } from '@firmseal/license';
import type { DebugProbe } from './debug-probe.ts';

export interface PersonalizeOptions {
  readonly crypto: Crypto;
  readonly chip: Chip;
  readonly probe: DebugProbe;
  /** Opens the agent's link anew; called again after the chip was reset. */
  readonly openAgent: () => Promise<{ agent: AgentClient; close: () => Promise<void> }>;
  /** What goes where in flash: the agent, cut to the catalogue's ranges. */
  readonly agentImage: readonly { address: number; bytes: Uint8Array }[];
  readonly rootPublicKey: Bytes;
  readonly product: string;
  readonly epoch: number;
  readonly level: 0 | 1 | 2;
  readonly deviceCa: CertificateSigner;
  readonly now: Date;
  readonly onStep?: (step: PersonalizeStep) => void;
}

export type PersonalizeStep = 'agent-written' | 'identity-made' | 'certified' | 'protected';

export interface PersonalizedDevice {
  readonly device: DevicePublic;
  readonly certificate: Bytes;
  /** Unique id register as the agent reads it; for labels, it proves nothing. */
  readonly uniqueId: Bytes;
}

/**
 * Erases all of flash, programs the agent and reads it back. All of it: code that somebody left in
 * another place could be started later, at level 1, by option bytes that exchange banks or name a boot
 * address, and would run from flash with the agent's rights (docs/attacks.md, S3). Throws
 * `agent-write-failed`, `probe-refused`, `probe-failed`.
 */
async function writeAgent({ chip, probe, agentImage }: PersonalizeOptions): Promise<void> {
  await probe.connect();
  for (const unit of chip.flash.eraseUnits) await probe.eraseUnit(unit.addressStart);
  for (const { address, bytes } of agentImage) {
    await probe.program(address, bytes);
    if (!equalBytes(await probe.readMemory(address, bytes.length), bytes)) {
      throw new Fault('agent-write-failed', { address: `0x${address.toString(16)}` });
    }
  }
  await probe.release();
}

/**
 * Takes a blank chip to life cycle *personalized*, with its final protection in force.
 * Throws `agent-write-failed`, `personalization-unproven`, `protection-not-in-force` and the
 * faults of probe, link and agent.
 */
export async function personalizeChip(options: PersonalizeOptions): Promise<PersonalizedDevice> {
  const { crypto, chip, product, deviceCa, rootPublicKey, level, onStep } = options;
  await writeAgent(options);
  onStep?.('agent-written');

  const first = await options.openAgent();
  let certificate: Bytes;
  let device: DevicePublic;
  let uniqueId: Bytes;
  try {
    ({ uniqueId } = first.agent.info);
    const challenge = crypto.randomBytes(32);
    const made = await first.agent.personalizeBegin({
      rootPublicKey,
      product,
      epoch: options.epoch,
      challenge,
    });
    const thumbprint = thumbprintOf(crypto, made.signingKey, made.kemKey);
    device = { signingKey: made.signingKey, kemKey: made.kemKey, thumbprint, chipId: chip.id, product };
    const proof = verifyHello(crypto, { hello: made.hello, device, challenge });
    if (proof.lifeCycle !== 'blank' || proof.chipId !== chip.id) throw new Fault('personalization-unproven');
    onStep?.('identity-made');

    certificate = await issueDeviceCertificate(crypto, { device, signer: deviceCa, notBefore: options.now });
    device = verifyDeviceCertificate(crypto, certificate, {
      caPublicKey: deviceCa.publicKey,
      product,
      now: options.now,
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
    if (hello.readoutLevel !== level) {
      throw new Fault('protection-not-in-force', { wanted: level, found: hello.readoutLevel });
    }
  } finally {
    await second.close();
  }
}
