// Personalization of one blank chip at a trusted site (spec/device.md section 4, spec/link.md section 4):
// write the agent, let the chip make its identity, certify it, set the final protection, let the chip confirm
// it. The way, the link and the key store are the caller's; this knows the order, checks every answer, and
// takes up a personalization that was cut.

import type { AgentClient } from '@firmseal/agent-client';
import { anchorPart } from '@firmseal/agent-image';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { type Chip, finalOptions } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  type DevicePublic,
  effectiveReadoutLevel,
  type Origin,
  sameOrigin,
  thumbprintOf,
} from '@firmseal/formats';
import { verifyHello } from '@firmseal/license';
import type { Clock } from '@firmseal/link';
import type { ChipProgrammer } from '@firmseal/programming';
import { type AgentWriter, agentWriter, closedWay } from './agent-writer.ts';
import { awaitAgent, type OpenAgent, type OpenedAgent } from './await-agent.ts';
import { type ConfirmedDevice, confirmProtection, type Expected } from './confirm-protection.ts';
import { certifierOf, type DeviceCa } from './device-ca.ts';
import { enrolmentProof } from './enrolment.ts';
import type { ImagePart } from './write-agent.ts';

export interface PersonalizeOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly chip: Chip;
  /** The way to the chip. Left out where another programmer wrote the agent and its boot options. */
  readonly openProgrammer?: () => Promise<ChipProgrammer>;
  /** Instead of it: who writes the agent at another place. */
  readonly writer?: AgentWriter;
  /** Opens the agent's link; called again after the chip was reset. */
  readonly openAgent: OpenAgent;
  /** What goes where in flash: the agent, cut to the catalogue's ranges, and the board settings. */
  readonly agentImage: readonly ImagePart[];
  /**
   * The least supply of the board in mV, for the brown-out level; left out: the least that the agent bears.
   */
  readonly leastMillivolts?: number;
  readonly rootPublicKey: Bytes;
  readonly product: string;
  readonly epoch: number;
  /** Of the agent signer, by that root: his agents start sooner. */
  readonly agentDelegation?: Bytes | undefined;
  readonly level: 0 | 1 | 2;
  /** How the identity comes about, as chip and certificate will say it; witnessed when left out. */
  readonly origin?: Origin;
  readonly deviceCa: DeviceCa;
  /** The secrets by which an enrolled chip is known: that of an id, undefined for another. */
  readonly enrolmentSecret?: (id: Bytes) => Uint8Array | undefined;
  /** Called with an identity before it is certified, and the id of its enrolment; throws to refuse it. */
  readonly beforeCertified?: (device: DevicePublic, enrolmentId?: Bytes) => void;
  /**
   * From when the certificate is valid. A date in the past: a chip must not depend on this machine's clock.
   * With a remote device CA: the present time.
   */
  readonly validFrom: Date;
  /** Erases a chip at readout level 1 instead of refusing it. */
  readonly eraseProtected?: boolean;
  readonly onStep?: (step: PersonalizeStep) => void;
}

const witnessed: Origin = { kind: 'witnessed', rehearsal: false };

/**
 * Of a part without a random generator, once: its keys and all its randomness come from it (spec/suites.md).
 */
const seedBytes = 64;
/** A chip that was started or reset answers within this time: USB devices are enumerated in it. */
const returnMs = 8000;

export type PersonalizeStep =
  | 'agent-written'
  | 'protected-first'
  | 'identity-made'
  | 'certified'
  | 'protected'
  | 'finished-before';

export interface PersonalizedDevice extends ConfirmedDevice {
  /** Unique id register as the agent reads it; for labels, it proves nothing. */
  readonly uniqueId: Bytes;
}

/**
 * Takes a blank chip to life cycle *personalized*, with its final protection in force. A chip that an
 * earlier run left in the middle starts over; one that it left certified and protected is confirmed.
 * An identity that nobody witnesses is made after the protection was set: nothing secret is in the chip
 * before. Throws what writeAgent and anchorPart throw, `personalization-unproven`, `protection-not-in-force`,
 * `level-key-set`, `agent-not-back`, `unwitnessed-needs-generator` and the faults of way, link and agent.
 */
