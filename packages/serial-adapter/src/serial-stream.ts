// A serial port as the link's byte stream. This file moves bytes and keeps deadlines; what is said is the
// protocols'. The kernel takes bytes at once and sends them at the port's pace, so a write that waits for
// long has a dead adapter under it.

import { Fault } from '@firmseal/fault';
import type { ByteStreamListener, Clock, LineSettings, SerialLine } from '@firmseal/link';
import { openingFault, reasonOf } from './serial-faults.ts';
import { type LibraryPort, pollForBoth, type SerialLibrary } from './serial-library.ts';

export interface SerialStreamOptions {
  /** A path from the root, or `COM7`. */
  readonly path: string;
  readonly line: LineSettings;
  readonly clock: Clock;
}

/** Bytes that wait for a listener; a peer that sends more before anyone listens is cut off. */
const mostWaitingBytes = 65_536;
const openTimeoutMs = 10_000;
const settingTimeoutMs = 5000;
/** Start bit, 8 data bits, parity, stop bit. */
const bitsPerByte = 11;

/** Time that bytes may take: on the wire, twice, and five seconds for an adapter that hesitates. */
const writeTimeoutMs = (sizeBytes: number, baud: number): number =>
  Math.ceil((2 * sizeBytes * bitsPerByte * 1000) / baud) + 5000;

export class SerialStream implements SerialLine {
  readonly #library: SerialLibrary;
  readonly #path: string;
  readonly #clock: Clock;
  #line: LineSettings;
  #port: LibraryPort | undefined;
  #listener: ByteStreamListener | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes that the library was given and did not take yet. */
  #unsentBytes = 0;
  #signals: { dtr: boolean; rts: boolean } = { dtr: true, rts: true };
  #ended = false;
  #cause: unknown;

  private constructor(library: SerialLibrary, { path, line, clock }: SerialStreamOptions) {
    this.#library = library;
    this.#path = path;
    this.#clock = clock;
    this.#line = line;
  }

  /**
   * Opens the port. Throws `serial-not-found`, `serial-not-permitted`, `serial-in-use`,
   * `serial-baud-refused`, `serial-open-failed`, `serial-stuck`.
   */
  static async open(library: SerialLibrary, options: SerialStreamOptions): Promise<SerialStream> {
    const stream = new SerialStream(library, options);
    stream.#port = await stream.#openPort(options.line);
    return stream;
  }

  /**
   * Ends with the action, or with `serial-stuck` when it takes longer; what the action
   * still does is not waited for.
   */
  async #within<T>(action: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
    let cancel: () => void = () => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(timeoutMs, () =>
        reject(new Fault('serial-stuck', { port: this.#path, action, timeoutMs })),
      );
    });
    try {
      return await Promise.race([run(), late]);
    } finally {
      cancel();
    }
  }

