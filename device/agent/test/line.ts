// A host at the end of the link, and a virtual chip with the agent in its flash: what the tests of the agent
// drive. The host is synchronous, since chip and agent are: a request is answered before the call returns. It
// knows frames and nothing else; the answers are handed to the packages that verify them.

import { anchorPart } from '@firmseal/agent-image';
import { type Bytes, u32le } from '@firmseal/bytes';
import { decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { finalOptions, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type DevicePublic, originNumber } from '@firmseal/formats';
import { type Hello, type Receipt, verifyHello, verifyReceipt } from '@firmseal/license';
import { encodeFrame, type Frame, FrameReader } from '@firmseal/link';
import type { Manifest } from '@firmseal/seal';
import {
  agentImage,
  createVirtualChip,
  type ExecutorFactory,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { buildAgent } from '../build.ts';
import faultNumbers from './fault-numbers.ts';
import {
  certify,
  epoch,
  keyPair,
  makeLicense,
  origin,
  owner,
  product,
  root,
  type TestLicense,
  type TestPackage,
} from './trusted-site.ts';

export interface Reply {
  /** 0, or the code of the fault. */
  readonly status: 0 | string;
  readonly payload: Bytes;
  readonly detail: number;
  readonly pending: number;
}

/** The chip said nothing: it lost power or reset in the middle of the request. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The agent answered a fault where the test wanted success. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export class Line {
  readonly chip: VirtualChip;
  device: DevicePublic | undefined;
  /** Frames that came in, oldest first; the reader drops what is no frame. */
  readonly frames: Frame[] = [];
  readonly #reader = new FrameReader();
  #sequence = 0;

  constructor(chip: VirtualChip) {
    this.chip = chip;
    chip.onLink = (bytes) => this.#reader.push(bytes, (frame) => this.frames.push(frame));
  }

  /** Sends as it is and takes what comes back. */
  raw(bytes: Uint8Array): Frame[] {
    this.frames.length = 0;
    this.chip.receive(bytes);
    return this.frames.splice(0);
  }

  try(type: number, body: Uint8Array): Reply {
    this.#sequence = (this.#sequence + 1) & 0xff;
    const sequence = this.#sequence;
    const frames = this.raw(encodeFrame({ type, sequence, body }));
    const answer = frames.find((frame) => frame.type === (type | 0x80) && frame.sequence === sequence);
    if (answer === undefined) throw new NoAnswer();
    const number = answer.body[0]! | (answer.body[1]! << 8);
    const payload = answer.body.slice(2);
    return {
      status: number === 0 ? 0 : faultNumbers(number),
      payload,
      detail: number === 0 || payload.length < 4 ? 0 : new DataView(payload.buffer).getUint32(0, true),
      pending: frames.filter((frame) => frame.type === 0xff).length,
    };
  }

  request(type: number, body: Uint8Array = new Uint8Array(0)): Bytes {
    const reply = this.try(type, body);
    if (reply.status !== 0) throw new Refused(reply.status);
    return reply.payload;
  }

  info(): ReadonlyMap<number, unknown> {
    return decodeCbor(this.request(0x01), { maxBytes: 4096 }) as ReadonlyMap<number, unknown>;
  }

  /** Verified under the device CA. */
  hello(challenge: Uint8Array = crypto.randomBytes(32)): Hello {
    const [certificate, hello] = decodeCbor(this.request(0x02, challenge), { maxBytes: 4096 }) as Bytes[];
    this.device = verifyDeviceCertificate(crypto, certificate!, {
      ...{ caPublicKeys: [keyPair('device CA').publicKey], product, now: new Date('2026-06-01T00:00:00Z') },
    });
    return verifyHello(crypto, { hello: hello!, device: this.device, challenge: new Uint8Array(challenge) });
  }

  package(sealed: TestPackage): void {
    this.request(0x20, sealed.headerBytes);
  }

  /** 0: ready; 1: the chip resets. */
  license(license: TestLicense): number {
    return decodeCbor(this.request(0x21, license.bundle), { maxBytes: 16 }) as number;
  }

  tryRecord(index: number, record: Uint8Array): Reply {
    const body = new Uint8Array(4 + record.length);
    body.set(u32le(index));
    body.set(record, 4);
    return this.try(0x22, body);
  }

  record(index: number, record: Uint8Array): number {
    const reply = this.tryRecord(index, record);
    if (reply.status !== 0) throw new Refused(reply.status);
    return new DataView(reply.payload.buffer).getUint32(0, true);
  }

  records(sealed: TestPackage): void {
    for (const [index, record] of sealed.records.entries()) this.record(index, record);
  }

  /** Every check of spec/receipt.md section 3 holds; the outcome is for the caller. */
  receipt(license: TestLicense, manifest: Manifest, challenge?: Uint8Array): Receipt {
    return verifyReceipt(crypto, {
      ...{ receipt: this.request(0x24, challenge), device: this.device!, license, manifest },
      ...(challenge ? { challenge } : {}),
    });
  }

  /** As `receipt`, of the agent that was installed last. */
  agentReceipt(license: TestLicense, manifest: Manifest, challenge?: Uint8Array): Receipt {
    return verifyReceipt(crypto, {
      ...{ receipt: this.request(0x27, challenge), device: this.device!, license, manifest },
      ...(challenge ? { challenge } : {}),
    });
  }

  /** From the hello to a verified receipt of a package that brings an agent; the chip is not reset yet. */
  async updateAgent(sealed: TestPackage, license?: TestLicense): Promise<Receipt> {
    const used = license ?? (await this.licenseFor(sealed));
    if (used.terms.mode === 'standing') this.hello();
    this.package(sealed);
    this.license(used);
    this.records(sealed);
    return this.agentReceipt(used, sealed.manifest, crypto.randomBytes(32));
  }

  /** A session license for a hello taken now. */
  async licenseFor(sealed: TestPackage): Promise<TestLicense> {
    const { nonce, unwraps } = this.hello();
    return makeLicense(sealed, { ...this.device!, nonce, unwraps });
  }

  /** From the hello to a verified receipt. */
  async install(sealed: TestPackage, license?: TestLicense): Promise<Receipt> {
    const used = license ?? (await this.licenseFor(sealed));
    // A session license answers the last hello.
    if (used.terms.mode === 'standing') this.hello();
    this.package(sealed);
    if (this.license(used) === 1) {
      this.hello();
      this.package(sealed);
      this.license(used);
    }
    this.records(sealed);
    return this.receipt(used, sealed.manifest, crypto.randomBytes(32));
  }

  /** Parts without a random generator get a seed. */
  #seed(): Uint8Array | undefined {
    return this.chip.chip.hasRandomGenerator ? undefined : crypto.randomBytes(32);
  }

  /** personalize-begin and -finish with the catalogue's final option bytes for the level. */
  async personalize(level: 0 | 1 | 2 = 2): Promise<void> {
    const begun = decodeCbor(this.request(0x10, personalizeBegin(this.#seed())), {
      maxBytes: 4096,
    }) as Bytes[];
    const [signingKey, kemKey] = begun as [Bytes, Bytes];
    const certificate = await certify({ signingKey, kemKey, chipId: this.chip.chip.id });
    const options = finalOptions(this.chip.chip, level);
    this.request(0x11, personalizeFinish(certificate, options));
  }
}

export function personalizeBegin(seed?: Uint8Array): Bytes {
  const map = new Map<number, string | number | Uint8Array>([
    [0, root.publicKey],
    [1, product],
    [2, epoch],
    [3, new Uint8Array(0)],
  ]);
  if (seed) map.set(4, seed);
  map.set(5, originNumber(origin));
  return encodeCbor(map);
}

export const personalizeFinish = (
  certificate: Uint8Array,
  options: readonly { register: number; mask: number; value: number }[],
) =>
  encodeCbor([
    certificate,
    options.map(({ register, mask, value }): [number, number, number] => [register, mask, value]),
  ]);

/**
 * A chip that is on, with the agent (another one than built from the sources, if given) written over the
 * debug port, and BOOT_ADD0 pointing to it where there is one; what plays applications, and the agent.
 */
export async function blankLine(
  chipId: string,
  seed = 'line',
  agent?: Uint8Array,
  applications: readonly ExecutorFactory[] = [],
  player: ExecutorFactory = wasmAgent(crypto),
): Promise<Line> {
  const chip = createVirtualChip({ chip: chipId, seed, executors: [player, ...applications] });
  chip.powerOn();
  chip.debug.connect();
  const image = agentImage(agent ?? (await buildAgent(chipId)), findChip(chipId));
  for (const { address, bytes } of [...image, anchorPart(crypto, image, { chip: findChip(chipId), owner })])
    expectOk(chip.debug.programFlash(address, bytes));
  const { addressFields } = chip.chip.boot;
  if (addressFields) {
    const options = finalOptions(chip.chip, 0).filter(({ register }) =>
      chip.chip.options.registers[register]!.fields.some(({ name }) => name === addressFields.pinLow),
    );
    expectOk(chip.debug.writeOptionBytes(new Map(options.map(({ register, value }) => [register, value]))));
  }
  chip.powerOff();
  chip.powerOn();
  if (!chip.running) throw new Error('the agent does not run');
  return new Line(chip);
}

function expectOk(status: unknown): void {
  if (status !== 'ok') throw new Error(`the debug port answers ${status}`);
}

/** A chip that is personalized and protected. */
export async function personalizedLine(
  chipId: string,
  level: 0 | 1 | 2 = 2,
  seed = 'line',
  agent?: Uint8Array,
): Promise<Line> {
  const line = await blankLine(chipId, seed, agent);
  await line.personalize(level);
  return line;
}
