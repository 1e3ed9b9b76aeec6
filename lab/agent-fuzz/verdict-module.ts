// The agent of a personalized STM32F427 as WebAssembly, whose parsers can be asked one by one (verdicts.c).
// The chip is an array for flash, one for the one-time memory and two option registers; memory, flash and
// one-time memory can be put back to where they were.

import { readFileSync } from 'node:fs';
import { encodeAgentImage } from '@firmseal/agent-image';
import { type Bytes, concatBytes } from '@firmseal/bytes';
import { eraseUnitAt, findChip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { fsNo, fsOk, fsYes, wasmAgentCrypto } from '@firmseal/virtual-stm32';
import { buildWithTests } from '../../device/agent/build.ts';
import { identityImage, journalImage } from '../../device/agent/test/flash-images.ts';
import { nonceFromPort } from '../../device/agent/test/nonce-from-port.ts';
import type { Weakening } from '../../device/agent/toolchain/defences.ts';
import { chipState, device, nonce, options, product, root } from './fuzz-device.ts';

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

interface Verdicts {
  readonly memory: { readonly buffer: ArrayBuffer };
  fs_boot(): void;
  verdict_input(): number;
  verdict_output(): number;
  verdict_cbor(length: number): number;
  verdict_cose(typ: number, length: number): number;
  verdict_authority(
    ...lengths: [role: number, epoch: number, delegation: number, succession: number, statement: number]
  ): number;
  verdict_header(length: number): number;
  verdict_hello(): number;
  verdict_license(length: number): number;
  verdict_records_begin(): void;
  verdict_record(length: number): number;
  verdict_frames(length: number, most: number): number;
}

const failed = 1;
const flashStart = 0x0800_0000;
const flashSize = 2 << 20;

/** State of the chip to come back to. */
export interface Place {
  readonly memory: Bytes;
  readonly flash: ReadonlyMap<number, Bytes>;
  readonly otp: Bytes;
}

export class VerdictModule {
  readonly exports: Verdicts;
  readonly #flash = new Uint8Array(flashSize).fill(0xff);
  /** Starts of the erase units that changed since the last `restore`. */
  readonly #changed = new Set<number>();
  readonly #chip = findChip('stm32f427');
  readonly #otp = new Uint8Array(this.#chip.otp!.length).fill(0xff);
  /** As personalization left it. */
  readonly #personalized: Uint8Array;

  private constructor(module: object, crypto: Crypto) {
    this.exports = new WebAssembly.Instance(module, { fs: this.#imports(crypto) }).exports as Verdicts;
    const write = (address: number, bytes: Uint8Array) => this.#flash.set(bytes, address - flashStart);
    const identity = { ...device, rootPublicKey: root.publicKey, product, epoch: 1, origin: 1 };
    write(this.#chip.layout.identity.addressStart, identityImage(identity));
    const state = {
      ...{ lifeCycle: 'erased' as const, securityCounter: 5, epoch: 1, installCount: 1 },
      rootPublicKey: root.publicKey,
    };
    write(this.#chip.layout.journal[0].addressStart, journalImage(device.deviceKey, state));
    // Of its own image the agent reads the counter.
    const image = encodeAgentImage({ counter: chipState.agentCounter!, code: new Uint8Array(32) });
    write(this.#chip.layout.agent.addressStart, image);
    this.#personalized = this.#flash.slice();
    this.exports.fs_boot();
    const hello = this.exports.verdict_hello() >>> 0;
    if (hello !== fsOk) throw new Error(`the agent does not answer: fault ${hello}`);
  }

  /** `weakening`: defences taken out of the agent, for a test that must notice. */
  static async create(crypto: Crypto, weakening: Weakening = {}): Promise<VerdictModule> {
    const source = readFileSync(new URL('verdicts.c', import.meta.url), 'utf8');
    const sources = new Map([['verdicts.c', source]]);
    const module = await buildWithTests('stm32f427', sources, {
      ...{ memoryBytes: 262_144, weakening: { ...nonceFromPort, ...weakening } },
    });
    return new VerdictModule(new WebAssembly.Module(module), crypto);
  }

  /** Puts bytes where the parsers read. */
  input(...parts: readonly Uint8Array[]): number {
    const bytes = concatBytes(...parts);
    new Uint8Array(this.exports.memory.buffer).set(bytes, this.exports.verdict_input());
    return bytes.length;
  }

  output(length: number): Bytes {
    const start = this.exports.verdict_output();
    return new Uint8Array(this.exports.memory.buffer).slice(start, start + length);
  }

  #unit(address: number): { start: number; length: number } {
    const { addressStart, sizeBytes } = eraseUnitAt(this.#chip, address)!;
    return { start: addressStart, length: sizeBytes };
  }

  place(): Place {
    const flash = new Map<number, Bytes>();
    for (const start of this.#changed) flash.set(start, this.#slice(start));
    return { memory: new Uint8Array(this.exports.memory.buffer).slice(), flash, otp: this.#otp.slice() };
  }

  #slice(start: number): Bytes {
    const from = start - flashStart;
    return this.#flash.slice(from, from + this.#unit(start).length);
  }

  /** Back to a place; whatever changed since is put back to what it was there, or at personalization. */
  restore({ memory, flash, otp }: Place): void {
    new Uint8Array(this.exports.memory.buffer).set(memory);
    this.#otp.set(otp);
    for (const start of this.#changed) {
      const from = start - flashStart;
      const before = flash.get(start) ?? this.#personalized.subarray(from, from + this.#unit(start).length);
      this.#flash.set(before, from);
      if (!flash.has(start)) this.#changed.delete(start);
    }
    for (const [start, bytes] of flash) {
      if (this.#changed.has(start)) continue;
      this.#flash.set(bytes, start - flashStart);
      this.#changed.add(start);
    }
  }

  #inFlash(address: number): boolean {
    return address >= flashStart && address < flashStart + flashSize;
  }

  /** The bytes themselves, of flash or of the one-time memory. */
  #stored(address: number, length: number): Uint8Array {
    const isFlash = this.#inFlash(address);
    const [array, start] = isFlash ? [this.#flash, flashStart] : [this.#otp, this.#chip.otp!.addressStart];
    const from = address - start;
    if (from < 0 || from + length > array.length) throw new Error('an access outside of flash');
    return array.subarray(from, from + length);
  }

  #imports(crypto: Crypto) {
    const memory = () => new Uint8Array(this.exports.memory.buffer);
    const never = (name: string) => () => {
      throw new Error(`a parser called ${name}`);
    };
    return {
      ...wasmAgentCrypto(crypto, memory),
      flash_read: (address: number, pointer: number, length: number) => {
        memory().set(this.#stored(address >>> 0, length), pointer);
        return fsOk;
      },
      flash_program: (address: number, pointer: number, length: number) => {
        const stored = this.#stored(address >>> 0, length);
        const bytes = memory().subarray(pointer, pointer + length);
        for (let i = 0; i < length; i++) stored[i]! &= bytes[i]!;
        if (this.#inFlash(address >>> 0)) this.#changed.add(this.#unit(address >>> 0).start);
        return fsOk;
      },
      flash_erase: (address: number) => {
        const { start, length } = this.#unit(address >>> 0);
        this.#flash.fill(0xff, start - flashStart, start - flashStart + length);
        this.#changed.add(start);
        return fsOk;
      },
      option_read: (register: number, pointer: number) => {
        const value = options.find((one) => one.register === register)?.value;
        if (value === undefined) return failed;
        new DataView(this.exports.memory.buffer).setUint32(pointer, value, true);
        return fsOk;
      },
      level_key: () => fsNo,
      option_program: never('option_program'),
      option_launch: never('option_launch'),
      system_reset: never('system_reset'),
      boot_application: never('boot_application'),
      entry_requested: () => fsYes,
      trial_confirmed: () => fsNo,
      trial_clear: () => {},
      receipt_requested: () => fsNo,
      status_leave: never('status_leave'),
      random: (pointer: number, length: number) => {
        memory().set(
          Uint8Array.from({ length }, (_, i) => nonce[i % nonce.length]!),
          pointer,
        );
        return fsOk;
      },
      unique_id: (pointer: number, length: number) => memory().fill(0x11, pointer, pointer + length),
      link_send: () => {},
    };
  }
}
