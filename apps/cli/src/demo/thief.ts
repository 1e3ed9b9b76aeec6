// What a thief on the line does in the demo. He has his own programmer, the sealed package, the
// line's token, the chip's link, its debug port and its power plug. The functions say what he got;
// what it is worth is for attempts.ts.

import { AgentClient } from '@firmseal/agent-client';
import { equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import {
  type LineChip,
  type LineWatcher,
  openChipLink,
  type VirtualJob,
  type VirtualPackage,
} from '@firmseal/virtual-line';
import type { VirtualChip } from '@firmseal/virtual-stm32';

/**
 * The thief's own programmer: no checks, straight through. Resolves true when the chip took the last record.
 */
export async function driveInstall(
  target: LineChip,
  { sealed, job, watcher }: { sealed: VirtualPackage; job: VirtualJob; watcher: LineWatcher },
): Promise<boolean> {
  const stream = openChipLink(target.chip, watcher);
  try {
    const agent = await AgentClient.connect({
      stream,
      clock: systemClock,
      answerTimeoutMs: 20,
      attempts: 1,
    });
    const challenge = await job.line.giveChallenge('hello');
    const { certificate, hello } = await agent.hello(challenge);
    const requestId = Buffer.from(challenge).toString('hex');
    const { bundle } = await job.line.issueLicense({ hello, certificate, challenge, requestId });
    await agent.sendPackageHeader(sealed.sealed.headerBytes);
    await agent.sendLicense(bundle);
    const { recordCount: count, recordAt } = sealed.sealed;
    await agent.streamRecords({ count, recordAt });
    await agent.receipt();
    return true;
  } catch (error) {
    // The line that he cut, or the chip that no longer answers.
    if (error instanceof Fault) return false;
    throw error;
  } finally {
    await stream.close();
  }
}

export interface Dump {
  /** By address; undefined where the debug port gave nothing. */
  readonly flash: readonly { address: number; bytes: Uint8Array | undefined }[];
  readonly ram: readonly { address: number; bytes: Uint8Array | undefined }[];
}

const blockBytes = 16 * 1024;

/**
 * Everything that the debug port gives of flash and RAM, asked for in blocks. Leaves the debugger attached.
 */
export function dumpChip({ chip: facts, debug }: VirtualChip): Dump {
  debug.connect();
  const read = (address: number, length: number) => {
    const found = debug.readMemory(address, length);
    return { address, bytes: typeof found === 'string' ? undefined : found };
  };
  const blocks = (start: number, length: number) =>
    Array.from({ length: Math.ceil(length / blockBytes) }, (_, i) =>
      read(start + i * blockBytes, Math.min(blockBytes, length - i * blockBytes)),
    );
  return {
    flash: blocks(facts.flash.addressStart, facts.flash.sizeBytes),
    ram: facts.ram.flatMap(({ addressStart, length }) => blocks(addressStart, length)),
  };
}

/**
 * Bytes of the dump of flash that equal the image at their own address, without
 * erased flash (FF) on both sides.
 */
export function countImageBytes(
  dump: Dump,
  image: readonly { address: number; bytes: Uint8Array }[],
): number {
  let count = 0;
  for (const { address, bytes } of dump.flash) {
    if (bytes === undefined) continue;
    for (const part of image) {
      const start = Math.max(address, part.address);
      const end = Math.min(address + bytes.length, part.address + part.bytes.length);
      for (let at = start; at < end; at++) {
        const byte = part.bytes[at - part.address]!;
        if (byte !== 0xff && bytes[at - address] === byte) count++;
      }
    }
  }
  return count;
}

const windowBytes = 16;
const strideBytes = 8;

/** Windows of the image, at every eighth byte: any run of 24 bytes holds one of them whole. */
export interface ImageIndex {
  readonly byFirstWord: ReadonlyMap<number, readonly Uint8Array[]>;
  /** By slot of the first word, 1 where one may be known: most words of a memory need no look at the map. */
  readonly slots: Uint8Array;
}

/** 16 bits of a word, spread by the golden ratio. */
const slotOf = (word: number): number => Math.imul(word, 0x9e3779b1) >>> 16;

/** Windows of few different bytes are left out: they stand in any memory. */
export function indexImage(image: readonly { bytes: Uint8Array }[]): ImageIndex {
  const byFirstWord = new Map<number, Uint8Array[]>();
  const slots = new Uint8Array(1 << 16);
  for (const { bytes } of image) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + windowBytes <= bytes.length; at += strideBytes) {
      const window = bytes.subarray(at, at + windowBytes);
      if (new Set(window).size <= 4) continue;
      const word = view.getUint32(at);
      slots[slotOf(word)] = 1;
      const known = byFirstWord.get(word);
      if (known === undefined) byFirstWord.set(word, [window]);
      else if (known.length < 64) known.push(window);
    }
  }
  return { byFirstWord, slots };
}

/** Bytes in RAM that stand in the image too, in runs of 16 and more. */
export function countRamBytes(dump: Dump, { byFirstWord, slots }: ImageIndex): number {
  let count = 0;
  for (const { bytes } of dump.ram) {
    if (bytes === undefined) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let covered = 0;
    for (let at = 0; at + windowBytes <= bytes.length; at++) {
      const word = view.getUint32(at);
      if (slots[slotOf(word)] === 0) continue;
      const windows = byFirstWord.get(word);
      if (windows === undefined) continue;
      if (!windows.some((window) => equalBytes(window, bytes.subarray(at, at + windowBytes)))) continue;
      count += at + windowBytes - Math.max(covered, at);
      covered = at + windowBytes;
    }
  }
  return count;
}

/** How many of the secrets stand somewhere in the RAM that was read. */
export function countSecrets(dump: Dump, secrets: readonly Uint8Array[]): number {
  const blocks = dump.ram.flatMap(({ bytes }) =>
    bytes === undefined ? [] : [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)],
  );
  const stands = (secret: Uint8Array): boolean => blocks.some((block) => block.includes(Buffer.from(secret)));
  return secrets.filter(stands).length;
}
