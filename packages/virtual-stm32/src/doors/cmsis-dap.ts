// A CMSIS-DAP probe (Arm's CMSIS-DAP 2.1 command set, SWD only): packets in, packets out, over a debug port.
// The bits of SWJ and SWD sequences go to the SWD line, transfers to the debug port behind it. Carrying
// packets is USB's (HID for version 1, bulk for version 2), elsewhere.

import { SwdLine } from '../debug/swd-line.ts';
import { Transfers } from './cmsis-dap-transfer.ts';
import type { ProbeTarget } from './probe-target.ts';

const commands = {
  info: 0x00,
  hostStatus: 0x01,
  connect: 0x02,
  disconnect: 0x03,
  transferConfigure: 0x04,
  transfer: 0x05,
  transferBlock: 0x06,
  transferAbort: 0x07,
  writeAbort: 0x08,
  delay: 0x09,
  resetTarget: 0x0a,
  pins: 0x10,
  clock: 0x11,
  sequence: 0x12,
  configure: 0x13,
  swdSequence: 0x1d,
  queue: 0x7e,
  execute: 0x7f,
} as const;

const ok = 0x00;
const error = 0xff;
const unknownCommand = 0xff;
const swdPort = 1;
/** Capabilities that DAP_Info tells: SWD, and several commands in one packet. */
const capabilities = 0x01 | 0x10;
/** SWJ_Pins: SWCLK, SWDIO and nRESET; the others (TDI, TDO, nTRST) lead nowhere and read as 0. */
const pins = { clock: 1, data: 2, reset: 1 << 7 };

export interface CmsisDapOptions {
  /** 64 for version 1 at full speed, 512 for version 2 at high speed. No answer is longer. */
  readonly packetSizeBytes: number;
  /** Packets that a host may send before it takes an answer; as many are queued. */
  readonly packetCount?: number;
  readonly serial?: string;
}

/** One probe in front of one chip. */
export class CmsisDapCommands {
  readonly #target: ProbeTarget;
  readonly #options: Required<CmsisDapOptions>;
  readonly #line: SwdLine;
  readonly #transfers: Transfers;
  #queued: Uint8Array[] = [];
  /** Levels that the host drives by DAP_SWJ_Pins; let go, all are high but the clock. */
  #driven: number = pins.data | pins.reset;

  constructor(target: ProbeTarget, options: CmsisDapOptions) {
    this.#target = target;
    this.#options = { packetCount: 4, serial: '0001', ...options };
    this.#line = new SwdLine(target.debugPort);
    this.#transfers = new Transfers(target.debugPort, options.packetSizeBytes);
  }

  /** The host has gone. */
  close(): void {
    this.#queued = [];
    this.#target.released();
  }

