// The anchor under attack: a chip whose slots hold agents that must not run, and its loader, which is offered
// one. Agents are a few instructions long; a bad end is the first of them that is executed.

import { encodeAgentImage, readAgentImage, signAgentImage } from '@firmseal/agent-image';
import { type Bytes, concatBytes, u32le, utf8 } from '@firmseal/bytes';
import { agentHeaderBytes, agentVectors, type Chip, eraseUnitsOf } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { delegate, owner, product, root, signerOf } from '../../device/agent/test/trusted-site.ts';
import { anchorTargetOf, targetOf } from '../../device/agent/toolchain/targets.ts';
import { type AgentBuild, buildAgent } from '../../device/agent/toolchain/thumb.ts';
import type { Scenario } from './scenario.ts';
import { Target, usualChip } from './target.ts';

const signer = 'agent signer';
const codeBytes = 96;
const entryOffset = 0x40;
const requests = { header: 0x40, code: 0x41 } as const;

/** A vector table, and a program that stays where it starts. */
function codeNumbered(chip: Chip, number: number): Uint8Array {
  const code = new Uint8Array(codeBytes).fill(number);
  const view = new DataView(code.buffer);
  view.setUint32(0, chip.ram[0]!.addressStart + 0x1000, true);
  view.setUint32(4, agentVectors(chip) + entryOffset + 1, true);
  view.setUint16(entryOffset, 0xe7fe, true);
  return code;
}

async function signed(chip: Chip, counter: number, by = signer): Promise<Bytes> {
  return signAgentImage(crypto, signerOf(by), {
    ...{ product, chipId: chip.id, agentVersion: counter, counter, code: codeNumbered(chip, counter) },
    delegation: await delegate('agent-signer', by),
    rootPublicKey: root.publicKey,
  });
}

/** In the name of the agent signer whom the anchor knows; a stranger signed. */
export async function forgedAgent(chip: Chip): Promise<Bytes> {
  const image = readAgentImage(await signed(chip, 9, 'stranger'));
  const delegation = await delegate('agent-signer', signer);
  return encodeAgentImage({ ...image, proof: { ...image.proof!, delegation } });
}

/** Of a signer to whom the root delegated nothing: he says so himself. */
async function selfMade(chip: Chip): Promise<Bytes> {
  const image = readAgentImage(await signed(chip, 9, 'stranger'));
  const delegation = await delegate('agent-signer', 'stranger', { by: signerOf('stranger') });
  return encodeAgentImage({ ...image, proof: { ...image.proof!, delegation } });
}

const withByteChanged = (image: Bytes, at: number): Bytes =>
  image.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** Puts the chip's flash into a state over the debug port, with the power off afterwards. */
class Workbench {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  get #chip() {
    return this.#target.line.chip;
  }

  #program(address: number, bytes: Uint8Array): void {
    const unit = this.#chip.chip.write.unitBytes;
    for (let at = 0; at < bytes.length; at += unit) {
      const piece = new Uint8Array(unit).fill(0xff);
      piece.set(bytes.subarray(at, at + unit));
      const status = this.#chip.debug.programFlash(address + at, piece);
      if (status !== 'ok') throw new Error(`programming: ${status}`);
    }
  }

  /** Slots A and B; left out: erased. */
  put(a: Bytes | undefined, b?: Bytes): void {
    const { chip, debug } = this.#chip;
    const { agent, agentCopy } = chip.layout;
    this.#chip.powerOn();
    debug.connect();
    for (const [addressStart, image] of [
      [agent.addressStart, a],
      [agentCopy.addressStart, b],
    ] as const) {
      for (const unit of eraseUnitsOf(chip, { addressStart, length: agent.length }))
        if (debug.eraseUnit(unit.addressStart) !== 'ok') throw new Error('a slot is not erased');
      if (image !== undefined) this.#program(addressStart, image);
    }
    this.#chip.powerOff();
  }

  /** An original identity, as far as the anchor reads one, and its entry for the counter of agents. */
  floor(counter: number): void {
    const { chip, debug } = this.#chip;
    const deviceKey = crypto.sha256(utf8('device key'));
    const identity = new Uint8Array(112);
    identity.set(utf8('FSID'));
    identity.set(deviceKey, 80);
    const head = concatBytes(Uint8Array.of(0x46, 0x4f, 2, 1), u32le(counter));
    const mac = crypto.hmacSha256(deviceKey, concatBytes(utf8('firmseal/1 floor'), head)).subarray(0, 8);
    this.#chip.powerOn();
    debug.connect();
    this.#program(chip.layout.anchorData.addressStart + 256, identity);
    this.#program(chip.otp!.addressStart, concatBytes(head, mac));
    this.#chip.powerOff();
  }
}

/** The anchor of the sources, or another build of it. */
export async function prepareAnchor(
  chipId = usualChip,
  build: AgentBuild = buildAgent(anchorTargetOf(chipId)),
) {
  const agentDelegation = await delegate('agent-signer', signer);
  const trust = { ...owner, agentDelegation };
  const target = new Target(buildAgent(targetOf(chipId)), { build, trust });
  const { chip } = target.line.chip;
  const vectors = agentVectors(chip);
  target.glitcher.application = { start: vectors, end: vectors + codeBytes };
  const bench = new Workbench(target);
  const scenarios: Scenario[] = [];
  const plain = { before: [], after: [] };
  const boot = (name: string, a: Bytes | undefined, b?: Bytes) => {
    bench.put(a, b);
    scenarios.push({ name: `anchor: ${name}`, from: target.snapshot(true), ...plain });
  };
  const fake = await forgedAgent(chip);
  // Where both are equal one check is all that stands before the start: the attacker's best case.
  const both = (name: string, image: Bytes) => boot(name, image, image);
  both('forged agent in both slots', fake);
  boot('forged agent in slot A alone', fake);
  boot('forged agent in slot B alone', undefined, fake);
  both('agent of a signer without the word of the root', await selfMade(chip));
  const genuine = await signed(chip, 9);
  both('code altered after its signature', withByteChanged(genuine, agentHeaderBytes + entryOffset + 8));
  both('counter raised after its signature', withByteChanged(genuine, 12));
  bench.put(genuine, genuine);
  const good = { name: 'good boot', from: target.snapshot(true), ...plain };

  bench.put(undefined);
  const from = target.snapshot(true);
  const runs = (now: Target) => now.boots() !== undefined;
  const offer = (name: string, image: Bytes, refusal: string, isCode: boolean) => {
    const header = { type: requests.header, body: image.subarray(0, agentHeaderBytes) };
    const body = concatBytes(u32le(agentHeaderBytes), image.subarray(agentHeaderBytes));
    const code = { type: requests.code, body };
    const begins = utf8('FSAG');
    /** Slot A holds an image: the head came. */
    const isBad = ({ line }: Target) =>
      line.chip.judge.flash(chip.layout.agent.addressStart, 4).every((byte, i) => byte === begins[i]);
    scenarios.push({
      ...{ name: `loader: ${name}`, from, before: isCode ? [header] : [], refusal, isBad, endsBad: runs },
      ...{ request: isCode ? code : header, after: isCode ? [] : [code] },
    });
  };
  offer('header of a forged agent', fake, 'agent-image-signature-invalid', false);
  const altered = withByteChanged(genuine, agentHeaderBytes + entryOffset + 8);
  offer('code altered after its signature', altered, 'agent-image-digest-wrong', true);

  if (chip.otp !== undefined) {
    bench.floor(12);
    both('agent below the floor', await signed(chip, 9));
  }
  return { target, scenarios, good };
}
