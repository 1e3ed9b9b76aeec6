// Serial Wire Debug, bit by bit (ARM IHI 0031, chapter B4), target side: line reset, requests,
// acknowledgements, turnarounds of one cycle, parity. For clients that toggle the pins themselves
// (CMSIS-DAP SWJ and SWD sequences).

import type { SwDebugPort, Transfer } from './debug-port-registers.ts';

const ackOk = 0b001;
const ackFault = 0b100;
const resetOnes = 50;

const parityOf = (value: number): number => {
  let bits = value;
  for (const shift of [16, 8, 4, 2, 1]) bits ^= bits >>> shift;
  return bits & 1;
};

interface Request {
  readonly accessPort: boolean;
  readonly address: number;
}

type Phase =
  | { name: 'dormant' }
  | { name: 'idle' }
  | { name: 'request'; bits: number; count: number }
  | { name: 'answer'; bits: readonly number[]; position: number; afterwards: Request | undefined }
  | { name: 'write'; request: Request; value: number; count: number };

export class SwdLine {
  readonly #port: SwDebugPort;
  #phase: Phase = { name: 'dormant' };
  #ones = 0;

  constructor(port: SwDebugPort) {
    this.#port = port;
  }

  /** Level that the target drives in the present cycle; 1 where it drives nothing (pull-up). */
  get level(): number {
    return this.#phase.name === 'answer' ? (this.#phase.bits[this.#phase.position] ?? 1) : 1;
  }

  /** Whether the target drives the line in the present cycle. */
  get drives(): boolean {
    return this.#phase.name === 'answer';
  }

  /** One clock cycle with the host driving `bit` (ignored while the target drives). */
  clock(bit: number): void {
    if (this.#phase.name === 'answer') {
      this.#advanceAnswer(this.#phase);
      return;
    }
    this.#ones = bit === 1 ? this.#ones + 1 : 0;
    if (this.#ones >= resetOnes) {
      this.#phase = { name: 'idle' };
      return;
    }
    switch (this.#phase.name) {
      case 'idle':
        // The start bit is a 1; the ones of a line reset are told apart by the stop and park bits.
        if (bit === 1) this.#phase = { name: 'request', bits: 1, count: 1 };
        return;
      case 'request':
        this.#advanceRequest(this.#phase, bit);
        return;
      case 'write':
        this.#advanceWrite(this.#phase, bit);
        return;
      default:
    }
  }

  #advanceAnswer(phase: Extract<Phase, { name: 'answer' }>): void {
    phase.position++;
    if (phase.position < phase.bits.length) return;
    this.#ones = 0;
    this.#phase =
      phase.afterwards === undefined
        ? { name: 'idle' }
        : { name: 'write', request: phase.afterwards, value: 0, count: 0 };
  }

  #advanceRequest(phase: Extract<Phase, { name: 'request' }>, bit: number): void {
    phase.bits |= bit << phase.count;
    phase.count++;
    if (phase.count < 8) return;
    const bits = phase.bits;
    const stop = (bits >>> 6) & 1;
    const park = (bits >>> 7) & 1;
    if (stop !== 0 || park !== 1 || parityOf((bits >>> 1) & 0xf) !== ((bits >>> 5) & 1)) {
      this.#phase = { name: 'dormant' }; // a protocol error: silent until the next line reset
      return;
    }
    const request = { accessPort: (bits & 2) !== 0, address: ((bits >>> 3) & 3) << 2 };
    this.#phase = (bits & 4) !== 0 ? this.#readAnswer(request) : this.#writeAnswer(request);
  }

  #readAnswer({ accessPort, address }: Request): Phase {
    const transfer: Transfer = accessPort ? this.#port.readApPosted(address) : this.#port.readDp(address);
    if (!transfer.ok && transfer.silent) return { name: 'dormant' };
    const ack = transfer.ok ? ackOk : ackFault;
    // turnaround, three bits of acknowledgement, then data and parity (or nothing), turnaround
    const bits = [1, ack & 1, (ack >>> 1) & 1, (ack >>> 2) & 1];
    if (transfer.ok) {
      for (let i = 0; i < 32; i++) bits.push((transfer.value >>> i) & 1);
      bits.push(parityOf(transfer.value));
    }
    bits.push(1);
    return { name: 'answer', bits, position: 0, afterwards: undefined };
  }

  /**
   * A write is acknowledged before its data: with a sticky error standing, only ABORT and SELECT get through.
   */
  #writeAnswer(request: Request): Phase {
    if (!this.#port.answers) return { name: 'dormant' };
    const blocked = request.accessPort && !this.#port.readDp(12).ok;
    const ack = blocked ? ackFault : ackOk;
    const bits = [1, ack & 1, (ack >>> 1) & 1, (ack >>> 2) & 1, 1];
    return { name: 'answer', bits, position: 0, afterwards: blocked ? undefined : request };
  }

  #advanceWrite(phase: Extract<Phase, { name: 'write' }>, bit: number): void {
    if (phase.count < 32) {
      if (bit === 1) phase.value = (phase.value | (1 << phase.count)) >>> 0;
      phase.count++;
      return;
    }
    const { request, value } = phase;
    this.#phase = { name: 'idle' };
    this.#ones = 0;
    if (parityOf(value) !== bit) return; // the write is dropped (WDATAERR is not modelled)
    if (request.accessPort) this.#port.writeAp(request.address, value);
    else this.#port.writeDp(request.address, value);
  }
}
