// The SW-DP: registers of the debug port (ARM IHI 0031, chapter B2) and the access ports behind it. Transport
// by SWD bits, ST-LINK commands or CMSIS-DAP commands is elsewhere; all three end in `read` and `write` here.

import type { MemoryAccessPort } from './memory-access-port.ts';

/**
 * Answer to one transfer: OK with the value (0 for writes), FAULT while a sticky error stands, or nothing at
 * all from a chip without power or with its debug port off for good.
 */
export type Transfer =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly silent: boolean };

const faulted: Transfer = { ok: false, silent: false };
const silent: Transfer = { ok: false, silent: true };
const done = (value = 0): Transfer => ({ ok: true, value: value >>> 0 });

/** CTRL/STAT bits (IHI 0031, B2.2.2). */
const stickyError = 1 << 5;
const powerRequests = 0x5000_0000;

export interface DebugPortHooks {
  readonly answers: () => boolean;
  /** A debugger asked for the power of the debug domain, and counts as connected. */
  readonly poweredUp: () => void;
}

export class SwDebugPort {
  readonly #idCode: number;
  readonly #accessPorts: readonly (MemoryAccessPort | undefined)[];
  readonly #hooks: DebugPortHooks;
  #select = 0;
  #control = 0;
  #sticky = false;
  #readBuffer = 0;

  constructor(idCode: number, accessPorts: readonly (MemoryAccessPort | undefined)[], hooks: DebugPortHooks) {
    this.#idCode = idCode;
    this.#accessPorts = accessPorts;
    this.#hooks = hooks;
  }

  /** Whether anything on the wires answers: power, and a readout level below 2. */
  get answers(): boolean {
    return this.#hooks.answers();
  }

  /** Power was lost. */
  reset(): void {
    this.#select = 0;
    this.#control = 0;
    this.#sticky = false;
    this.#readBuffer = 0;
    for (const port of this.#accessPorts) port?.reset();
  }

  /** A read of the debug port itself; `address` 0, 4, 8 or 12. */
  readDp(address: number): Transfer {
    if (!this.answers) return silent;
    if (address === 0) return done(this.#idCode);
    if (address === 4) return done((this.#select & 0xf) === 0 ? this.#status() : 0);
    if (this.#sticky) return faulted;
    return done(address === 12 ? this.#readBuffer : 0);
  }

  writeDp(address: number, value: number): Transfer {
    if (!this.answers) return silent;
    if (address === 0) {
      // ABORT: STKERRCLR is bit 2 (IHI 0031, B2.2.1).
      if (value & 4) this.#sticky = false;
      return done();
    }
    if (address === 4) {
      if ((this.#select & 0xf) !== 0) return done();
      this.#control = (value & powerRequests) >>> 0;
      if (this.#control !== 0) this.#hooks.poweredUp();
      return done();
    }
    if (address === 8) this.#select = value >>> 0;
    return done();
  }

  /** Acknowledged power requests, and the sticky error. */
  #status(): number {
    const acknowledged = (this.#control & powerRequests) << 1;
    return (this.#control | acknowledged | (this.#sticky ? stickyError : 0)) >>> 0;
  }

  /**
   * A read of the selected access port, not posted: the value of this very access. Registers
   * beyond the last AP read as 0.
   */
  readAp(address: number): Transfer {
    if (!this.answers) return silent;
    if (this.#sticky) return faulted;
    const port = this.#accessPorts[this.#select >>> 24];
    if (port === undefined) return done(0);
    const value = port.read((this.#select & 0xf0) | (address & 0xc));
    if (value === undefined) {
      this.#sticky = true;
      return faulted;
    }
    this.#readBuffer = value;
    return done(value);
  }

  /** As the wire has it (IHI 0031, B4.2.2): answers what the access before this one read. */
  readApPosted(address: number): Transfer {
    const before = this.#readBuffer;
    const now = this.readAp(address);
    return now.ok ? done(before) : now;
  }

  writeAp(address: number, value: number): Transfer {
    if (!this.answers) return silent;
    if (this.#sticky) return faulted;
    const port = this.#accessPorts[this.#select >>> 24];
    if (port !== undefined && !port.write((this.#select & 0xf0) | (address & 0xc), value)) {
      // Writes are buffered: this one is acknowledged, the next transfer sees the fault.
      this.#sticky = true;
    }
    return done();
  }
}
