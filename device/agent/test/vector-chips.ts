// The chip that a vector asks for, made without an install: agent, identity and journal are written over the
// debug port, then the option bytes. For the agent as WebAssembly and as machine code.

import { anchorPart } from '@firmseal/agent-image';
import { type Bytes, fromHex } from '@firmseal/bytes';
import { type Chip, findChip, withOptionField } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  agentImage,
  type ChipSnapshot,
  createVirtualChip,
  type ExecutorFactory,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { computeCryptoHere } from '../../../lab/power/bench.ts';
import { buildWeakenedAgent } from '../build.ts';
import { shippedSegments } from '../toolchain/shipped-image.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent as buildMachineCode } from '../toolchain/thumb.ts';
import { chipLike } from './chip-like.ts';
import { identityImage, journalImage, type StateContent } from './flash-images.ts';
import { Line } from './line.ts';
import { writeUnits } from './machine-line.ts';
import { nonceFromPort } from './nonce-from-port.ts';
import { certify, keyPair, owner } from './trusted-site.ts';
import type { ChipState, Wanted } from './vector-cases.ts';

/** What a case wants of the agent beside its flash: drawn or given nonce, and whether the level has a key. */
interface AgentFacts {
  nonce: Bytes;
  levelKey: boolean;
}

/** The agent with the nonce of the vectors instead of a drawn one; `factsOf` is asked each time. */
function agentWithFacts(factsOf: () => AgentFacts): ExecutorFactory {
  const agent = wasmAgent(crypto);
  return {
    recognizes: (cpu) => agent.recognizes(cpu),
    create() {
      const firmware = agent.create();
      return {
        start: (cpu) =>
          firmware.start(
            new Proxy(cpu, {
              get(port, name) {
                if (name === 'levelKeySet') return factsOf().levelKey;
                if (name !== 'random') return Reflect.get(port, name);
                return (length: number) => (length === 16 ? factsOf().nonce.slice() : port.random(length));
              },
            }),
          ),
        receive: (bytes) => firmware.receive(bytes),
      };
    },
  };
}

function program(chip: VirtualChip, address: number, bytes: Uint8Array): void {
  const status = chip.debug.programFlash(address, bytes);
  if (status !== 'ok') throw new Error(`the debug port answers ${status} at 0x${address.toString(16)}`);
}

/** Granules that stay erased are left out, since H743 words are written once. */
function programGranules(chip: VirtualChip, address: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 32) {
    const granule = bytes.subarray(at, at + 32);
    if (granule.some((byte) => byte !== 0xff)) program(chip, address + at, granule);
  }
}

/** Boot address of the agent for chips that have one; all else as the case says. */
function optionsOf(chip: Chip, state: ChipState): Map<number, number> {
  const options = new Map(state.optionBytes.map(({ register, value }) => [register, value]));
  const { addressFields } = chip.boot;
  if (addressFields === undefined) return options;
  return new Map(
    withOptionField(chip, options, { name: addressFields.pinLow, value: addressFields.anchorValue }),
  );
}

const certificates = new Map<string, Bytes>();

async function certificateOf(chipId: string): Promise<Bytes> {
  const [signing, kem] = [keyPair('device'), keyPair('device KEM')];
  const known =
    certificates.get(chipId) ??
    (await certify({ signingKey: signing.publicKey, kemKey: kem.publicKey, chipId }));
  certificates.set(chipId, known);
  return known;
}

/** Writes identity, journal and option bytes as the case wants them, over the debug port. */
async function settingUp(wanted: Wanted): Promise<(chip: VirtualChip) => void> {
  const { chipId, trust, state, journaled, unwraps } = wanted;
  const deviceKey = crypto.sha256(fromHex('77'));
  const identity = identityImage({
    ...{ signing: keyPair('device'), kem: keyPair('device KEM'), deviceKey },
    ...{ rootPublicKey: trust.root, product: trust.product, epoch: trust.epoch, origin: 1 },
    certificate: await certificateOf(chipId),
  });
  const journal: StateContent = {
    lifeCycle: state.installPending ? 'installing' : 'erased',
    ...{ securityCounter: state.securityCounter, epoch: trust.epoch },
    ...{ installCount: 0, rootPublicKey: trust.root, unwraps: unwraps ?? 0 },
    ...(journaled && !journaled.ended ? { lastLicense: fromHex(journaled.digest) } : {}),
  };
  return (chip) => {
    programGranules(chip, chip.chip.layout.identity.addressStart, identity);
    programGranules(chip, chip.chip.layout.journal[0].addressStart, journalImage(deviceKey, journal));
    if (chip.debug.writeOptionBytes(optionsOf(chip.chip, state)) !== 'ok')
      throw new Error('the chip refuses the option bytes of the case');
    chip.powerOff();
  };
}

