// Cryptography at the speed of the host: when the processor gets to one of the port's functions,
// node:crypto computes the result and the function returns at once. No glitch hits these functions while
// this is used. Unlike the real ones they leave the stack below untouched: values of former calls stay
// there longer, which favours the attacker.

import { type Bytes, concatBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { fsOk, type VirtualChip } from '@firmseal/virtual-stm32';
import type { AgentCode } from './agent-code.ts';

export type Core = VirtualChip['machine']['processor']['core'];

/** Any other word: the callers know only whether it is success. */
const failed = 0x0bad0bad;
/** What a call may leave in r1 to r3 and r12. */
const rubbish = 0xdead_beef;

/** Above these a glitch spoilt the length or count, and the real function would fault. */
const lengthMost = 0x10000;
const countMost = 8;
const nowhere = 0x7000_0000;

function read(core: Core, address: number, length: number): Bytes {
  if (length > lengthMost) core.readUint32(nowhere);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = core.readUint8(address + i);
  return bytes;
}

function write(core: Core, address: number, bytes: Uint8Array): void {
  for (const [i, byte] of bytes.entries()) core.writeUint8(address + i, byte);
}

/** `count` views of address and length. */
function readParts(core: Core, address: number, count: number): Bytes {
  if (count > countMost) core.readUint32(nowhere);
  const parts: Bytes[] = [];
  for (let i = 0; i < count; i++)
    parts.push(read(core, core.readUint32(address + 8 * i), core.readUint32(address + 8 * i + 4)));
  return concatBytes(...parts);
}

/** The pieces hashed so far, the last one first: a list that is shared and never changed. */
interface Content {
  readonly bytes: Bytes;
  readonly before: Content | undefined;
}

const nothing: Content = { bytes: new Uint8Array(0), before: undefined };
/** A context that was not begun gives the hash of other bytes. */
const neverBegun: Content = { bytes: Uint8Array.of(0xff, 0, 0xff), before: undefined };

/** Running hashes by the address of their context, to be saved and put back. */
export class RunningHashes {
  #contents = new Map<number, Content>();

  save(): ReadonlyMap<number, Content> {
    return new Map(this.#contents);
  }
  restore(saved: ReadonlyMap<number, Content>): void {
    this.#contents = new Map(saved);
  }
  begin(context: number): void {
    this.#contents.set(context, nothing);
  }
  update(context: number, bytes: Bytes): void {
    this.#contents.set(context, { bytes, before: this.#contents.get(context) ?? neverBegun });
  }
  end(context: number): Bytes {
    const pieces: Bytes[] = [];
    for (let at = this.#contents.get(context) ?? neverBegun; ; at = at.before) {
      pieces.push(at.bytes);
      if (at.before === undefined) break;
    }
    this.#contents.delete(context);
    return crypto.sha256(...pieces.reverse());
  }
}

/** Signatures that the agent asked about, in hex, and whether they were right. */
export type Presented = Map<string, boolean>;

/**
 * Those that the executable has, by address, each to be called when the processor
 * is at its first instruction.
 */
export function hostCrypto(
  core: Core,
  { symbols, constants }: Pick<AgentCode, 'symbols' | 'constants'>,
  hashes: RunningHashes,
  presented: Presented = new Map(),
): Map<number, () => void> {
  const r = (index: number) => core.registers[index]! >>> 0;
  const stacked = (index: number) => core.readUint32(core.SP + 4 * index) >>> 0;
  const bodies: Record<string, () => number> = {
    fs_crypto_sha256_init() {
      hashes.begin(r(0));
      return rubbish;
    },
    fs_crypto_sha256_update() {
      hashes.update(r(0), read(core, r(1), r(2)));
      return rubbish;
    },
    fs_crypto_sha256_final() {
      write(core, r(1), hashes.end(r(0)));
      write(core, r(0), new Uint8Array(constants.hashContextBytes));
      return rubbish;
    },
    fs_crypto_es256_verify() {
      const signature = read(core, r(3), 64);
      const right = crypto.verifyEs256(read(core, r(0), 65), readParts(core, r(1), r(2)), signature);
      presented.set(toHex(signature), right);
      return right ? fsOk : failed;
    },
    fs_crypto_es256_sign() {
      const key = read(core, r(0), 32);
      if (crypto.p256FromPrivate(key) === undefined) return failed;
      read(core, r(1), 32); // the hedge: node:crypto draws its nonces by itself
      write(core, stacked(0), crypto.signEs256(key, readParts(core, r(2), r(3))));
      return fsOk;
    },
    fs_crypto_p256_public() {
      const pair = crypto.p256FromPrivate(read(core, r(0), 32));
      if (pair === undefined) return failed;
      write(core, r(1), pair.publicKey);
      return fsOk;
    },
    fs_crypto_p256_check: () => (crypto.isP256Point(read(core, r(0), 65)) ? fsOk : failed),
    fs_crypto_ecdh() {
      const key = read(core, r(0), 32);
      if (crypto.p256FromPrivate(key) === undefined) return failed;
      const x = crypto.ecdhP256(key, read(core, r(1), 65));
      if (x === undefined) return failed;
      write(core, r(2), x);
      return fsOk;
    },
    fs_crypto_gcm_open() {
      const [data, length] = [stacked(0), stacked(1)];
      const opened = crypto.aes256GcmOpen({
        ...{ key: read(core, r(0), 32), nonce: read(core, r(1), 12), aad: read(core, r(2), r(3)) },
        sealed: concatBytes(read(core, data, length), read(core, stacked(2), 16)),
      });
      if (opened === undefined) return failed;
      write(core, data, opened);
      return fsOk;
    },
  };
  return new Map(
    Object.entries(bodies).flatMap(([name, body]) => {
      const symbol = symbols.get(name);
      if (symbol === undefined) return [];
      const call = () => {
        const result = body();
        core.registers[0] = result;
        for (const index of [1, 2, 3, 12]) core.registers[index] = rubbish;
        core.PC = (core.LR & ~1) >>> 0;
        core.cycles += 100;
      };
      return [[symbol.address & ~1, call] as const];
    }),
  );
}