  /**
   * Takes one packet and gives the answers that are due, each at most a packet long. DAP_QueueCommands
   * waits for a packet of another command, or for as many packets as the probe holds; then each of them is
   * answered as DAP_ExecuteCommands, in their order. What the host sent is not trusted: a packet that is cut
   * short reads as if zeros followed.
   */
  run(packet: Uint8Array): Uint8Array[] {
    const isQueued = packet[0] === commands.queue;
    if (isQueued) {
      this.#queued.push(packet.slice());
      if (this.#queued.length < this.#options.packetCount) return [];
    }
    const waiting = this.#queued;
    this.#queued = [];
    const answers = waiting.map((one) => this.#runMany(one));
    if (!isQueued)
      answers.push(packet[0] === commands.execute ? this.#runMany(packet) : this.#runOne(packet).answer);
    const { packetSizeBytes } = this.#options;
    return answers.filter((one) => one.length > 0).map((one) => one.subarray(0, packetSizeBytes));
  }

  /**
   * DAP_ExecuteCommands: a count, then commands one after the other. Ends where the packet
   * ends, or the answer is full.
   */
  #runMany(packet: Uint8Array): Uint8Array {
    const answers: number[] = [commands.execute, packet[1] ?? 0];
    const { packetSizeBytes } = this.#options;
    let at = 2;
    for (let i = 0; i < (packet[1] ?? 0) && at < packet.length && answers.length < packetSizeBytes; i++) {
      const { answer, length } = this.#runOne(packet.subarray(at));
      answers.push(...answer);
      at += length;
    }
    return Uint8Array.from(answers);
  }

  #runOne(packet: Uint8Array): { answer: Uint8Array; length: number } {
    const padded = new Uint8Array(Math.max(packet.length, 16));
    padded.set(packet);
    const code = padded[0]!;
    const done = (length: number, ...rest: number[]) => ({ answer: Uint8Array.of(code, ...rest), length });
    switch (code) {
      case commands.info:
        return done(2, ...this.#info(padded[1]!));
      case commands.connect:
        return done(2, padded[1] === 0 || padded[1] === swdPort ? swdPort : 0);
      case commands.disconnect:
        this.#target.released();
        return done(1, ok);
      case commands.hostStatus:
      case commands.delay:
        return done(3, ok);
      case commands.clock:
        return done(5, padded.subarray(1, 5).some((byte) => byte !== 0) ? ok : error);
      case commands.configure:
        return done(2, ok);
      case commands.transferConfigure:
        this.#transfers.configure(padded);
        return done(6, ok);
      case commands.transfer:
        return this.#transfers.transfer(padded);
      case commands.transferBlock:
        return this.#transfers.block(padded);
      case commands.transferAbort:
        return { answer: new Uint8Array(0), length: 1 }; // no answer, and nothing runs on that could be aborted
      case commands.writeAbort:
        return done(6, this.#transfers.writeAbort(padded) ? ok : error);
      case commands.resetTarget:
        this.#target.pulseReset();
        return done(1, ok, 1);
      case commands.pins:
        return done(7, this.#pins(padded[1]!, padded[2]!));
      case commands.sequence:
        return this.#sequence(packet);
      case commands.swdSequence:
        return this.#swdSequence(packet);
      default:
        return { answer: Uint8Array.of(unknownCommand), length: packet.length };
    }
  }

  #info(id: number): number[] {
    const { packetSizeBytes, packetCount, serial } = this.#options;
    const text = (value: string) => [value.length + 1, ...new TextEncoder().encode(value), 0];
    if (id === 1) return text('firmseal');
    if (id === 2) return text('Virtual CMSIS-DAP');
    if (id === 3) return text(serial);
    if (id === 4) return text('2.1.0');
    if (id === 0xf0) return [1, capabilities];
    if (id === 0xfe) return [1, packetCount];
    return id === 0xff ? [2, packetSizeBytes & 0xff, packetSizeBytes >>> 8] : [0];
  }

  /**
   * DAP_SWJ_Pins: drives what is selected, a rising SWCLK clocks the line; answers the levels there are.
   * There is nothing to wait for: a pin has its level at once.
   */
  #pins(output: number, select: number): number {
    const before = this.#driven;
    const now = (before & ~select) | (output & select);
    this.#driven = now & (pins.clock | pins.data | pins.reset);
    if (select & pins.reset) this.#target.setReset((now & pins.reset) === 0);
    if (now & ~before & pins.clock) this.#line.clock(now & pins.data ? 1 : 0);
    const data = this.#line.drives ? this.#line.level !== 0 : (now & pins.data) !== 0;
    return (this.#driven & ~pins.data) | (data ? pins.data : 0);
  }

  #sequence(packet: Uint8Array): { answer: Uint8Array; length: number } {
    const count = packet[1] || 256;
    for (let i = 0; i < count; i++) this.#line.clock(((packet[2 + (i >>> 3)] ?? 0) >>> (i & 7)) & 1);
    return { answer: Uint8Array.of(commands.sequence, ok), length: 2 + Math.ceil(count / 8) };
  }

  /** Sequences of up to 64 cycles, driven or listened to, least significant bit first. */
  #swdSequence(packet: Uint8Array): { answer: Uint8Array; length: number } {
    const answer = [commands.swdSequence, ok] as number[];
    let at = 2;
    for (let n = 0; n < (packet[1] ?? 0); n++) {
      const info = packet[at++] ?? 0;
      const count = info & 0x3f || 64;
      const bytes = new Uint8Array(Math.ceil(count / 8));
      for (let i = 0; i < count; i++) {
        const driven = ((packet[at + (i >>> 3)] ?? 0) >>> (i & 7)) & 1;
        if (info & 0x80) bytes[i >>> 3]! |= this.#line.level << (i & 7);
        this.#line.clock(info & 0x80 ? 1 : driven);
      }
      if (info & 0x80) answer.push(...bytes);
      else at += bytes.length;
    }
    return { answer: Uint8Array.from(answer), length: at };
  }
}
