// The cells of one erase unit: bytes and, on parts with an error correcting code, what each granule is:
// erased, programmed, or broken (its code does not match, a read faults). Allocated when first written,
// dropped when erased, so that a chip that was never programmed costs next to nothing.

import type { SeededRandom } from './random.ts';
import { tearBytes, tornLine } from './tearing.ts';

const erased = 0;
const programmed = 1;
const broken = 2;

/** What erased units look like, by size; shared by all, never written. */
const erasedBytes = new Map<number, Uint8Array<ArrayBuffer>>();

function erasedUnit(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const known = erasedBytes.get(sizeBytes) ?? new Uint8Array(sizeBytes).fill(0xff);
  erasedBytes.set(sizeBytes, known);
  return known;
}

/** Bytes of a line of a torn erase on parts without an error correcting code. */
const plainLineBytes = 32;

/** What the cells held at some time; shared with them until they change. */
export interface SavedCells {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly granules: Uint8Array | undefined;
}

/** What the cells of a unit hold: bytes and, with an error correcting code, the state of each granule. */
export interface KeptCells {
  readonly bytes: Uint8Array;
  readonly granules: Uint8Array | undefined;
}

export type UnitContent = 'erased' | 'programmed' | 'broken';

export class EraseUnitCells {
  readonly #sizeBytes: number;
  readonly #granuleBytes: number;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #granules: Uint8Array | undefined;
  /** Whether a saved state holds the same arrays: they are copied ahead of a change. */
  #shared = false;

  /** granuleBytes 0: no error correcting code. */
  constructor(sizeBytes: number, granuleBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#granuleBytes = granuleBytes;
  }

  get allocatedBytes(): number {
    return (this.#bytes?.length ?? 0) + (this.#granules?.length ?? 0);
  }

  /** Copies from `offset` into the target; false when a granule on the way is broken. */
  read(offset: number, target: Uint8Array): boolean {
    if (this.#bytes === undefined) {
      target.fill(0xff);
      return true;
    }
    if (this.#granules !== undefined && target.length > 0) {
      const last = Math.floor((offset + target.length - 1) / this.#granuleBytes);
      for (let g = Math.floor(offset / this.#granuleBytes); g <= last; g++)
        if (this.#granules[g] === broken) return false;
    }
    target.set(this.#bytes.subarray(offset, offset + target.length));
    return true;
  }

  /** The bytes as the cells hold them, broken or not: for the judge. */
  peek(offset: number, target: Uint8Array): void {
    if (this.#bytes === undefined) target.fill(0xff);
    else target.set(this.#bytes.subarray(offset, offset + target.length));
  }

  /**
   * The bytes themselves, only to be looked at, valid until the next operation;
   * undefined when a read may fault.
   */
  window(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#bytes === undefined) return erasedUnit(this.#sizeBytes);
    return this.#granules?.includes(broken) ? undefined : this.#bytes;
  }

  /** True when no granule that the range touches was programmed since its erase (ECC parts). */
  isErased(offset: number, length: number): boolean {
    if (this.#granules === undefined) return true;
    for (let at = offset; at < offset + length; at += this.#granuleBytes)
      if (this.#granules[Math.floor(at / this.#granuleBytes)] !== erased) return false;
    return true;
  }

  save(): SavedCells {
    this.#shared = true;
    return { bytes: this.#bytes, granules: this.#granules };
  }

  restore({ bytes, granules }: SavedCells): void {
    this.#bytes = bytes;
    this.#granules = granules;
    this.#shared = true;
  }

  #own(): void {
    if (!this.#shared) return;
    this.#bytes = this.#bytes?.slice();
    this.#granules = this.#granules?.slice();
    this.#shared = false;
  }

  /** `broken`: a granule of it faults when read. */
  get content(): UnitContent {
    if (this.#granules?.includes(broken)) return 'broken';
    const used = this.#granules?.includes(programmed) ?? this.#bytes?.some((byte) => byte !== 0xff) ?? false;
    return used ? 'programmed' : 'erased';
  }

  /** A copy; undefined for a unit that was never written since its erase. */
  keep(): KeptCells | undefined {
    if (this.#bytes === undefined) return undefined;
    return { bytes: this.#bytes.slice(), granules: this.#granules?.slice() };
  }

  /** RangeError for cells of a unit of another size. */
  take({ bytes, granules }: KeptCells): void {
    this.#allocate();
    if (bytes.length !== this.#sizeBytes || granules?.length !== this.#granules?.length)
      throw new RangeError('the cells are of another size of unit');
    this.#bytes!.set(bytes);
    if (granules !== undefined) this.#granules!.set(granules);
  }

  #allocate(): Uint8Array {
    this.#own();
    if (this.#bytes === undefined) {
      this.#bytes = new Uint8Array(this.#sizeBytes).fill(0xff);
      if (this.#granuleBytes > 0) this.#granules = new Uint8Array(this.#sizeBytes / this.#granuleBytes);
    }
    return this.#bytes;
  }

  /**
   * Programs bytes: bits only fall from 1 to 0. On ECC parts whole granules; a second time breaks them,
   * unless `keepsCode` says that what is written matches its code whatever stood there (all zeros).
   */
  program(offset: number, data: Uint8Array, keepsCode: boolean): void {
    const bytes = this.#allocate();
    for (let i = 0; i < data.length; i++) bytes[offset + i]! &= data[i]!;
    if (this.#granules === undefined) return;
    const first = offset / this.#granuleBytes;
    for (let granule = first; granule < first + data.length / this.#granuleBytes; granule++)
      this.#granules[granule] = keepsCode || this.#granules[granule] === erased ? programmed : broken;
  }

  /** The same, interrupted. On ECC parts a granule is broken unless no bit or every bit of it made it. */
  tearProgram(offset: number, data: Uint8Array, random: SeededRandom): void {
    const step = this.#granuleBytes > 0 ? this.#granuleBytes : data.length;
    for (let at = 0; at < data.length; at += step)
      this.#tearGranule(offset + at, data.subarray(at, at + step), random);
  }

  #tearGranule(offset: number, data: Uint8Array, random: SeededRandom): void {
    const bytes = this.#allocate();
    const target = bytes.subarray(offset, offset + data.length);
    const goal = target.map((byte, i) => byte & data[i]!);
    const outcome = tearBytes(target, goal, random);
    if (this.#granules === undefined || outcome === 'none') return;
    const granule = offset / this.#granuleBytes;
    const whole = outcome === 'all' && this.#granules[granule] === erased;
    this.#granules[granule] = whole ? programmed : broken;
  }

  erase(): void {
    this.#bytes = undefined;
    this.#granules = undefined;
    this.#shared = false;
  }

  /** An interrupted erase: old, erased and mixed lines; mixed ones are broken on ECC parts. */
  tearErase(random: SeededRandom): void {
    this.#own();
    if (this.#bytes === undefined) return;
    const lineBytes = this.#granuleBytes > 0 ? this.#granuleBytes : plainLineBytes;
    const erasedLine = new Uint8Array(lineBytes).fill(0xff);
    for (let offset = 0; offset < this.#sizeBytes; offset += lineBytes) {
      const line = this.#bytes.subarray(offset, offset + lineBytes);
      const outcome = tornLine(random);
      if (outcome === 'kept') continue;
      if (outcome === 'erased') line.set(erasedLine);
      else tearBytes(line, erasedLine, random);
      if (this.#granules !== undefined)
        this.#granules[offset / lineBytes] = outcome === 'erased' ? erased : broken;
    }
  }
}
