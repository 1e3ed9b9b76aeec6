// One chip with the agent's machine code as it ships, personalized at readout level 0, and the judge's view
// of it. Snapshots are taken with power off: each run begins at a reset.

import type { AnchorOwner } from '@firmseal/agent-image';
import { type Bytes, u32le } from '@firmseal/bytes';
import { eraseUnitAt } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { answerBit } from '@firmseal/link';
import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { Line } from '../../device/agent/test/line.ts';
import { machineInSocket, personalizeMachine } from '../../device/agent/test/machine-line.ts';
import {
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
import { type Request, withSignatureAltered, wrongTags } from './requests.ts';

export const usualChip = 'stm32g0b1';
/** Seed of a scenario's chance. */
export const chance = 'glitch';

/** Phases of the session, by the agent's names; `other` is a phase that no request leads to. */
type Phase = 'package' | 'records' | 'done' | 'other';

/** The anchor that is attacked instead of the agent, and what its data name. */
export interface AttackedAnchor {
  readonly build: AgentBuild;
  readonly trust: AnchorOwner;
}

export class Target {
  readonly code: AgentCode;
  line: Line;
  readonly glitcher: Glitcher;
  readonly ramBytes: number;
  readonly slotStart: number;
  /** Of the erase unit after the one in which the slot begins. */
  readonly secondStart: number;

  /** `build`: another one than that of the sources, with a defence taken out. `attacked`: an anchor's. */
  constructor(build: AgentBuild = buildAgent(targetOf(usualChip)), attacked?: AttackedAnchor) {
    const chipId = build.target.chip.id;
    this.code = agentCode(attacked?.build ?? build);
    const elves = { elf: build.elf, ...(attacked === undefined ? {} : { anchorElf: attacked.build.elf }) };
    this.line = machineInSocket(chipId, 'glitch', elves, undefined, attacked?.trust);
    this.ramBytes = imageSize(this.code.build).ramBytes;
    this.glitcher = new Glitcher(this.line.chip, this.code, this.ramBytes);
    this.line.chip.powerOn();
    this.slotStart = this.line.chip.chip.layout.slots[0]!.linkStart;
    this.secondStart = this.slotStart + eraseUnitAt(this.line.chip.chip, this.slotStart)!.sizeBytes;
    this.glitcher.application = { start: this.slotStart, end: this.secondStart + 2048 };
  }

  /** Drops the half frames that a crashed agent sent. */
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

  /** A standing license for this chip, with changes. */
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

  /** Sends the requests, looks, and puts the chip back into its state before them. */
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
    const [head, , low, high] = this.#answer(4);
    return head === (type | answerBit) && low === 0 && high === 0;
  }

  /** As answersWell, and what it carries is of that media type: "firmseal-receipt". */
  answersWith(type: number, mediaType: string): boolean {
    return this.answersWell(type) && Buffer.from(this.#answer(1024)).includes(mediaType);
  }

  /** The first bytes of the answer in RAM, or nothing where the pointer to it leads elsewhere. */
  #answer(length: number): Uint8Array {
    const { judge } = this.line.chip;
    const pointer = Buffer.from(judge.ram(this.code.symbols.get('answer')!.address, 4)).readUInt32LE();
    const rooms = ['brief', 'frame'].map((name) => this.code.symbols.get(name)!);
    if (!rooms.some(({ address, sizeBytes }) => pointer >= address && pointer + 4 <= address + sizeBytes))
      return new Uint8Array(0);
    return judge.ram(pointer, length);
  }

  /** The session's phase in RAM. */
  phase(): Phase {
    const { constants } = this.code;
    const word = this.word('fs_session', constants.sessionPhaseAt);
    if (word === constants.phasePackage) return 'package';
    if (word === constants.phaseRecords) return 'records';
    return word === constants.phaseDone ? 'done' : 'other';
  }

  /** The journal's state in RAM says that an application boots, now or (`orWill`) after its trial began. */
  saysInstalled({ orWill = false } = {}): boolean {
    const { stateLifeCycleAt, lifeInstalled, lifeTrial, lifeTrying, lifeReverted } = this.code.constants;
    const life = this.word('fs_now', stateLifeCycleAt);
    return life === lifeInstalled || (orWill && [lifeTrial, lifeTrying, lifeReverted].includes(life));
  }

  /**
   * Phase, epoch, manifest and content key of the session. Which record is awaited is left out: a wrong word
   * there leads to records that are refused by hash or tag.
   */
  terms(): string {
    const { sessionExpectedAt, sessionContentKeyAt, sessionContentKeyEnd } = this.code.constants;
    const session = this.session();
    const contentKey = session.slice(2 * sessionContentKeyAt, 2 * sessionContentKeyEnd);
    return session.slice(0, 2 * sessionExpectedAt) + contentKey;
  }

  /**
   * The journal's state in RAM, but for sequence and MAC, which differ from run to run, and for the
   * firmware's MAC: with another one nothing boots under boot check 2, and boot check 1 does not ask for it.
   */
  state(): string {
    const { stateMacAt, stateFirmwareMacAt, stateFirmwareMacEnd, stateLifeCycleAt } = this.code.constants;
    const { address } = this.code.symbols.get('fs_now')!;
    const state = Buffer.from(this.line.chip.judge.ram(address, stateMacAt));
    state.fill(0, stateFirmwareMacAt, stateFirmwareMacEnd);
    return state.toString('hex', stateLifeCycleAt);
  }

  /** The journal's newest state in flash with its confirmation. */
  journal(): string {
    const { stateBytes, journalGrainBytes } = this.code.constants;
    const length = stateBytes + journalGrainBytes;
    return Buffer.from(this.line.chip.judge.flash(this.newestState(), length)).toString('hex');
  }

  /** Address of the application that boots after a power cycle, without a glitch. */
  boots(): number | undefined {
    const { chip } = this.line;
    chip.powerOff();
    chip.setPin('agent-request', false);
    this.glitcher.bootedAt = undefined;
    chip.powerOn();
    return this.glitcher.bootedAt;
  }

  /** Keys of the identity in flash; places: device/agent/README.md, "Identity". */
  identityKeys() {
    const { judge, chip } = this.line.chip;
    const at = (offset: number, length: number) =>
      judge.flash(chip.layout.identity.addressStart + offset, length);
    const [signingPrivate, kemPrivate, deviceKey, seed] = [16, 48, 80, 112].map((offset) =>
      at(offset, 32),
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const secrets = [signingPrivate, kemPrivate, deviceKey, ...(chip.hasRandomGenerator ? [] : [seed])];
    return { signingPrivate, signingPublic: at(209, 65), secrets };
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

  /** Starts from a snapshot as the campaign starts a scenario, with the same chance, and looks. */
  fromStart<T>(from: ChipSnapshot, look: () => T): T {
    this.line.chip.judge.restore(from, { seed: chance });
    this.line.chip.powerOn();
    return look();
  }

  alteredStatement = (header: Bytes) => withSignatureAltered(header, 2);
  alteredManifest = (sealed: TestPackage) => withSignatureAltered(sealed.headerBytes, 0);
  alteredDelegation = (sealed: TestPackage) => withSignatureAltered(sealed.headerBytes, 1);
  alteredLicense = (bundle: Bytes) => withSignatureAltered(bundle, 0);

  /** Switches power off and takes a snapshot; with `booting` the next start boots the application. */
  snapshot(booting = false): ChipSnapshot {
    const { chip } = this.line;
    chip.powerOff();
    chip.setPin('agent-request', !booting);
    return chip.judge.snapshot();
  }

  /**
   * Changes bytes in flash through the debug port, which may write at level 0; the rest
   * of the page stays as it is.
   */
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
    const { stateMagic, stateBytes, stateSequenceAt, journalGrainBytes } = this.code.constants;
    const { judge, chip } = this.line.chip;
    let newest = { address: 0, sequence: -1 };
    for (const { addressStart, sizeBytes } of chip.layout.journal) {
      const bytes = judge.flash(addressStart, sizeBytes);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at + stateBytes <= sizeBytes; at += journalGrainBytes) {
        const sequence = view.getUint32(at + stateSequenceAt, true);
        if (view.getUint32(at, true) === stateMagic && sequence > newest.sequence)
          newest = { address: addressStart + at, sequence };
      }
    }
    if (newest.sequence < 0) throw new Error('the journal has no state');
    return newest.address;
  }

  /** Security counter of the newest state in flash. */
  newestCounter(): number {
    const bytes = this.line.chip.judge.flash(this.newestState() + this.code.constants.stateCounterAt, 4);
    return new DataView(bytes.buffer).getUint32(0, true);
  }

  /** The life cycle of the newest state becomes "installed"; its MAC stays as it was. */
  forgeInstalled(): void {
    const { stateLifeCycleAt, lifeInstalled } = this.code.constants;
    this.alterFlash(this.newestState() + stateLifeCycleAt, Uint8Array.from(u32le(lifeInstalled)));
  }

  /** One bit of the MAC of the newest state. */
  alterRecord(): void {
    const address = this.newestState() + this.code.constants.stateMacAt;
    const [byte] = this.line.chip.judge.flash(address, 1);
    this.alterFlash(address, Uint8Array.of(byte! ^ 1));
  }

  /** A word of a variable of the agent in RAM. */
  word(symbol: string, offset = 0): number {
    const address = this.code.symbols.get(symbol)!.address + offset;
    return new DataView(this.line.chip.judge.ram(address, 4).slice().buffer).getUint32(0, true);
  }
}
