// A chip for tests of the engine: the agent's order of spec/agent.md with real keys, licenses,
// records and receipts, in a few lines and without flash. It is a model to drive the engine with, no
// proof of what the agent in C does.

import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, type Origin, thumbprintOf } from '@firmseal/formats';
import {
  checkLicenseForChip,
  type LifeCycle,
  lifeCycles,
  makeHello,
  makeReceipt,
  openLicense,
  type VerifiedLicense,
  verifyLicense,
} from '@firmseal/license';
import { type ByteStream, createStreamPair } from '@firmseal/link';
import { type ServedAnswer, serveFrames } from '@firmseal/link/testing';
import {
  decodeHeader,
  type Manifest,
  planRecords,
  recordLengths,
  type VerifiedHeader,
  verifyHeader,
} from '@firmseal/seal';
import { testKeyPair, trust } from '@firmseal/seal/testing';

/** Survives a reset. */
interface Kept {
  lifeCycle: LifeCycle;
  manifest?: Manifest;
  license?: VerifiedLicense;
  journaled?: { digest: Bytes; ended: boolean };
  unwraps: number;
  installCount: number;
}

/** Gone after a reset. */
interface Session {
  nonce: Bytes | undefined;
  offered?: VerifiedHeader;
  awaited: number;
  expectedHash?: Bytes;
}

export interface ModelChipOptions {
  readonly name: string;
  readonly chipId?: string;
  /** Resets that the chip makes to apply option bytes before it is ready. */
  readonly optionResets?: number;
  readonly lifeCycle?: LifeCycle;
  /** As the receipt has it; a hello says 2. */
  readonly receiptLevel?: 0 | 1 | 2;
  /** Records that may be unanswered; default 3. */
  readonly window?: number;
}

/**
 * The certificate of a model chip: its two keys side by side, 130 bytes. X.509 is
 * packages/certificate's matter.
 */
const origin: Origin = { kind: 'witnessed', rehearsal: false };

export function verifyModelCertificate(certificate: Uint8Array): DevicePublic {
  if (certificate.length !== 130) throw new Fault('certificate-malformed');
  const signingKey = Uint8Array.from(certificate.subarray(0, 65));
  const kemKey = Uint8Array.from(certificate.subarray(65));
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  return { signingKey, kemKey, thumbprint, chipId: 'stm32f427', product: 'thermostat', origin };
}

export class ModelChip {
  readonly device: DevicePublic;
  readonly kept: Kept;
  /** Names of requests that reached the chip, repeats not among them. */
  readonly requests: number[] = [];
  /** Called before a request is handled; `reset` loses request and session, `deaf` only the request. */
  onRequest: (type: number, count: number) => 'reset' | 'deaf' | undefined = () => undefined;
  /** Called after a request was handled and before its answer leaves. */
  onHandled: (type: number, count: number) => 'reset' | undefined = () => undefined;
  #session: Session;
  #stream: ByteStream | undefined;
  #optionResets: number;
  readonly #signing;
  readonly #kem;
  readonly #chipId: string;
  readonly #receiptLevel: 0 | 1 | 2;
  readonly #window: number;

  constructor({
    name,
    chipId = 'stm32f427',
    optionResets = 0,
    lifeCycle = 'personalized',
    receiptLevel = 2,
    window = 3,
  }: ModelChipOptions) {
    this.#receiptLevel = receiptLevel;
    this.#window = window;
    this.#signing = testKeyPair(`${name} signing`);
    this.#kem = testKeyPair(`${name} kem`);
    this.#chipId = chipId;
    this.#optionResets = optionResets;
    this.kept = { lifeCycle, installCount: 0, unwraps: 0 };
    this.device = verifyModelCertificate(this.certificate);
    this.#session = { nonce: crypto.randomBytes(16), awaited: 0 };
  }

