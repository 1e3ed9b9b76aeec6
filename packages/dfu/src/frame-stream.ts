// The agent's frames over USB as a byte stream, for a link client: spec/link.md 5.4. Each write is
// downloaded, waited for, and answered by uploads before the next begins. What the bytes mean is
// packages/link.

import { concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener, Clock } from '@firmseal/link';
import type { UsbAlternateInterface, UsbDevice } from '@firmseal/usb-device';
import type { DfuControl } from './control.ts';
import { openDevice, openDfu } from './dfu-interface.ts';
import { abort } from './requests/abort.ts';
import { download } from './requests/download.ts';
import { getStatus } from './requests/get-status.ts';
import { upload } from './requests/upload.ts';
import { settle, toIdle } from './settle.ts';

/** The setting that carries frames (spec/link.md 5.1): class 0xFF, so that DFU tools find one interface. */
const isFrames = (one: UsbAlternateInterface): boolean =>
  one.alternateSetting === 1 && one.interfaceClass === 0xff && one.interfaceSubclass === 0;
/** Answers wait in 2,560 bytes: an agent never has so many blocks of them. */
const mostAnswerBlocks = 16;

export interface FrameStreamOptions {
  readonly device: UsbDevice;
  readonly clock: Clock;
  /** Longest work behind one write; default 120,000. */
  readonly stepTimeoutMs?: number;
}

/** Throws `usb-no-frames` for a device without that setting, and the faults of opening it. */
export async function openFrameStream(options: FrameStreamOptions): Promise<ByteStream> {
  const { device, clock, stepTimeoutMs = 120_000 } = options;
  await openDevice(device, clock);
  const all = device.configurations.flatMap(({ interfaces }) => interfaces.flatMap((one) => one.alternates));
  if (!all.some(isFrames)) {
    await device.close();
    throw new Fault('usb-no-frames');
  }
  const { control, functional } = await openDfu(device, { clock, alternateSetting: 1 });
  await toIdle(control);
  return new FrameStream(control, { transferBytes: functional.transferSizeBytes, stepTimeoutMs });
}

class FrameStream implements ByteStream {
  readonly #control: DfuControl;
  readonly #transferBytes: number;
  readonly #stepTimeoutMs: number;
  #listener: ByteStreamListener | undefined;
  #last: Promise<void> = Promise.resolve();
  #block = 0;
  #ended: { cause?: unknown } | undefined;

  constructor(control: DfuControl, sizes: { transferBytes: number; stepTimeoutMs: number }) {
    this.#control = control;
    this.#transferBytes = sizes.transferBytes;
    this.#stepTimeoutMs = sizes.stepTimeoutMs;
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    if (this.#ended !== undefined) listener.closed(this.#ended.cause);
  }

  write(bytes: Uint8Array): Promise<void> {
    const own = concatBytes(bytes);
    const written = this.#last.then(() => this.#exchange(own));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    this.#end();
    await this.#control.device.close().catch(() => undefined);
  }

  #end(cause?: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = cause === undefined ? {} : { cause };
    this.#listener?.closed(cause);
  }

  async #exchange(bytes: Uint8Array): Promise<void> {
    if (this.#ended !== undefined) throw new Fault('link-closed', {}, this.#ended);
    try {
      for (let at = 0; at < bytes.length; at += this.#transferBytes)
        await this.#send(concatBytes(bytes.subarray(at, at + this.#transferBytes)));
      await abort(this.#control);
      await this.#fetch();
    } catch (cause) {
      this.#end(cause);
      throw cause;
    }
  }

  /** A block that the agent refuses is lost, as bytes are on any line: the link sends its request again. */
  async #send(block: Uint8Array<ArrayBuffer>): Promise<void> {
    const taken = await download(this.#control, this.#block++ & 0xffff, block);
    const status = taken ? await settle(this.#control, this.#stepTimeoutMs) : await getStatus(this.#control);
    if (status.state === 'dfuERROR') await toIdle(this.#control);
  }

  async #fetch(): Promise<void> {
    for (let i = 0; i < mostAnswerBlocks; i++) {
      const answer = await upload(this.#control, i, this.#transferBytes);
      if (answer === undefined) return toIdle(this.#control);
      if (answer.length > 0) this.#listener?.data(answer);
      if (answer.length < this.#transferBytes) return;
    }
    await toIdle(this.#control);
  }
}