export async function personalizeChip(options: PersonalizeOptions): Promise<PersonalizedDevice> {
  if (isProtectedFirst(options) && !options.chip.hasRandomGenerator)
    throw new Fault('unwitnessed-needs-generator', { chip: options.chip.id });
  const finished = (await finishedThoughRefused(options)) ?? (await startAgent(options));
  if (finished !== undefined && finished !== 'agent-waits') return finished;
  if (finished === undefined) options.onStep?.('agent-written');
  if (isProtectedFirst(options)) await protectFirst(options);
  const uniqueId = await makeIdentity(options);
  const opened = await awaitProtected(options);
  try {
    const confirmed = await confirmProtection(options.crypto, opened.agent, expectedOf(options));
    options.onStep?.('protected');
    return { ...confirmed, uniqueId };
  } finally {
    await opened.close();
  }
}

/**
 * Before a chip is touched: whoever certifies may refuse. A chip that is certified already is confirmed all
 * the same. Throws the refusal.
 */
async function finishedThoughRefused(options: PersonalizeOptions): Promise<PersonalizedDevice | undefined> {
  try {
    await certifierOf(options.crypto, options).challenge();
    return undefined;
  } catch (refusal) {
    const earlier = await confirmEarlier(options).catch(() => undefined);
    if (earlier === undefined) throw refusal;
    return earlier;
  }
}

const isProtectedFirst = ({ origin = witnessed }: PersonalizeOptions): boolean => origin.kind !== 'witnessed';

/** Sets the final option bytes in a chip that has no keys yet; one that has them goes on. */
async function protectFirst(options: PersonalizeOptions): Promise<void> {
  const { chip, level, clock, openAgent } = options;
  const { agent, close } = await awaitAgent(openAgent, { clock, withinMs: returnMs });
  try {
    if (agent.info.chipId !== chip.id) throw new Fault('personalization-unproven');
    const { readoutLevel } = agent.info;
    // A secret that could be read before the chip was protected is no secret.
    if (options.origin?.kind === 'enrolled' && readoutLevel !== level)
      throw new Fault('protection-not-in-force', { wanted: level, found: readoutLevel });
    if (readoutLevel === 2 || options.origin?.kind === 'enrolled') return;
    await agent.personalizeProtect(finalOptions(chip, level));
  } finally {
    await close();
  }
  await (await awaitProtected(options)).close();
  options.onStep?.('protected-first');
}

const expectedOf = ({ chip, origin = witnessed, ...options }: PersonalizeOptions): Expected => ({
  ...{ product: options.product, level: options.level, now: options.validFrom },
  ...{ chipId: chip.id, origin, caPublicKeys: certifierOf(options.crypto, options).publicKeys },
});

/** Undefined where another programmer wrote the agent. */
function writerOf({ writer, openProgrammer, chip }: PersonalizeOptions): AgentWriter | undefined {
  return writer ?? (openProgrammer === undefined ? undefined : agentWriter(openProgrammer, chip));
}

/** A blank agent of a chip that an earlier run protected already. */
async function waitsProtected({ openAgent }: PersonalizeOptions): Promise<boolean> {
  const { agent, close } = await openAgent();
  await close();
  return agent.info.lifeCycle === 'blank' && agent.info.readoutLevel === 2;
}

/**
 * Writes the agent. Gives the device where an earlier run of personalization had ended, all but its word;
 * that the agent waits, where one had protected the chip and ended.
 */
async function startAgent(
  options: PersonalizeOptions,
): Promise<PersonalizedDevice | 'agent-waits' | undefined> {
  const writer = writerOf(options);
  if (writer === undefined) return confirmEarlier(options).catch(() => undefined);
  const { agentImage, leastMillivolts, crypto, chip, rootPublicKey, product, epoch } = options;
  const owner = { rootPublicKey, product, epoch, agentDelegation: options.agentDelegation };
  const image = [...agentImage, anchorPart(crypto, agentImage, { chip, owner })];
  const order = { image, ...(leastMillivolts === undefined ? {} : { leastMillivolts }) };
  try {
    await writer.write(order);
    return undefined;
  } catch (error) {
    // A chip that was protected has no way in any more: its agent can still say whose it is.
    if (!(error instanceof Fault && closedWay.has(error.code))) throw error;
    const earlier = await confirmEarlier(options).catch((cause: unknown) => {
      const isOurs = cause instanceof Fault && cause.code === 'protection-not-in-force';
      if (isOurs && options.eraseProtected !== true) throw cause;
      return undefined;
    });
    if (earlier !== undefined) return earlier;
    if (isProtectedFirst(options) && (await waitsProtected(options).catch(() => false))) return 'agent-waits';
    if (error.code !== 'chip-protected' || options.eraseProtected !== true) throw error;
  }
  await writer.write({ ...order, eraseProtected: true });
  return undefined;
}

