// Control transfers of one DFU interface, each within a deadline of ours. What the transport reports
// becomes a fault or a value: a stall is a value, since DFU answers with it.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import type { UsbControlTransferParameters, UsbDevice } from '@firmseal/usb-device';

export interface Transfer {
  readonly requestType: UsbControlTransferParameters['requestType'];
  readonly recipient?: UsbControlTransferParameters['recipient'];
  readonly request: number;
  readonly value?: number;
  /** Default: the number of the interface. */
  readonly index?: number;
}

/** spec/link.md 5.2: a device that does a step of work may leave a transfer unanswered for so long. */
export const transferTimeoutMs = 5000;

export class DfuControl {
  readonly device: UsbDevice;
  readonly clock: Clock;
  readonly interfaceNumber: number;

  constructor(device: UsbDevice, { clock, interfaceNumber }: { clock: Clock; interfaceNumber: number }) {
    this.device = device;
    this.clock = clock;
    this.interfaceNumber = interfaceNumber;
  }

  #setup({ requestType, recipient = 'interface', request, value = 0, index }: Transfer) {
    return { requestType, recipient, request, value, index: index ?? this.interfaceNumber };
  }

  /**
   * Bytes of the device, at most `length`; undefined is a stall. Throws `usb-transfer-timeout`,
   * `usb-device-lost`.
   */
  async in(transfer: Transfer, length: number, timeoutMs = transferTimeoutMs): Promise<Bytes | undefined> {
    const result = await this.within(timeoutMs, () =>
      this.device.controlTransferIn(this.#setup(transfer), length),
    );
    if (result.status === 'stall') return undefined;
    const { data } = result;
    // `babble`, and an adapter that lets more through than was asked for, are the device's doing.
    if (result.status !== 'ok' || data === undefined || data === null || data.byteLength > length)
      throw new Fault('dfu-answer-malformed', {
        request: `request ${transfer.request}`,
        problem: `more than ${length} bytes`,
      });
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice();
  }

  /** False is a stall. Throws `usb-transfer-timeout`, `usb-device-lost`. */
  async out(
    transfer: Transfer,
    data: Bytes = new Uint8Array(0),
    timeoutMs = transferTimeoutMs,
  ): Promise<boolean> {
    const result = await this.within(timeoutMs, () =>
      this.device.controlTransferOut(this.#setup(transfer), data),
    );
    return result.status === 'ok';
  }

  /** A transfer that is late is never answered to: closing the device is the one way to end it. */
  async within<T>(timeoutMs: number, run: () => Promise<T>): Promise<T> {
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.clock.after(timeoutMs, () => reject(new Fault('usb-transfer-timeout', { timeoutMs })));
    });
    try {
      return await Promise.race([run(), late]);
    } catch (error) {
      if (error instanceof Fault && error.code === 'usb-transfer-timeout')
        this.device.close().catch(() => undefined);
      // What an adapter says in a fault of its own is more exact, but for the device that left.
      if (error instanceof Fault && error.code !== 'usb-unplugged') throw error;
      throw new Fault('usb-device-lost', {}, { cause: error });
    } finally {
      cancel();
    }
  }
}

const leaving: ReadonlySet<string> = new Set(['usb-device-lost', 'usb-transfer-failed', 'usb-stuck']);

/** Whether a transfer failed as it does when the chip resets in the middle of it. */
export const leftTheBus = (error: unknown): boolean => error instanceof Fault && leaving.has(error.code);
