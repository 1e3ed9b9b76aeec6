// The damage campaign against the agent in C: every mutation of lab/mutation goes to the chip as a host
// without any check of its own would send it. Wanted: the fault of the specification, no flash
// operation by a damaged header or license, no plaintext of a refused record, and at the end a chip
// that boots the former firmware or nothing. What only a file can show (magic, header length) is for
// the reader of files to refuse and is not sent.

import { equalBytes } from '@firmseal/bytes';
import type { ChipSnapshot, Operation } from '@firmseal/virtual-stm32';
import type { Reply } from '../../device/agent/test/line.ts';
import { licenseMutationsOf, type Mutation, mutationsOf } from '../mutation/mutations.ts';
import { type DamageTarget, holds, holdsPlaintext } from './target.ts';

export interface DamageReport {
  /** Damages tried, by class. */
  readonly tried: Map<string, number>;
  /** Answers of the chip, by code; `nothing came` is a record that was missing at the end. */
  readonly answers: Map<string, number>;
  readonly notSent: number;
  /** Damaged pieces that the chip took, and damaged installs that it boots. */
  readonly accepted: number;
  /** What was not as it must be, with the place of the damage. */
  readonly violations: readonly string[];
}

const fileStartBytes = 12;

/**
 * Pieces as a host cuts them: the header, then records by the lengths that the true
 * manifest gives, then the rest.
 */
function piecesOf(file: Uint8Array, { sealed }: DamageTarget): Uint8Array[] {
  const recordsOffset = fileStartBytes + sealed.headerBytes.length;
  const pieces = [file.subarray(fileStartBytes, recordsOffset)];
  let offset = recordsOffset;
  for (const { length } of sealed.records) {
    pieces.push(file.subarray(offset, offset + length));
    offset += length;
  }
  if (offset < file.length) pieces.push(file.subarray(offset));
  return pieces;
}

export class DamageCampaign {
  readonly #target: DamageTarget;
  readonly #tried = new Map<string, number>();
  readonly #answers = new Map<string, number>();
  readonly #violations: string[] = [];
  /** Snapshots whose own content was seen not to boot, or to boot the former firmware. */
  readonly #judged = new Set<ChipSnapshot>();
  #notSent = 0;
  #accepted = 0;

  constructor(target: DamageTarget) {
    this.#target = target;
  }

  get report(): DamageReport {
    return {
      ...{ tried: this.#tried, answers: this.#answers, notSent: this.#notSent },
      ...{ accepted: this.#accepted, violations: this.#violations },
    };
  }

  /** Damages of the package; `take` chooses by a number that counts on. */
  runPackage(take: (mutation: Mutation, index: number) => boolean): void {
    const { sealed } = this.#target;
    let index = 0;
    for (const mutation of mutationsOf(sealed.file, sealed.manifest.core))
      if (take(mutation, index++)) this.#runFile(mutation);
  }

  /** Damages of the license bundle. */
  runLicense(take: (index: number) => boolean): void {
    const { beforeLicense, license } = this.#target;
    let index = 0;
    for (const { where, file, expected } of licenseMutationsOf(license.bundle)) {
      if (!take(index++)) continue;
      this.#count(this.#tried, where.includes('cut to') ? 'license truncation' : 'license bit flip');
      const operations = this.#send(beforeLicense, { type: 0x21, body: file, where, expected });
      this.#expectNone(operations, where);
      this.#judgeBoot(beforeLicense, operations, where);
    }
  }

  /** Licenses that are whole and signed, but for another device, package or time. */
  runForeign(): void {
    const { beforeLicense, foreign } = this.#target;
    for (const { license, expected } of foreign) {
      const where = `license that is ${expected}`;
      this.#count(this.#tried, 'foreign license');
      const message = { type: 0x21, body: license.bundle, where, expected: [expected] };
      const operations = this.#send(beforeLicense, message);
      this.#expectNone(operations, where);
      this.#judgeBoot(beforeLicense, operations, where);
    }
  }

  #count(counts: Map<string, number>, name: string): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  #violate(where: string, what: string): void {
    this.#violations.push(`${where}: ${what}`);
  }

  #expectNone(operations: readonly Operation[], where: string): void {
    if (operations.length > 0) this.#violate(where, `${operations.length} flash operations`);
  }