/** Undefined for an agent without identity. Throws where nobody answers, or somebody else's chip does. */
async function confirmEarlier(options: PersonalizeOptions): Promise<PersonalizedDevice | undefined> {
  const { agent, close } = await options.openAgent();
  try {
    if (agent.info.lifeCycle === 'blank') return undefined;
    const confirmed = await confirmProtection(options.crypto, agent, expectedOf(options));
    options.onStep?.('finished-before');
    return { ...confirmed, uniqueId: agent.info.uniqueId };
  } finally {
    await close();
  }
}

/**
 * The id of the secret that the chip proved for its new keys; undefined for identities that need none. Throws
 * `enrolment-unknown`, `enrolment-proof-wrong`, and `enrolment-missing` from the agent.
 */
async function enrolmentOf(
  options: PersonalizeOptions,
  agent: AgentClient,
  device: DevicePublic,
): Promise<Bytes | undefined> {
  const { crypto, rootPublicKey, epoch, enrolmentSecret } = options;
  if (device.origin.kind !== 'enrolled') return undefined;
  const nonce = crypto.randomBytes(32);
  const { id, mac } = await agent.personalizeEnrol(nonce);
  const secret = enrolmentSecret?.(id);
  if (secret === undefined) throw new Fault('enrolment-unknown', { id: toHex(id) });
  const proof = enrolmentProof(crypto, secret, { device, rootPublicKey, epoch, nonce });
  if (!equalBytes(proof, mac)) throw new Fault('enrolment-proof-wrong', { id: toHex(id) });
  return id;
}

/** From the blank agent to the chip that sets its protection; gives the unique id that it says. */
async function makeIdentity(options: PersonalizeOptions): Promise<Bytes> {
  const { crypto, chip, clock, product, rootPublicKey, origin = witnessed, onStep } = options;
  const certifier = certifierOf(crypto, options);
  const { agent, close } = await awaitAgent(options.openAgent, { clock, withinMs: returnMs });
  try {
    const { uniqueId } = agent.info;
    if (agent.info.chipId !== chip.id) throw new Fault('personalization-unproven');
    const challenge = await certifier.challenge();
    const made = await agent.personalizeBegin({
      rootPublicKey,
      product,
      epoch: options.epoch,
      ...{ challenge, origin },
      ...(chip.hasRandomGenerator ? {} : { seed: crypto.randomBytes(seedBytes) }),
    });
    const { signingKey, kemKey } = made;
    const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
    const device: DevicePublic = { signingKey, kemKey, thumbprint, chipId: chip.id, product, origin };
    const proof = verifyHello(crypto, { hello: made.hello, device, challenge });
    if (proof.lifeCycle !== 'blank') throw new Fault('personalization-unproven');
    // Somebody else's key would take the level back that this chip is to be protected by.
    if (proof.levelKey) throw new Fault('level-key-set', { chip: chip.id });
    // Keys that were made before the protection may have been read.
    const found = effectiveReadoutLevel(proof);
    if (isProtectedFirst(options) && found !== options.level)
      throw new Fault('protection-not-in-force', { wanted: options.level, found });
    onStep?.('identity-made');
    options.beforeCertified?.(device, await enrolmentOf(options, agent, device));

    const certificate = await certifier.certify({ device, hello: made.hello, challenge });
    const certified = verifyDeviceCertificate(crypto, certificate, {
      ...{ caPublicKeys: certifier.publicKeys, product, now: options.validFrom },
    });
    // A chip that is locked with the certificate of another one would be lost.
    if (!equalBytes(certified.thumbprint, thumbprint) || !sameOrigin(certified.origin, origin))
      throw new Fault('personalization-unproven');
    onStep?.('certified');
    const optionBytes = finalOptions(chip, options.level);
    await agent.personalizeFinish({ certificate, optionBytes });
    return uniqueId;
  } finally {
    await close();
  }
}

/**
 * The agent after the reset with which it set the protection. Where a BOOT0 pin that is still high leads into
 * the ROM bootloader again, the agent is started from there once more, as long as level 0 allows.
 */
async function awaitProtected(options: PersonalizeOptions): Promise<OpenedAgent> {
  const { clock, chip, openAgent, level } = options;
  if (level === 0) await writerOf(options)?.start();
  try {
    return await awaitAgent(openAgent, { clock, withinMs: returnMs });
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('agent-not-back', { chip: chip.id }, { cause });
  }
}