function lineTo(chip: VirtualChip): Line {
  chip.powerOn();
  if (!chip.running) throw new Error('the agent does not run');
  return new Line(chip);
}

/**
 * A chip with the agent in its flash and nothing else, to come back to: one for all cases of a kind of chip.
 */
interface BlankChip extends AgentFacts {
  readonly chip: VirtualChip;
  readonly blank: ChipSnapshot;
}

const blankChips = new Map<string, BlankChip>();

async function blankChip(chipId: string): Promise<BlankChip> {
  const known = blankChips.get(chipId);
  if (known !== undefined) return known;
  const executors = [agentWithFacts(() => made)];
  const chip = createVirtualChip({ chip: chipId, seed: 'vectors', executors });
  chip.powerOn();
  chip.debug.connect();
  const image = agentImage(await buildWeakenedAgent(chipId, nonceFromPort), chip.chip);
  for (const { address, bytes } of [...image, anchorPart(crypto, image, { chip: chip.chip, owner })])
    programGranules(chip, address, bytes);
  const blank = chip.judge.snapshot();
  const made: BlankChip = { chip, blank, nonce: new Uint8Array(16), levelKey: false };
  blankChips.set(chipId, made);
  return made;
}

/** Its agent is the WebAssembly module. The chip of the previous case is no more. */
export async function wasmChip(wanted: Wanted): Promise<Line> {
  const made = await blankChip(wanted.chipId);
  made.nonce = wanted.nonce ?? crypto.randomBytes(16);
  made.levelKey = wanted.state.levelKey;
  made.chip.judge.restore(made.blank);
  (await settingUp(wanted))(made.chip);
  return lineTo(made.chip);
}

/** Data register of the random generator, where a case needs a nonce of its own: RM0090 24.4.3. */
const randomData = 0x5006_0808;

/** The words that the generator gives next: one for the driver's start, then the nonce. */
function drawNonce(line: Line, nonce: Bytes): void {
  const { rp2040: bus } = line.chip.machine.processor.core;
  const view = new DataView(nonce.buffer, nonce.byteOffset, nonce.length);
  const words = [0x0bad_5eed, ...[0, 4, 8, 12].map((offset) => view.getUint32(offset, true))];
  const read = bus.readUint32.bind(bus);
  bus.readUint32 = (address) =>
    address >>> 0 === randomData && words.length > 0 ? words.shift()! : read(address);
}

interface MachineImage {
  readonly elf: string;
  readonly units: ReadonlyMap<number, Uint8Array>;
}

const images = new Map<string, MachineImage>();

/** The machine code in pieces of a kibibyte; built once in a process. */
function machineImage(chipId: string, namesNonce: boolean): MachineImage {
  const name = `${chipId} ${namesNonce}`;
  const known = images.get(name);
  if (known !== undefined) return known;
  const { elf } = namesNonce
    ? mutantBuild({ without: nonceFromPort, chip: chipId })
    : buildMachineCode(targetOf(chipId));
  const parts = shippedSegments(elf, findChip(chipId));
  const units = writeUnits([...parts, anchorPart(crypto, parts, { chip: findChip(chipId), owner })], 1024);
  const image = { elf, units };
  images.set(name, image);
  return image;
}

/** The chip has booted before its case: the anchor has made its copy of the agent. */
async function chipOf(wanted: Wanted, isQuick: boolean): Promise<Line> {
  const { chipId } = wanted;
  const { elf, units } = machineImage(chipId, wanted.nonce !== undefined);
  const connected = (chip: VirtualChip): VirtualChip => {
    chip.powerOn();
    chip.debug.connect();
    return chip;
  };
  const make = (blank: VirtualChip): void => {
    connected(blank);
    for (const [address, bytes] of units) program(blank, address, bytes);
    blank.powerOff();
    computeCryptoHere(blank, { elf });
    blank.powerOn();
    blank.powerOff();
  };
  const setUp = await settingUp(wanted);
  const chip = chipLike({ chipId, seed: 'vectors', name: `vectors ${elf}` }, make, (one) =>
    setUp(connected(one)),
  );
  if (isQuick) computeCryptoHere(chip, { elf });
  const line = lineTo(chip);
  if (wanted.nonce !== undefined) {
    if (wanted.chipId !== 'stm32f427') throw new Error('nonces are drawn on the F427 only');
    drawNonce(line, wanted.nonce);
  }
  return line;
}

/**
 * Its agent is the machine code that ships, with BearSSL; where a nonce is wanted, it takes that from the
 * generator.
 */
export const machineChip = (wanted: Wanted): Promise<Line> => chipOf(wanted, false);

/** The same, the cryptography computed by the host. */
export const quickMachineChip = (wanted: Wanted): Promise<Line> => chipOf(wanted, true);
