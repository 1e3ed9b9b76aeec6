// The wire of a USART to the chip's link: bytes wait in a queue until software reads them (no overrun: hosts
// of this chip wait for answers), a byte takes its time at the baud rate, and reads that find nothing are
// told to whoever decides that the firmware waits.

export interface SerialHooks {
  readonly nowUs: () => number;
  readonly waitUntilUs: (timeUs: number) => void;
  readonly send: (byte: number) => void;
  /** Bytes that the host sent while the firmware ran; undefined when it sent none. */
  readonly more: () => Uint8Array | undefined;
  /** Software looked for a byte, and no byte had come. */
  readonly foundNothing: () => void;
  /** Software read or sent a byte. */
  readonly madeProgress: () => void;
}

export class SerialLine {
  readonly #hooks: SerialHooks;
  #waiting: number[] = [];
  #next = 0;
  #lineFreeUs = 0;
  /** When the host began to send what waits. */
  #begunUs = 0;

  constructor(hooks: SerialHooks) {
    this.#hooks = hooks;
  }

  get empty(): boolean {
    return this.#next >= this.#waiting.length;
  }

  /** Bytes from the host, from now on one after the other on the wire. */
  deliver(bytes: Uint8Array): void {
    if (this.empty) this.#begunUs = this.#hooks.nowUs();
    this.#waiting = [...this.#waiting.slice(this.#next), ...bytes];
    this.#next = 0;
  }

  /** Whether a byte is there; when one is under way, time passes until it is. */
  poll(byteUs: number): boolean {
    if (this.empty) {
      const more = this.#hooks.more();
      if (more === undefined) {
        this.#hooks.foundNothing();
        return false;
      }
      this.deliver(more);
    }
    const due = Math.max(this.#lineFreeUs, 0) + byteUs;
    if (this.#hooks.nowUs() < due) this.#hooks.waitUntilUs(due);
    return true;
  }

  /** The next byte; the previous one again when no byte has come. */
  take(): number {
    if (this.empty) return this.#waiting.at(-1) ?? 0;
    this.#hooks.madeProgress();
    this.#lineFreeUs = this.#hooks.nowUs();
    return this.#waiting[this.#next++]!;
  }

  /** Takes over what the host sent while the firmware ran. */
  fetch(): void {
    for (let bytes = this.#hooks.more(); bytes !== undefined; bytes = this.#hooks.more()) this.deliver(bytes);
  }

  /** When the next byte is there, whatever software does meanwhile; undefined when none is under way. */
  nextArrivalUs(byteUs: number): number | undefined {
    return this.empty ? undefined : Math.max(this.#lineFreeUs, this.#begunUs) + byteUs;
  }

  /** The next byte when it is there by now. */
  takeArrived(byteUs: number): number | undefined {
    this.fetch();
    const due = this.nextArrivalUs(byteUs);
    if (due === undefined || due > this.#hooks.nowUs()) return undefined;
    this.#hooks.madeProgress();
    this.#lineFreeUs = due;
    return this.#waiting[this.#next++]!;
  }

  /** Sends; time passes until the byte is on the wire, so that software never finds the transmitter busy. */
  send(byte: number, byteUs: number): void {
    this.#hooks.madeProgress();
    this.#hooks.waitUntilUs(this.#hooks.nowUs() + byteUs);
    this.#hooks.send(byte);
  }

  clear(): void {
    this.#waiting = [];
    this.#next = 0;
    this.#lineFreeUs = 0;
    this.#begunUs = 0;
  }
}
