// The agent's check of an image, as WebAssembly, over a slot of bytes that the test gives.

import { readFileSync } from 'node:fs';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { fsOk, wasmAgentCrypto } from '@firmseal/virtual-stm32';
import { buildWithTests } from '../build.ts';
import type { Weakening } from '../toolchain/defences.ts';
import faultNumbers from './fault-numbers.ts';

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  image_root(): number;
  image_product(): number;
  image_measured(): number;
  image_head(): number;
  image_check(
    ...words: [slot: number, product: number, epoch: number, measured: number, held: number]
  ): number;
  anchor_read(): number;
  anchor_signer(): number;
  anchor_number(which: number): number;
  anchor_check(slot: number): number;
}

/** What the anchor's data say. */
export interface AnchorData {
  readonly rootPublicKey: Uint8Array;
  readonly product: string;
  readonly epoch: number;
  readonly measured: { readonly codeDigest: Uint8Array; readonly counter: number };
}

const { agent, anchorData } = findChip('stm32f427').layout;
const { addressStart: slotStart, length: slotBytes } = agent;

export class ImageChecker {
  readonly #exports: Exports;
  #slot: Uint8Array = new Uint8Array(0);
  #block: Uint8Array = new Uint8Array(0);

  private constructor(module: Uint8Array) {
    const unused = () => {
      throw new Error('the check of an image changes nothing');
    };
    const named = ['flash_program', 'flash_erase', 'option_read', 'option_program', 'level_key'];
    named.push('option_launch', 'system_reset', 'boot_application', 'entry_requested', 'trial_confirmed');
    named.push('receipt_requested', 'status_leave', 'trial_clear', 'random', 'unique_id', 'link_send');
    const fs = {
      ...Object.fromEntries(named.map((name) => [name, unused])),
      ...wasmAgentCrypto(crypto, () => new Uint8Array(this.#exports.memory.buffer)),
      flash_read: (address: number, pointer: number, length: number) => {
        const isData = address >>> 0 === anchorData.addressStart;
        const from = isData ? 0 : (address >>> 0) - slotStart;
        if (from < 0 || from + length > slotBytes) throw new Error('a read outside of the slot');
        const bytes = new Uint8Array(length).fill(0xff);
        bytes.set((isData ? this.#block : this.#slot).subarray(from, from + length));
        new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
        return fsOk;
      },
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module), { fs });
    this.#exports = instance.exports as Exports;
  }

  /** `isAnchor`: it knows the agent signer that the data name, as the agent does not. */
  static async create(weakening: Weakening = {}, isAnchor = false): Promise<ImageChecker> {
    const source = readFileSync(new URL('agent-image.c', import.meta.url), 'utf8');
    const sources = new Map([['agent-image.c', source]]);
    const options = { memoryBytes: 131_072, weakening, isAnchor };
    return new ImageChecker(await buildWithTests('stm32f427', sources, options));
  }

  /** What it finds in the data block, whose image it checks from then on; or the code of its fault. */
  readBlock(block: Uint8Array) {
    const { image_root, image_product, image_measured, ...exports } = this.#exports;
    this.#block = block;
    const fault = exports.anchor_read();
    if (fault !== 0) return faultNumbers(fault);
    const at = (start: number, length: number) =>
      new Uint8Array(this.#exports.memory.buffer).slice(start, start + length);
    const [epoch, counter, productLength, counterCap] = [0, 1, 2, 3].map(
      (n) => exports.anchor_number(n) >>> 0,
    );
    return {
      ...{ epoch: epoch!, counter: counter!, codeDigest: at(image_measured(), 32) },
      ...{ rootPublicKey: at(image_root(), 65), product: at(image_product(), productLength!) },
      signer: { publicKey: at(exports.anchor_signer(), 65), counterCap: counterCap! },
    };
  }

  /** As `check`, by the data block that was read last. */
  checkByBlock(image: Uint8Array): number | string {
    this.#slot = image;
    const found = this.#exports.anchor_check(slotStart) >>> 0;
    return found < 0x8000_0000 ? found : faultNumbers(0xffff_ffff - found);
  }

  /** The version that it finds, or the code of its fault. `held`: the head is not in the slot yet. */
  check(image: Uint8Array, anchor: AnchorData, held = false): number | string {
    const { image_root, image_product, image_measured, image_head, image_check } = this.#exports;
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const product = new TextEncoder().encode(anchor.product);
    memory.set(anchor.rootPublicKey, image_root());
    memory.set(product, image_product());
    memory.set(anchor.measured.codeDigest, image_measured());
    memory.set(image.subarray(0, 32), image_head());
    this.#slot = held ? image.map((byte, i) => (i < 32 ? 0xff : byte)) : image;
    const { epoch, measured } = anchor;
    const found = image_check(slotStart, product.length, epoch, measured.counter, held ? 1 : 0) >>> 0;
    return found < 0x8000_0000 ? found : faultNumbers(0xffff_ffff - found);
  }
}
