// A chip with the anchor's WebAssembly build and agents that are only some bytes: what the
// anchor decides, not what an agent does. An agent "runs" when the anchor jumps to it; the
// player notes which one stands there.

import { type AnchorOwner, anchorPart, encodeAgentImage, signAgentImage } from '@firmseal/agent-image';
import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import {
  agentVectors,
  bootOptions,
  changedOptions,
  defaultOptionValues,
  eraseUnitsOf,
  findChip,
  type Range,
} from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  agentImage,
  type CpuPort,
  createVirtualChip,
  type ExecutorFactory,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { buildAgent } from '../build.ts';
import { agentDelegation } from './agent-package.ts';
import { Line, type Reply } from './line.ts';
import { owner, product, root, signerOf } from './trusted-site.ts';

const codeBytes = 96;

/** Code of an agent that only says its number. */
export const codeNumbered = (number: number): Bytes => new Uint8Array(codeBytes).fill(number);

/** What personalization wrote: nobody signed it. */
export const measuredAgent = encodeAgentImage({ counter: 0, code: codeNumbered(0xa0) });

export interface SignedChange {
  readonly product?: string;
  readonly chipId?: string;
  readonly delegation?: Bytes;
  readonly signer?: string;
}

/** A signed agent of that counter, which is also the number in its code. */
export async function signedAgent(
  chipId: string,
  counter: number,
  change: SignedChange = {},
): Promise<Bytes> {
  return signAgentImage(crypto, signerOf(change.signer ?? 'agent signer'), {
    ...{ product: change.product ?? product, chipId: change.chipId ?? chipId },
    ...{ agentVersion: counter, counter, code: codeNumbered(counter) },
    delegation: change.delegation ?? (await agentDelegation({ product: change.product ?? product })),
    rootPublicKey: root.publicKey,
  });
}

/** Notes the number of each agent that the anchor started. */
class AgentPlayer implements ExecutorFactory {
  readonly started: number[] = [];

  recognizes({ boot, chip }: CpuPort): boolean {
    return boot.from === 'flash' && boot.address === agentVectors(chip);
  }

  create() {
    return {
      start: (cpu: CpuPort) => {
        const code = cpu.readFlash(cpu.boot.address, 1);
        this.started.push(typeof code === 'string' ? -1 : code[0]!);
      },
      receive: () => undefined,
    };
  }
}

const modules = new Map<string, Promise<Bytes>>();

function anchorModule(chipId: string): Promise<Bytes> {
  const made = modules.get(chipId) ?? buildAgent(chipId);
  modules.set(chipId, made);
  return made;
}

function expectOk(status: unknown): void {
  if (status !== 'ok') throw new Error(`the debug port answers ${status}`);
}

export class AnchorBench {
  readonly chip: VirtualChip;
  readonly line: Line;
  readonly #player: AgentPlayer;

  private constructor(chip: VirtualChip, player: AgentPlayer) {
    this.chip = chip;
    this.line = new Line(chip);
    this.#player = player;
  }

  /**
   * A blank chip with anchor (of `module`), its data (which name `trust`), and the measured agent
   * in slot A; its power is off.
   */
  static async create(
    chipId: string,
    { module = anchorModule(chipId), trust = owner }: { module?: Promise<Bytes>; trust?: AnchorOwner } = {},
  ): Promise<AnchorBench> {
    const player = new AgentPlayer();
    const facts = findChip(chipId);
    const executors = [wasmAgent(crypto), player];
    const bench = new AnchorBench(createVirtualChip({ chip: chipId, seed: 'anchor', executors }), player);
    const { anchor, agent } = facts.layout;
    const image = [
      ...agentImage(await module, facts).filter(({ address }) => address === anchor.addressStart),
      { address: agent.addressStart, bytes: measuredAgent },
    ];
    bench.debug((debug) => {
      for (const { address, bytes } of [...image, anchorPart(crypto, image, { chip: facts, owner: trust })])
        expectOk(debug.programFlash(address, bytes));
      const boot = bootOptions(facts).map(({ register }) => register);
      const values = changedOptions(defaultOptionValues(facts), bootOptions(facts));
      for (const [register, value] of values)
        if (boot.includes(register)) expectOk(debug.writeOptionBytes(new Map([[register, value]])));
    });
    return bench;
  }

  /** Over the debug port of an open chip, with power that goes afterwards. */
  debug(use: (debug: VirtualChip['debug']) => void): void {
    this.chip.powerOn();
    this.chip.debug.connect();
    use(this.chip.debug);
    this.chip.powerOff();
    this.#player.started.length = 0;
  }

  slots(): { a: Range; b: Range } {
    const { agent, agentCopy } = this.chip.chip.layout;
    return { a: agent, b: { addressStart: agentCopy.addressStart, length: agent.length } };
  }

  /** Erases the erase units of these slots, and writes an image where one is given. */
  put(...content: readonly (readonly ['a' | 'b', (Uint8Array | undefined)?])[]): void {
    this.debug((debug) => {
      for (const [slot, image] of content) {
        const range = this.slots()[slot];
        for (const { addressStart } of eraseUnitsOf(this.chip.chip, range))
          expectOk(debug.eraseUnit(addressStart));
        if (image !== undefined) expectOk(debug.programFlash(range.addressStart, image));
      }
    });
  }

  /** What stands at the beginning of a slot. */
  content(slot: 'a' | 'b', length = measuredAgent.length + 960): Bytes {
    return this.chip.judge.flash(this.slots()[slot].addressStart, length);
  }

  /** Whether a slot holds that image. */
  holds(slot: 'a' | 'b', image: Uint8Array): boolean {
    const found = this.content(slot, image.length);
    return image.every((byte, i) => found[i] === byte);
  }

  /** Power comes; the number of the agent that runs then, or `loader`. */
  start(): number | 'loader' | 'nothing' {
    this.chip.powerOn();
    return this.state();
  }

  state(): number | 'loader' | 'nothing' {
    const number = this.#player.started.at(-1);
    this.#player.started.length = 0;
    if (number !== undefined) return number;
    return this.isLoader() ? 'loader' : 'nothing';
  }

  isLoader(): boolean {
    if (!this.chip.powered || !this.chip.running) return false;
    return (decodeCbor(this.line.request(0x01), { maxBytes: 256 }) as Map<number, unknown>).get(32) === true;
  }

  header(image: Uint8Array): Reply {
    return this.line.try(0x40, image.subarray(0, 1024));
  }

  code(image: Uint8Array, offset: number, length: number): Reply {
    return this.line.try(0x41, concatBytes(u32le(offset), image.subarray(offset, offset + length)));
  }

  /** Header and code in pieces; what the loader answers to the first that it refuses, or to the last. */
  load(image: Uint8Array, pieceBytes = 32): Reply {
    let reply = this.header(image);
    for (let at = 1024; at < image.length && reply.status === 0; at += pieceBytes)
      reply = this.code(image, at, pieceBytes);
    return reply;
  }
}
