// A serial port of a browser as the link's byte stream. The browser ends the reading side when the adapter
// is unplugged; framing and parity errors end one readable and begin the next (section 4.4 of the API).

import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener, LineSettings } from '@firmseal/link';
import type { WebSerialPort } from './web-serial-port.ts';

/** What a person calls the port: the browser names no path. */
const portName = 'that was chosen';
/** Bytes that may wait in the browser; the default of 255 loses frames. */
const bufferSize = 16_384;
/** Bytes that may wait before anybody listens. */
const mostWaitingBytes = 65_536;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'no reason was given');

function openingFault(cause: unknown): Fault {
  // NetworkError: the system did not open it. InvalidStateError: this page has it open already.
  const code = ['NetworkError', 'InvalidStateError'].includes(nameOf(cause))
    ? 'serial-in-use'
    : 'serial-open-failed';
  return new Fault(code, { port: portName, reason: nameOf(cause) }, { cause });
}

/** Throws `serial-in-use` and `serial-open-failed`. */
export async function openWebSerial(port: WebSerialPort, line: LineSettings): Promise<ByteStream> {
  try {
    await port.open({ baudRate: line.baud, dataBits: 8, stopBits: 1, parity: line.parity, bufferSize });
  } catch (cause) {
    throw openingFault(cause);
  }
  return new WebSerialStream(port);
}

class WebSerialStream implements ByteStream {
  readonly #port: WebSerialPort;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #listener: ByteStreamListener | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #last: Promise<void> = Promise.resolve();
  #ended: { readonly cause?: unknown } | undefined;
  readonly #reading: Promise<void>;

  constructor(port: WebSerialPort) {
    this.#port = port;
    this.#reading = this.#read();
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#ended !== undefined) listener.closed(this.#ended.cause);
  }

  write(bytes: Uint8Array): Promise<void> {
    const copy = Uint8Array.from(bytes);
    const written = this.#last.then(() => this.#send(copy));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    this.#end({});
    await this.#reader?.cancel().catch(() => undefined);
    await this.#reading;
    await this.#last;
    await this.#port.close().catch(() => undefined);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.#ended !== undefined) throw new Fault('link-closed', {}, this.#ended);
    const writer = this.#port.writable?.getWriter();
    try {
      if (writer === undefined)
        throw new Fault('serial-unplugged', { port: portName, reason: 'it is closed' });
      await writer.write(bytes);
    } catch (cause) {
      this.#end({ cause });
      throw new Fault('link-closed', {}, { cause });
    } finally {
      writer?.releaseLock();
    }
  }

  async #read(): Promise<void> {
    while (this.#ended === undefined && this.#port.readable !== null) {
      const reader = this.#port.readable.getReader();
      this.#reader = reader;
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          this.#take(value);
        }
      } catch (cause) {
        // A damaged byte ends this readable and the port gives another one; an unplugged port gives none.
        if (nameOf(cause) === 'NetworkError') this.#end({ cause: this.#unplugged(cause) });
      } finally {
        reader.releaseLock();
        this.#reader = undefined;
      }
    }
    this.#end({ cause: this.#unplugged(undefined) });
  }

  #unplugged(cause: unknown): Fault {
    return new Fault('serial-unplugged', { port: portName, reason: 'the browser lost it' }, { cause });
  }

  #take(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    if (this.#listener !== undefined) {
      this.#listener.data(bytes);
      return;
    }
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostWaitingBytes) this.#end({ cause: this.#unplugged(undefined) });
    else this.#waiting.push(bytes);
  }

  #end(ended: { readonly cause?: unknown }): void {
    if (this.#ended !== undefined) return;
    this.#ended = ended;
    this.#listener?.closed(ended.cause);
  }
}
