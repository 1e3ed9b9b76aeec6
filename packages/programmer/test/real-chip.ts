// A virtual STM32F427 that runs the agent of device/agent compiled to WebAssembly, personalized as a trusted
// site does it: agent written over the debug port, identity and final protection over the link.

import { AgentClient } from '@firmseal/agent-client';
import { anchorPart } from '@firmseal/agent-image';
import {
  type CertificateSigner,
  issueDeviceCertificate,
  verifyDeviceCertificate,
} from '@firmseal/certificate';
import { finalOptions } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import { type ByteStream, type ByteStreamListener, systemClock } from '@firmseal/link';
import { testSigner, trust } from '@firmseal/seal/testing';
import { agentImage, createVirtualChip, type VirtualChip, wasmAgent } from '@firmseal/virtual-stm32';
import { buildAgent } from '../../../device/agent/build.ts';

const chipId = 'stm32f427';

/** Whose chips the trusted site makes. */
export interface SiteOwner {
  readonly rootPublicKey: Uint8Array;
  readonly product: string;
  readonly epoch: number;
  readonly deviceCa: CertificateSigner;
}

const ownSite: SiteOwner = { ...trust, deviceCa: testSigner('device CA') };

export function verifyRealCertificate(certificate: Uint8Array, owner = ownSite): DevicePublic {
  const now = new Date(Date.UTC(2026, 0, 2));
  const { product, deviceCa } = owner;
  return verifyDeviceCertificate(crypto, certificate, {
    ...{ caPublicKeys: [deviceCa.publicKey], product, now },
  });
}

/** The host's end of a UART to the chip: it stays whatever the chip does. */
class ChipLine implements ByteStream {
  readonly #chip: VirtualChip;
  #listener: ByteStreamListener | undefined;

  constructor(chip: VirtualChip) {
    this.#chip = chip;
    chip.onLink = (bytes) => queueMicrotask(() => this.#listener?.data(bytes));
  }

  write(bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    queueMicrotask(() => this.#chip.receive(copy));
    return Promise.resolve();
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
  }

  async close(): Promise<void> {
    this.#listener = undefined;
  }
}

export class RealChip {
  readonly chip: VirtualChip;
  readonly device: DevicePublic;

  private constructor(chip: VirtualChip, device: DevicePublic) {
    this.chip = chip;
    this.device = device;
  }

  connect(): ByteStream {
    return new ChipLine(this.chip);
  }

  /** A chip of its own for each seed. */
  static async create(seed: string, owner = ownSite): Promise<RealChip> {
    const chip = createVirtualChip({ chip: chipId, seed, executors: [wasmAgent(crypto)] });
    const module = await buildAgent(chipId);
    chip.powerOn();
    chip.debug.connect();
    const image = agentImage(module, chip.chip);
    for (const { address, bytes } of [...image, anchorPart(crypto, image, { chip: chip.chip, owner })]) {
      const status = chip.debug.programFlash(address, bytes);
      if (status !== 'ok') throw new Error(`programming the agent: ${status}`);
    }
    chip.powerOff();
    chip.powerOn();
    return new RealChip(chip, await personalize(chip, owner));
  }
}

async function personalize(chip: VirtualChip, owner: SiteOwner): Promise<DevicePublic> {
  const { rootPublicKey, product, epoch, deviceCa } = owner;
  const client = await AgentClient.connect({ stream: new ChipLine(chip), clock: systemClock });
  const challenge = new Uint8Array(32);
  const origin = { kind: 'witnessed' as const, rehearsal: false };
  const begun = await client.personalizeBegin({ rootPublicKey, product, epoch, challenge, origin });
  const { signingKey, kemKey } = begun;
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  const device = { signingKey, kemKey, thumbprint, chipId, product, origin };
  const notBefore = new Date(Date.UTC(2026, 0, 1));
  const certificate = await issueDeviceCertificate(crypto, { device, signer: deviceCa, notBefore });
  await client.personalizeFinish({ certificate, optionBytes: finalOptions(chip.chip, 2) });
  await client.close();
  return device;
}
