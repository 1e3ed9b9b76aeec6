// The link over alternate setting 1 as a byte stream, for clients that know bytes only: spec/link.md
// section 5.4. Each write is downloaded, waited for and answered by an upload before the next begins.

import type { ByteStream, ByteStreamListener } from '@firmseal/link';
import { dfuState, transferBytes, type UsbHost } from './usb-host.ts';

export class UsbFrames implements ByteStream {
  readonly #host: UsbHost;
  #listener: ByteStreamListener | undefined;
  #last: Promise<void> = Promise.resolve();

  /** The host has alternate setting 1 open. */
  constructor(host: UsbHost) {
    this.#host = host;
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#last.then(() => this.#exchange(bytes.slice()));
    this.#last = written.catch(() => {});
    return written;
  }

  close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed();
    return this.#last;
  }

  async #exchange(bytes: Uint8Array): Promise<void> {
    const { state } = await this.#host.send(bytes);
    if (state !== dfuState.downloadIdle) throw new Error(`the frames were not taken: state ${state}`);
    await this.#host.abort();
    for (;;) {
      const answer = await this.#host.upload();
      if (answer.length > 0) this.#listener?.data(answer);
      if (answer.length < transferBytes) return;
    }
  }
}