  get certificate(): Bytes {
    return concatBytes(this.#signing.publicKey, this.#kem.publicKey);
  }

  /** The host's end of a new connection; an earlier one ends. */
  connect(): ByteStream {
    this.#stream?.close();
    const [host, chip] = createStreamPair();
    this.#stream = chip;
    serveFrames(chip, (type, body) => this.#serve(type, body));
    return host;
  }

  /** Power off and on. `closes`: the connection ends too, as with USB; a UART stays. */
  reset({ closes = false } = {}): void {
    this.#session = { nonce: crypto.randomBytes(16), awaited: 0 };
    if (closes) this.#stream?.close();
  }

  async #serve(type: number, body: Bytes): Promise<ServedAnswer> {
    this.requests.push(type);
    const count = this.requests.filter((other) => other === type).length;
    const before = this.onRequest(type, count);
    if (before === 'reset') this.reset();
    if (before !== undefined) return { silent: true };
    const answer = await this.#handle(type, body).catch((error: unknown): ServedAnswer => {
      if (!(error instanceof Fault)) throw error;
      return { status: error.number };
    });
    if (this.onHandled(type, count) === 'reset') {
      this.reset();
      return { silent: true };
    }
    return answer;
  }

  async #handle(type: number, body: Bytes): Promise<ServedAnswer> {
    if (type === 0x01) return { payload: this.#info() };
    if (type === 0x02) return { payload: encodeCbor([this.certificate, await this.#hello(body)]) };
    if (type === 0x20) return this.#package(body);
    if (type === 0x21) return this.#license(body);
    if (type === 0x22) return this.#record(body);
    if (type === 0x24) return { payload: await this.receipt(body) };
    if (type === 0x25 || type === 0x26) return {};
    throw new Fault('request-unknown');
  }

  #info(): Bytes {
    const lifeCycle = lifeCycles.indexOf(this.kept.lifeCycle);
    const values = [
      1,
      this.#chipId,
      1,
      lifeCycle,
      4608,
      this.#window,
      this.#session.awaited,
      2,
      new Uint8Array(12),
    ];
    return encodeCbor(new Map(values.map((value, key) => [key, value])));
  }

  #hello(challenge: Bytes): Promise<Bytes> {
    const { lifeCycle, manifest, installCount, unwraps } = this.kept;
    if (lifeCycle === 'blank') throw new Fault('not-personalized');
    const nonce = crypto.randomBytes(16);
    this.#session.nonce = challenge.length > 0 ? nonce : undefined;
    return makeHello(crypto, this.#signer, {
      ...{ challenge, nonce, origin, levelKey: false, unwraps },
      thumbprint: this.device.thumbprint,
      chipId: this.#chipId,
      lifeCycle,
      optionBytes: [],
      readoutLevel: 2,
      securityCounter: 0,
      epoch: 1,
      installCount,
      agentVersion: 1,
      ...(manifest === undefined ? {} : { manifestDigest: manifest.digest }),
    });
  }

  #package(body: Bytes): ServedAnswer {
    this.#session.offered = verifyHeader(crypto, decodeHeader(body), trust);
    return {};
  }

  #license(bundle: Bytes): ServedAnswer {
    const { offered, nonce } = this.#session;
    if (offered === undefined) throw new Fault('request-out-of-state');
    const { manifest, trust: grown } = offered;
    const license = verifyLicense(crypto, { bundle, ...grown });
    const { journaled, unwraps } = this.kept;
    const { thumbprint } = this.device;
    checkLicenseForChip(license, {
      ...{ manifest, thumbprint, origin, unwraps },
      ...(nonce === undefined ? {} : { nonce }),
      ...(journaled === undefined ? {} : { journaled }),
    });
    this.kept.journaled = { digest: license.digest, ended: false };
    this.kept.unwraps++;
    this.#session.nonce = undefined;
    openLicense(crypto, { license, manifest, recipient: this.#kem }).contentKey.wipe();
    if (this.#optionResets > 0) {
      this.#optionResets--;
      this.reset();
      return { payload: encodeCbor(1) };
    }
    Object.assign(this.kept, { lifeCycle: 'installing', manifest, license });
    Object.assign(this.#session, { awaited: 0, expectedHash: manifest.firstRecordHash });
    return { payload: encodeCbor(0), pendingMs: [50, 20] };
  }

  #record(body: Bytes): ServedAnswer {
    const { lifeCycle, manifest } = this.kept;
    const { expectedHash, awaited } = this.#session;
    const index = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
    if (expectedHash === undefined || manifest === undefined) throw new Fault('request-out-of-state');
    if (index < awaited) return { payload: u32le(awaited) };
    if (lifeCycle !== 'installing') throw new Fault('request-out-of-state');
    if (index > awaited) return { status: 263, detail: awaited };
    const record = body.slice(4);
    if (record.length !== recordLengths(manifest.core)[index]) throw new Fault('record-length-wrong');
    if (toText(crypto.sha256(record)) !== toText(expectedHash)) throw new Fault('record-hash-wrong');
    Object.assign(this.#session, { awaited: awaited + 1, expectedHash: record.slice(0, 32) });
    if ([...planRecords(manifest.core)].at(-1)!.index === index) {
      this.kept.lifeCycle = 'installed';
      this.kept.installCount++;
      this.kept.journaled = { digest: this.kept.license!.digest, ended: true };
    }
    return { payload: u32le(awaited + 1), pendingMs: index === 0 ? [10] : [] };
  }

  /** What the chip signs when asked; none of its counts change. */
  receipt(challenge: Bytes = new Uint8Array(0)): Promise<Bytes> {
    const { lifeCycle, manifest, license, installCount } = this.kept;
    if (lifeCycle !== 'installed' || manifest === undefined || license === undefined)
      throw new Fault('no-receipt');
    const { terms, digest: licenseDigest } = license;
    const data = terms.deviceDataDigests.values();
    const fresh = challenge.length === 32;
    return makeReceipt(crypto, this.#signer, {
      nonce: fresh ? challenge : terms.receiptNonce,
      thumbprint: this.device.thumbprint,
      fresh,
      manifestDigest: manifest.digest,
      licenseId: terms.licenseId,
      jobId: terms.jobId,
      installCount,
      areas: manifest.core.areas.map(
        ({ kind, lengthBytes }, i) =>
          manifest.areaDigests[i] ?? (kind === 'device-data' ? data.next().value! : lengthBytes),
      ),
      optionBytes: [],
      securityCounter: manifest.core.securityCounter,
      readoutLevel: this.#receiptLevel,
      result: 'installed',
      agentVersion: 1,
      chipId: this.#chipId,
      unprotected: false,
      ...{ licenseDigest, measured: fresh, origin, levelKey: false },
    });
  }

  get #signer() {
    const { publicKey, privateKey } = this.#signing;
    return { publicKey, sign: (message: Uint8Array) => crypto.signEs256(privateKey, message) };
  }
}

const toText = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
