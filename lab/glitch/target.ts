// One chip with the agent's machine code as it ships, personalized at readout level 0; and what the attacker sends it.
// Snapshots are taken with power off: each run begins at a reset.

import { type Bytes, u32le } from '@firmseal/bytes';
import { decodeCbor, encodeCbor, openCose, signCose } from '@firmseal/cbor-cose';
import { eraseUnitAt } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { licenseKind } from '@firmseal/license';
import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { Line } from '../../device/agent/test/line.ts';
import { machineLine, personalizeMachine } from '../../device/agent/test/machine-line.ts';
import {
  keyPair,
  type LicenseChange,
  makeLicense,
  makePackage,
  type PackageChange,
  pattern,
  type TestPackage,
} from '../../device/agent/test/trusted-site.ts';
import { imageSize } from '../../device/agent/toolchain/image-size.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { type AgentBuild, buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { type AgentCode, agentCode } from './agent-code.ts';
import { Glitcher } from './glitcher.ts';

export const usualChip = 'stm32g0b1';
/** Seed of a scenario's chance. */
export const chance = 'glitch';
const stateMagic = 0x314a5346;
const stateBytes = 704;
const counterOffset = 12;
const macOffset = 688;
const confirmationBytes = 32;
/** area_key, expected, next_index, area and offset at the end of fs_session_state. */
const awaitedBytes = 32 + 32 + 12;
export const life = { installing: 0x69b40fc4, installed: 0xa53c965a } as const;
/** Life cycles in which an application boots, or will: installed, trial, trying, reverted. */
export const livesThatBoot: readonly number[] = [life.installed, 0x3f1f65a8, 0x71e0c07e, 0xc60a3cab];
/** Phases of the session (fs_session.h) that the chip must not get to. */
export const phases = { package: 0x4bb4d22d, records: 0xb44b2dd2, done: 0xd22d4bb4 } as const;
const firmwareMac = { start: 192, end: 224 } as const;

/** Encoded [object, ...] with the lowest bit of the n-th member's last byte, which is the signature's, changed. */
function withSignatureAltered(encoded: Bytes, member: number): Bytes {
  const members = decodeCbor(encoded, { maxBytes: 8192 }) as (Bytes | null)[];
  const altered = members[member]!.slice();
  altered[altered.length - 1]! ^= 1;
  members[member] = altered;
  return encodeCbor(members);
}

/** A package header with another manifest (0), delegation (1), epoch statement (2) or license (3). */
export function headerWith(header: Uint8Array, member: number, bytes: Uint8Array): Bytes {
  const members = decodeCbor(header, { maxBytes: 8192 }) as (Uint8Array | null)[];
  members[member] = bytes;
  return encodeCbor(members);
}

/** The license of another format version, signed as well by its issuer. */
export function otherVersion(bundle: Bytes): Bytes {
  const members = decodeCbor(bundle, { maxBytes: 8192 }) as (Bytes | null)[];
  const payload = decodeCbor(openCose(members[0]!, licenseKind.typ).payload, { maxBytes: 8192 }) as Map<
    number,
    Bytes
  >;
  const terms = decodeCbor(payload.get(0)!, { maxBytes: 8192 }) as Map<number, number>;
  payload.set(0, encodeCbor(new Map([...terms, [0, 2]])));
  const { privateKey } = keyPair('license issuer');
  members[0] = signCose(crypto, { privateKey, typ: licenseKind.typ, payload: encodeCbor(payload) });
  return encodeCbor(members);
}

/** Seals with tags that are wrong by a bit, as no owner does. */
const wrongTags: Crypto = {
  ...crypto,
  aes256GcmSeal(inputs) {
    const sealed = crypto.aes256GcmSeal(inputs);
    sealed[sealed.length - 1]! ^= 1;
    return sealed;
  },
  // For the sealer, which checks its own work.
  aes256GcmOpen(inputs) {
    const sealed = inputs.sealed.slice();
    sealed[sealed.length - 1]! ^= 1;
    return crypto.aes256GcmOpen({ ...inputs, sealed });
  },
};

export interface Request {
  readonly type: number;
  readonly body: Uint8Array;
}

export const packageRequest = (header: Uint8Array): Request => ({ type: 0x20, body: header });
export const licenseRequest = (bundle: Uint8Array): Request => ({ type: 0x21, body: bundle });
export function recordRequest(index: number, record: Uint8Array): Request {
  const body = new Uint8Array(4 + record.length);
  body.set(u32le(index));
  body.set(record, 4);
  return { type: 0x22, body };
}

