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
}

/** What the anchor's data say. */
export interface AnchorData {
  readonly rootPublicKey: Uint8Array;
  readonly product: string;
  readonly epoch: number;
  readonly measured: { readonly codeDigest: Uint8Array; readonly counter: number };
}

const { addressStart: slotStart, length: slotBytes } = findChip('stm32f427').layout.agent;

export class ImageChecker {
  readonly #exports: Exports;
  #slot: Uint8Array = new Uint8Array(0);

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
        const from = (address >>> 0) - slotStart;
        if (from < 0 || from + length > slotBytes) throw new Error('a read outside of the slot');
        const bytes = new Uint8Array(length).fill(0xff);
        bytes.set(this.#slot.subarray(from, from + length));
        new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
        return fsOk;
      },
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module), { fs });
    this.#exports = instance.exports as Exports;
  }

  static async create(weakening: Weakening = {}): Promise<ImageChecker> {
    const source = readFileSync(new URL('agent-image.c', import.meta.url), 'utf8');
    const sources = new Map([['agent-image.c', source]]);
    return new ImageChecker(await buildWithTests('stm32f427', sources, { memoryBytes: 131_072, weakening }));
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