  #noteAnswer({ status }: Reply, where: string, expected: readonly string[]): void {
    this.#count(this.#answers, status === 0 ? 'accepted' : status);
    if (status === 0) {
      this.#accepted++;
      this.#violate(where, 'accepted');
    } else if (!expected.includes(status)) this.#violate(where, `${status}, not ${expected.join(' or ')}`);
  }

  /** One message from a snapshot on; the operations that it caused. */
  #send(
    from: ChipSnapshot,
    message: { type: number; body: Uint8Array; where: string; expected: readonly string[] },
  ): Operation[] {
    const { line } = this.#target;
    line.chip.judge.restore(from);
    const operations: Operation[] = [];
    line.chip.power.onOperation = (operation) => operations.push(operation);
    this.#noteAnswer(line.try(message.type, message.body), message.where, message.expected);
    line.chip.power.onOperation = undefined;
    return operations;
  }

  #runFile(mutation: Mutation): void {
    const { sealed } = this.#target;
    const { kind, where, file, expected } = mutation;
    const recordsOffset = fileStartBytes + sealed.headerBytes.length;
    this.#count(this.#tried, kind);
    const start = sealed.file.subarray(0, fileStartBytes);
    if (!equalBytes(file.subarray(0, fileStartBytes), start)) {
      this.#notSent++;
      return;
    }
    const [header, ...records] = piecesOf(file, this.#target);
    if (!equalBytes(header!, sealed.headerBytes)) {
      const wanted = file.length < recordsOffset ? ['package-malformed'] : expected;
      const { beforePackage } = this.#target;
      const operations = this.#send(beforePackage, { type: 0x20, body: header!, where, expected: wanted });
      this.#expectNone(operations, where);
      this.#judgeBoot(beforePackage, operations, where);
    } else this.#runRecords(records, mutation);
  }

  #runRecords(records: readonly Uint8Array[], { kind, where }: Mutation): void {
    const { sealed, line, beforeRecord } = this.#target;
    const index = records.findIndex(
      (piece, i) => i >= sealed.records.length || !equalBytes(piece, sealed.records[i]!),
    );
    const piece = records[index];
    if (index < 0 || piece === undefined) throw new Error(`${where}: nothing is damaged`);
    const from = beforeRecord[index]!;
    if (index === sealed.records.length) {
      // The true package is complete; what follows it is refused, and what stands is what was signed.
      const operations = this.#send(from, this.#record(index, piece, where, ['request-out-of-state']));
      this.#expectNone(operations, where);
      if (!holds(this.#target, this.#target.areas)) this.#violate(where, 'the package is not what stands');
      return;
    }
    const operations: Operation[] = [];
    if (piece.length === 0) {
      this.#count(this.#answers, 'nothing came');
      line.chip.judge.restore(from);
    } else {
      const expected =
        piece.length < sealed.records[index]!.length ? 'record-length-wrong' : 'record-hash-wrong';
      operations.push(...this.#send(from, this.#record(index, piece, where, [expected])));
    }
    this.#judgeRefused(index, { operations, where, refused: piece.length > 0 });
    if (kind !== 'bit flip') this.#goOn(index, records, where);
    this.#judgeBoot(from, operations, where);
  }

  #record(index: number, piece: Uint8Array, where: string, expected: readonly string[]) {
    const body = new Uint8Array(4 + piece.length);
    new DataView(body.buffer).setUint32(0, index, true);
    body.set(piece, 4);
    return { type: 0x22, body, where, expected };
  }

  /**
   * Nothing of the refused record is in flash, and nothing was written into an area on the way. Under
   * policy erase nothing of the records ahead either, once one was refused; of one that is missing
   * the chip knows only at a reset.
   */
  #judgeRefused(
    index: number,
    { operations, where, refused }: { operations: readonly Operation[]; where: string; refused: boolean },
  ): void {
    const { sealed, areas } = this.#target;
    const resume = sealed.manifest.core.interruption === 'resume' || !refused;
    if (resume) this.#expectNone(operations, where);
    for (const { kind, address } of operations)
      if (
        kind === 'program' &&
        areas.some(({ area }) => address >= area.address && address < area.address + area.lengthBytes)
      )
        this.#violate(where, 'flash of an area was programmed');
    for (let i = resume ? index : 0; i < sealed.records.length; i++)
      if (holdsPlaintext(this.#target, i)) this.#violate(where, `plaintext of record ${i} is in flash`);
  }

  /** A host that does not stop: all that it has left is refused as well. */
  #goOn(index: number, records: readonly Uint8Array[], where: string): void {
    const { line, sealed } = this.#target;
    for (const [i, piece] of records.entries())
      if (
        i > index &&
        piece.length > 0 &&
        line.tryRecord(i, piece).status === 0 &&
        i < sealed.records.length
      ) {
        this.#accepted++;
        this.#violate(where, `record ${i} was accepted after ${index} was refused`);
      }
  }

  /**
   * After a reset the chip boots the former firmware, whole, or nothing. Snapshots whose flash no operation
   * changed share one such check.
   */
  #judgeBoot(from: ChipSnapshot, operations: readonly Operation[], where: string): void {
    if (operations.length === 0 && this.#judged.has(from)) return;
    const { line, sealed, beforePackage, beforeLicense } = this.#target;
    const { chip } = line;
    chip.reset();
    const isLicensed = from !== beforePackage && from !== beforeLicense;
    if (isLicensed && sealed.manifest.core.interruption === 'erase')
      for (const i of sealed.records.keys())
        if (holdsPlaintext(this.#target, i))
          this.#violate(where, `plaintext of record ${i} outlives the reset`);
    const whole = holds(this.#target, this.#target.former);
    // From the license on the journal says that an install is under way; the firmware
    // stays until records come.
    const boots = chip.bootedApplication !== undefined;
    if (boots !== (whole && !isLicensed)) {
      const other = isLicensed
        ? 'boots in the middle of an install'
        : 'boots another firmware than the former';
      this.#violate(where, boots ? other : 'the former firmware does not boot');
      if (boots) this.#accepted++;
    }
    if (operations.length === 0) this.#judged.add(from);
  }
}