export class Target {
  readonly code: AgentCode;
  line: Line;
  readonly glitcher: Glitcher;
  readonly ramBytes: number;
  readonly slotStart: number;
  /** Of the erase unit behind that in which the slot begins. */
  readonly secondStart: number;

  /** Another build than that of the sources: a weakened one. */
  constructor(build: AgentBuild = buildAgent(targetOf(usualChip, 'shipping'))) {
    const chipId = build.target.chip.id;
    this.code = agentCode(build);
    this.line = machineLine(chipId, 'glitch', build);
    this.ramBytes = imageSize(build).ramBytes;
    this.glitcher = new Glitcher(this.line.chip, this.code, this.ramBytes);
    this.slotStart = this.line.chip.chip.layout.slots[0]!.linkStart;
    this.secondStart = this.slotStart + eraseUnitAt(this.line.chip.chip, this.slotStart)!.sizeBytes;
    this.glitcher.application = { start: this.slotStart, end: this.secondStart + 2048 };
  }

  /** Forgets the half frames that a crashed agent left. */
  renewLine(): void {
    const { chip, device } = this.line;
    this.line = new Line(chip);
    this.line.device = device;
  }

  personalize(): Promise<void> {
    return personalizeMachine(this.line, 0);
  }

  /** Two records; the vector table and the program, which stands still, are in the first. */
  package(
    change: Partial<TestPackage['manifest']['core']> = {},
    from: Pick<PackageChange, 'crypto' | 'delegation' | 'stranger' | 'epoch'> & {
      seed?: number;
      repeats?: boolean;
      address?: number;
      sizeBytes?: number;
    } = {},
  ): Promise<TestPackage> {
    const address = from.address ?? this.slotStart;
    const plaintext = pattern(from.sizeBytes ?? 2048, from.seed ?? 1);
    if (from.repeats) plaintext.fill(0xff, 0x400);
    const view = new DataView(plaintext.buffer);
    view.setUint32(0, 0x2000_1000, true);
    view.setUint32(4, address + 0x101, true);
    view.setUint16(0x100, 0xe7fe, true);
    const area = { kind: 'firmware', address, lengthBytes: plaintext.length } as const;
    const { id } = this.line.chip.chip;
    return makePackage(id, {
      core: { entry: address, chips: [id], ...change },
      areas: [{ area, plaintext }],
      ...from,
    });
  }

  wronglyTagged(): Promise<TestPackage> {
    return this.package({}, { crypto: wrongTags });
  }

  /** A standing license for this chip, or what the change makes of it. */
  async license(
    sealed: TestPackage,
    { thumbprint, nonce, ...change }: LicenseChange & { thumbprint?: Bytes; nonce?: Bytes } = {},
  ): Promise<Bytes> {
    const device = this.line.device!;
    const { bundle } = await makeLicense(
      sealed,
      {
        kemKey: device.kemKey,
        thumbprint: thumbprint ?? device.thumbprint,
        ...(nonce ? { nonce } : {}),
      },
      change,
    );
    return bundle;
  }

  /** What is seen once the requests were served, from the chip as it is; then it is that again. */
  after<T>(requests: readonly Request[], look: () => T): T {
    const from = this.snapshot();
    this.line.chip.powerOn();
    for (const { type, body } of requests) this.line.request(type, body);
    const seen = look();
    this.line.chip.judge.restore(from);
    this.line.chip.powerOn();
    return seen;
  }

  /** The agent has an answer of status 0 to a request of the type ready, or sent it. */
  answersWell(type: number): boolean {
    const { judge } = this.line.chip;
    const pointer = Buffer.from(judge.ram(this.code.symbols.get('answer')!.address, 4)).readUInt32LE();
    const rooms = ['brief', 'frame'].map((name) => this.code.symbols.get(name)!);
    if (!rooms.some(({ address, sizeBytes }) => pointer >= address && pointer + 4 <= address + sizeBytes))
      return false;
    const [head, , low, high] = judge.ram(pointer, 4);
    return head === (type | 0x80) && low === 0 && high === 0;
  }

  /**
   * Phase, epoch, manifest and content key of the session: without which record is awaited, where a wrong word leads to
   * records that are refused by hash or tag.
   */
  terms(): string {
    return this.session().slice(0, -2 * awaitedBytes);
  }

  /**
   * The journal's state in RAM, but for what differs from run to run (sequence and MAC), and for the firmware's MAC: with
   * another one nothing boots under boot check 2, and boot check 1 does not ask for it.
   */
  state(): string {
    const { address } = this.code.symbols.get('fs_now')!;
    const state = Buffer.from(this.line.chip.judge.ram(address, macOffset));
    state.fill(0, firmwareMac.start, firmwareMac.end);
    return state.toString('hex', 8);
  }