  /** One callback of the library as a promise. */
  #call(run: (done: (error: Error | null | undefined) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
  }

  async #openPort(line: LineSettings): Promise<LibraryPort> {
    const port = new this.#library.SerialPort({
      ...{ path: this.#path, baudRate: line.baud, parity: line.parity },
      ...{ dataBits: 8, stopBits: 1, autoOpen: false, hupcl: false },
    });
    // Without a listener a late error would end the whole program.
    port.on('error', () => undefined);
    const opening = this.#call((done) => port.open(done));
    try {
      await this.#within('open', openTimeoutMs, () => opening);
    } catch (error) {
      // An open that comes after its deadline is closed again.
      void opening.then(
        () => port.close(() => undefined),
        () => undefined,
      );
      if (error instanceof Fault) throw error;
      throw openingFault(this.#path, line.baud, error);
    }
    pollForBoth(port);
    port.on('data', (bytes) => {
      if (this.#port === port) this.#take(new Uint8Array(bytes));
    });
    const gone = (error?: Error | null): void => {
      if (this.#port === port) this.#unplugged(error);
    };
    port.on('close', gone);
    port.on('end', () => gone(new Error('it reads no more')));
    // USB adapters hold bytes back for up to 16 ms; the kernel's low-latency mode asks for 1
    // ms. Not every driver has it.
    await this.#call((done) => port.set({ ...this.#signals, lowLatency: true }, done)).catch(() => undefined);
    return port;
  }

  #take(bytes: Uint8Array): void {
    if (this.#listener !== undefined) {
      this.#listener.data(bytes);
      return;
    }
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostWaitingBytes)
      this.#unplugged(new Error('it sent more than anybody had asked for'));
    else this.#waiting.push(bytes);
  }

  #unplugged(error: Error | null | undefined): void {
    const reason = error ? reasonOf(error) : 'it was closed';
    this.#end(new Fault('serial-unplugged', { port: this.#path, reason }, { cause: error ?? undefined }));
  }

  #end(cause: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cause = cause;
    const port = this.#port;
    this.#port = undefined;
    if (port?.isOpen) port.close(() => undefined);
    this.#listener?.closed(cause);
  }

  #closedFault(cause: unknown = this.#cause): Fault {
    return new Fault('link-closed', {}, { cause });
  }

  async write(bytes: Uint8Array): Promise<void> {
    const port = this.#port;
    if (port === undefined) throw this.#closedFault();
    if (bytes.length === 0) return;
    this.#unsentBytes += bytes.length;
    try {
      const timeoutMs = writeTimeoutMs(this.#unsentBytes, this.#line.baud);
      const copy = Buffer.from(bytes);
      await this.#within('take bytes', timeoutMs, () => this.#call((done) => void port.write(copy, done)));
    } catch (error) {
      // After a write that was cut short nobody knows what was sent: the stream ends.
      const cause =
        error instanceof Fault
          ? error
          : new Fault('serial-unplugged', { port: this.#path, reason: reasonOf(error) }, { cause: error });
      this.#end(cause);
      throw this.#closedFault(cause);
    } finally {
      this.#unsentBytes -= bytes.length;
    }
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#ended) listener.closed(this.#cause);
  }

  /** Waits until the port is free again, so that the next one to open it finds it so. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const port = this.#port;
    this.#port = undefined;
    // Without a port it is being opened with another parity: that ends by itself, at #ended.
    if (port !== undefined)
      await this.#within('close', settingTimeoutMs, () => this.#call((done) => port.close(done))).catch(
        () => undefined,
      );
    this.#listener?.closed();
  }

  /**
   * Bytes written before leave with the old settings. The library changes the rate of an open port but not
   * its parity: for that the port is closed and opened again, and what arrives in between is lost. Throws
   * `serial-baud-refused`, `serial-stuck`, `link-closed` and the faults of opening.
   */
  async setLine(line: LineSettings): Promise<void> {
    const port = this.#port;
    if (port === undefined) throw this.#closedFault();
    const drainTimeoutMs = writeTimeoutMs(this.#unsentBytes + 4096, this.#line.baud);
    try {
      await this.#within('send its bytes', drainTimeoutMs, () => this.#call((done) => port.drain(done)));
      if (line.parity !== this.#line.parity) await this.#reopen(port, line);
      else if (line.baud !== this.#line.baud)
        await this.#within('change its rate', settingTimeoutMs, () =>
          this.#call((done) => port.update({ baudRate: line.baud }, done)),
        );
    } catch (error) {
      if (error instanceof Fault) {
        this.#end(error);
        throw error;
      }
      if (this.#ended) throw this.#closedFault();
      throw new Fault(
        'serial-baud-refused',
        { port: this.#path, baud: line.baud, reason: reasonOf(error) },
        { cause: error },
      );
    }
    this.#line = line;
  }

  async #reopen(port: LibraryPort, line: LineSettings): Promise<void> {
    this.#port = undefined;
    await this.#within('close', settingTimeoutMs, () => this.#call((done) => port.close(done)));
    const opened = await this.#openPort(line);
    if (this.#ended) {
      opened.close(() => undefined);
      throw this.#closedFault();
    }
    this.#port = opened;
  }

  /**
   * Throws `serial-signals-unsupported` where there are no such lines, as on a
   * pseudo-terminal; `link-closed`.
   */
  async setSignals(signals: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void> {
    const port = this.#port;
    if (port === undefined) throw this.#closedFault();
    // The library sets a line that is not named, and ends the low-latency mode: so all are named, always.
    const both = { ...this.#signals, ...signals };
    try {
      await this.#within('set its lines', settingTimeoutMs, () =>
        this.#call((done) => port.set({ ...both, lowLatency: true }, done)),
      );
    } catch (cause) {
      if (this.#ended) throw this.#closedFault();
      if (cause instanceof Fault) throw cause;
      throw new Fault('serial-signals-unsupported', { port: this.#path, reason: reasonOf(cause) }, { cause });
    }
    this.#signals = both;
  }
}
