// Arithmetic of ARMv7-M (DDI 0403, A2.2.1, A5.3.2, A7.4.2): shifts with their carry, sums with
// carry and overflow, constants that an instruction holds. What gives a carry as well leaves it in
// the core's flag, or in `carryOut`.

/** Kinds of shift as instructions name them. */
export const shifts = { lsl: 0, lsr: 1, asr: 2, ror: 3 } as const;

export const signExtend = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

export const byteReversed = (value: number): number =>
  ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);

export const halvesReversed = (value: number): number =>
  ((value & 0x00ff_00ff) << 8) | ((value >>> 8) & 0x00ff_00ff);

/** Lowest bit first. */
export function bitsReversed(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit++) if ((value >>> bit) & 1) result |= 1 << (31 - bit);
  return result;
}

export const rotateRight = (value: number, by: number): number => {
  const turn = by & 31;
  return turn === 0 ? value : (value >>> turn) | (value << (32 - turn));
};

/** Of the last `longProduct`: its words, as 32 bits. */
export const product = { low: 0, high: 0 };

/** Unsigned a * b + c + d, which is less than 2^64, into `product`. */
export function longProduct(a: number, b: number, c: number, d: number): void {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  const high = aHigh * bHigh + (first >>> 16) + (second >>> 16);
  const low = (Math.imul(a, b) >>> 0) + (c >>> 0) + (d >>> 0);
  product.low = low | 0;
  product.high = (high + Math.floor(low / 2 ** 32)) | 0;
}

/** Shifter and adder of one core; the carry that they give is kept for whoever wants it. */
export class Arithmetic {
  /** Of the last shift or constant: what the carry flag becomes where the instruction sets it. */
  carryOut = false;
  /** Of the last sum. */
  carry = false;
  overflow = false;

  /** By 0 nothing is shifted and the carry stays. `by` up to 255, as a register gives it. */
  shift(value: number, kind: number, by: number, carryIn: boolean): number {
    if (by === 0) {
      this.carryOut = carryIn;
      return value;
    }
    switch (kind) {
      case shifts.lsl:
        this.carryOut = by <= 32 && ((value >>> (32 - by)) & 1) === 1;
        return by < 32 ? value << by : 0;
      case shifts.lsr:
        this.carryOut = by <= 32 && ((value >>> (by - 1)) & 1) === 1;
        return by < 32 ? value >>> by : 0;
      case shifts.asr: {
        const most = Math.min(by, 32);
        this.carryOut = ((value >> Math.min(most - 1, 31)) & 1) === 1;
        return value >> Math.min(most, 31);
      }
      default: {
        const result = rotateRight(value, by);
        this.carryOut = result >>> 31 === 1;
        return result;
      }
    }
  }

  /** A shift that the instruction itself holds: of 0, LSR and ASR mean 32, ROR means RRX. */
  shiftByConstant(value: number, kind: number, by: number, carryIn: boolean): number {
    if (by !== 0 || kind === shifts.lsl) return this.shift(value, kind, by, carryIn);
    if (kind !== shifts.ror) return this.shift(value, kind, 32, carryIn);
    this.carryOut = (value & 1) === 1;
    return (value >>> 1) | (carryIn ? 0x8000_0000 : 0);
  }

  /** ThumbExpandImm_C: twelve bits. */
  expand(bits: number, carryIn: boolean): number {
    const byte = bits & 0xff;
    this.carryOut = carryIn;
    switch (bits >>> 8) {
      case 0:
        return byte;
      case 1:
        return (byte << 16) | byte;
      case 2:
        return (byte << 24) | (byte << 8);
      case 3:
        return byte * 0x0101_0101;
    }
    const result = rotateRight(0x80 | (bits & 0x7f), bits >>> 7);
    this.carryOut = result >>> 31 === 1;
    return result;
  }

  /** a + b + carry as 32 bits. */
  sum(a: number, b: number, carryIn: boolean): number {
    const whole = (a >>> 0) + (b >>> 0) + (carryIn ? 1 : 0);
    const result = whole | 0;
    this.carry = whole > 0xffff_ffff;
    this.overflow = ((a ^ result) & (b ^ result)) < 0;
    return result;
  }
}