  /** The journal's newest state in flash as far as it differs between runs that went otherwise, with its confirmation. */
  journal(): string {
    return Buffer.from(
      this.line.chip.judge.flash(this.newestState(), stateBytes + confirmationBytes),
    ).toString('hex');
  }

  /** What boots by itself from here on, after power was off, without a glitch. */
  boots(): number | undefined {
    const { chip } = this.line;
    chip.powerOff();
    chip.setPin('agent-request', false);
    this.glitcher.bootedAt = undefined;
    chip.powerOn();
    return this.glitcher.bootedAt;
  }

  /** Hash of the application's flash. */
  firmware(sizeBytes: number): string {
    return crypto.sha256(this.line.chip.judge.flash(this.slotStart, sizeBytes)).toString();
  }

  /** The session's bytes in RAM. */
  session(): string {
    const { address, sizeBytes } = this.code.symbols.get('fs_session')!;
    return Buffer.from(this.line.chip.judge.ram(address, sizeBytes)).toString('hex');
  }

  /** What is seen from a snapshot on, with chance as it is when the campaign begins a scenario; the chip stays so. */
  fromStart<T>(from: ChipSnapshot, look: () => T): T {
    this.line.chip.judge.restore(from, { seed: chance });
    this.line.chip.powerOn();
    return look();
  }

  alteredStatement = (header: Bytes) => withSignatureAltered(header, 2);
  alteredManifest = (sealed: TestPackage) => withSignatureAltered(sealed.headerBytes, 0);
  alteredDelegation = (sealed: TestPackage) => withSignatureAltered(sealed.headerBytes, 1);
  alteredLicense = (bundle: Bytes) => withSignatureAltered(bundle, 0);

  /** Power off, and the chip as it is; with `booting` the agent is not asked for at the next start. */
  snapshot(booting = false): ChipSnapshot {
    const { chip } = this.line;
    chip.powerOff();
    chip.setPin('agent-request', !booting);
    return chip.judge.snapshot();
  }

  /** At level 0 the debug port writes flash: changes a word where it stands, other words of the page as they are. */
  alterFlash(address: number, value: Uint8Array): void {
    const { debug, judge, chip } = this.line.chip;
    const unit = eraseUnitAt(chip, address)!;
    const bytes = judge.flash(unit.addressStart, unit.sizeBytes);
    bytes.set(value, address - unit.addressStart);
    debug.connect();
    if (debug.eraseUnit(unit.addressStart) !== 'ok') throw new Error('the page is not erased');
    for (let at = 0; at < bytes.length; at += chip.write.unitBytes) {
      const word = bytes.slice(at, at + chip.write.unitBytes);
      if (word.some((byte) => byte !== 0xff) && debug.programFlash(unit.addressStart + at, word) !== 'ok')
        throw new Error('the page is not programmed');
    }
  }

  /** Address of the journal's newest state. */
  newestState(): number {
    const { judge, chip } = this.line.chip;
    let newest = { address: 0, sequence: -1 };
    for (const { addressStart, sizeBytes } of chip.layout.journal) {
      const bytes = judge.flash(addressStart, sizeBytes);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at + stateBytes <= sizeBytes; at += 16)
        if (view.getUint32(at, true) === stateMagic && view.getUint32(at + 4, true) > newest.sequence)
          newest = { address: addressStart + at, sequence: view.getUint32(at + 4, true) };
    }
    if (newest.sequence < 0) throw new Error('the journal has no state');
    return newest.address;
  }

  /** Security counter of the newest state in flash. */
  newestCounter(): number {
    const bytes = this.line.chip.judge.flash(this.newestState() + counterOffset, 4);
    return new DataView(bytes.buffer).getUint32(0, true);
  }

  /** The life cycle of the newest state becomes "installed"; its MAC stays as it was. */
  forgeInstalled(): void {
    const address = this.newestState();
    this.alterFlash(address + 8, Uint8Array.from(u32le(life.installed)));
  }

  /** One bit of the MAC of the newest state. */
  alterRecord(): void {
    const address = this.newestState() + macOffset;
    const [byte] = this.line.chip.judge.flash(address, 1);
    this.alterFlash(address, Uint8Array.of(byte! ^ 1));
  }

  /** A word of a variable of the agent in RAM. */
  word(symbol: string, offset = 0): number {
    const address = this.code.symbols.get(symbol)!.address + offset;
    return new DataView(this.line.chip.judge.ram(address, 4).slice().buffer).getUint32(0, true);
  }
}
