// The USB device in one socket, behind the seam of @firmseal/usb-device: npm's usb with its differences from
// WebUSB made good (usb-library.ts lists them). Every call of the library ends in an answer, a stall as a
// result, or a fault of ours; one that the library never ends is left behind.

import { Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import { socketText, type UsbSocket } from '@firmseal/places';
import type {
  UsbConfiguration,
  UsbControlTransferParameters,
  UsbDevice,
  UsbDirection,
  UsbInTransferResult,
  UsbOutTransferResult,
} from '@firmseal/usb-device';
import { type AskDevice, readConfiguration } from './read-descriptors.ts';
import { type DeviceNames, isCancelled, isStall, openingFault, transferFault } from './usb-faults.ts';
import type { LibraryDevice } from './usb-library.ts';

/**
 * Longer than any request of a bootloader takes: a mass erase that answers only at
 * its end takes half a minute.
 */
const controlTimeoutMs = 60_000;
const descriptorTimeoutMs = 1000;
/**
 * A read that waits is asked for again and again, so that a closed device does not
 * keep the program from ending.
 */
const readSliceMs = 2000;
/** What the library may take beyond the time-out that it was given. */
const libraryMarginMs = 5000;
/** Interfaces that are tried until one can be claimed for reading descriptors. */
const mostTried = 8;

export interface FoundDevice {
  readonly socket: UsbSocket;
  readonly library: LibraryDevice;
  readonly names: DeviceNames;
  readonly productName: string | null;
  readonly serialNumber: string | null;
}

export class SocketDevice implements UsbDevice {
  readonly socket: UsbSocket;
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceVersionMajor: number;
  readonly deviceVersionMinor: number;
  readonly deviceVersionSubminor: number;
  readonly productName: string | null;
  readonly serialNumber: string | null;
  readonly #library: LibraryDevice;
  readonly #names: DeviceNames;
  readonly #clock: Clock;
  readonly #claimed = new Set<number>();
  readonly #selected = new Map<number, number>();
  /** Ends of the calls under way; called when the device is closed. */
  readonly #waiting = new Set<() => void>();
  #described: UsbConfiguration | undefined;
  #isConfigured = false;
  #opened = false;

  constructor({ socket, library, names, productName, serialNumber }: FoundDevice, clock: Clock) {
    this.socket = socket;
    this.vendorId = library.vendorId;
    this.productId = library.productId;
    this.deviceVersionMajor = library.deviceVersionMajor;
    this.deviceVersionMinor = library.deviceVersionMinor;
    this.deviceVersionSubminor = library.deviceVersionSubminor;
    this.productName = productName;
    this.serialNumber = serialNumber;
    this.#library = library;
    this.#names = names;
    this.#clock = clock;
  }

  get opened(): boolean {
    return this.#opened;
  }

  get configurations(): readonly UsbConfiguration[] {
    if (this.#described === undefined) return [];
    const interfaces = this.#described.interfaces.map((one) => ({
      ...one,
      claimed: this.#claimed.has(one.interfaceNumber),
      alternate:
        one.alternates.find(
          ({ alternateSetting }) => alternateSetting === this.#selected.get(one.interfaceNumber),
        ) ?? one.alternate,
    }));
    return [{ ...this.#described, interfaces }];
  }

  get configuration(): UsbConfiguration | null {
    return this.#isConfigured ? (this.configurations[0] ?? null) : null;
  }

  /** Ends with the library's call, when the device is closed, or when the call takes longer than its time. */
  async #call<T>(action: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
    let cancelTimer: () => void = () => undefined;
    let cancel: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      const { socket } = this.#names;
      cancel = () => reject(new Fault('usb-closed', { socket, action }));
      cancelTimer = this.#clock.after(timeoutMs + libraryMarginMs, () =>
        reject(this.#stuck(action, timeoutMs)),
      );
    });
    this.#waiting.add(cancel);
    try {
      return await Promise.race([run(), ended]);
    } finally {
      this.#waiting.delete(cancel);
      cancelTimer();
    }
  }

  #stuck(action: string, timeoutMs: number): Fault {
    return new Fault('usb-stuck', { ...this.#names, action, timeoutMs });
  }

  #refuseClosed(action: string): void {
    if (!this.#opened) throw new Fault('usb-closed', { socket: this.#names.socket, action });
  }

  /** A call that opens, claims or selects. */
  async #prepare(action: string, run: () => Promise<void>): Promise<void> {
    try {
      await this.#call(action, descriptorTimeoutMs, run);
    } catch (error) {
      throw error instanceof Fault ? error : openingFault(this.#names, action, error);
    }
  }

  /** A transfer: its result, undefined for a stall. */
  async #transfer<T>(
    action: string,
    timeoutMs: number,
    run: (timeoutMs: number) => Promise<T>,
  ): Promise<T | undefined> {
    this.#refuseClosed(action);
    try {
      return await this.#call(action, timeoutMs, () => run(timeoutMs));
    } catch (error) {
      if (error instanceof Fault) throw error;
      if (isStall(error)) return undefined;
      throw isCancelled(error) ? this.#stuck(action, timeoutMs) : transferFault(this.#names, action, error);
    }
  }

  /**
   * Opens the device and reads what it says of itself. Throws `usb-not-permitted`, `usb-in-use`,
   * `usb-driver-missing`, `usb-open-failed`, `usb-unplugged`, `usb-stuck`,
   * `usb-descriptor-malformed`, `usb-descriptor-unreadable`.
   */
  async open(): Promise<void> {
    if (this.#opened) return;
    await this.#prepare('open', () => this.#library.open());
    this.#opened = true;
    try {
      await this.#describe();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #claimAny(): Promise<number> {
    let last: unknown;
    for (let interfaceNumber = 0; interfaceNumber < mostTried; interfaceNumber++) {
      try {
        await this.#prepare('claim', () => this.#library.claimInterface(interfaceNumber));
        return interfaceNumber;
      } catch (error) {
        // Of the interfaces that exist, the first tells why; those behind the last are not there at all.
        last ??= error;
      }
    }
    throw last;
  }

  async #describe(): Promise<void> {
    const claimed = await this.#claimAny();
    const ask: AskDevice = async (request, value, index, lengthBytes) => {
      const setup = { requestType: 'standard', recipient: 'device', request, value, index } as const;
      const result = await this.#transfer('a standard request', descriptorTimeoutMs, (timeoutMs) =>
        this.#library.controlTransferIn(setup, lengthBytes, timeoutMs),
      );
      return result?.data && bytesOf(result.data);
    };
    try {
      const { configuration, isActive } = await readConfiguration(ask);
      this.#described = configuration;
      this.#isConfigured = isActive;
    } catch (error) {
      if (error instanceof Fault && error.code === 'usb-stuck')
        throw new Fault(
          'usb-descriptor-unreadable',
          { ...this.#names, reason: 'it does not answer' },
          { cause: error },
        );
      throw error;
    } finally {
      await this.#release(claimed);
    }
  }

  async #release(interfaceNumber: number): Promise<void> {
    await this.#call('release', descriptorTimeoutMs, () =>
      this.#library.releaseInterface(interfaceNumber),
    ).catch(() => undefined);
  }

  /** Transfers under way end in `usb-closed`. Never throws: a device that left is closed too. */
  async close(): Promise<void> {
    if (!this.#opened) return;
    this.#opened = false;
    for (const cancel of this.#waiting) cancel();
    // The library forgets the device but not its interfaces, and they keep it open.
    for (const interfaceNumber of this.#claimed) await this.#release(interfaceNumber);
    this.#claimed.clear();
    this.#selected.clear();
    await this.#call('close', descriptorTimeoutMs, () => this.#library.close()).catch(() => undefined);
  }

  async selectConfiguration(configurationValue: number): Promise<void> {
    this.#refuseClosed('select');
    await this.#prepare('select', () => this.#library.selectConfiguration(configurationValue));
    this.#isConfigured = configurationValue === this.#described?.configurationValue;
  }

  async claimInterface(interfaceNumber: number): Promise<void> {
    this.#refuseClosed('claim');
    if (this.#claimed.has(interfaceNumber)) return;
    await this.#prepare('claim', () => this.#library.claimInterface(interfaceNumber));
    this.#claimed.add(interfaceNumber);
  }

  async releaseInterface(interfaceNumber: number): Promise<void> {
    this.#refuseClosed('release');
    if (!this.#claimed.delete(interfaceNumber)) return;
    await this.#prepare('release', () => this.#library.releaseInterface(interfaceNumber));
  }

  async selectAlternateInterface(interfaceNumber: number, alternateSetting: number): Promise<void> {
    this.#refuseClosed('select');
    await this.#prepare('select', () =>
      this.#library.selectAlternateInterface(interfaceNumber, alternateSetting),
    );
    this.#selected.set(interfaceNumber, alternateSetting);
  }

  async controlTransferIn(setup: UsbControlTransferParameters, length: number): Promise<UsbInTransferResult> {
    const result = await this.#transfer('a control transfer', controlTimeoutMs, (timeoutMs) =>
      this.#library.controlTransferIn(setup, length, timeoutMs),
    );
    return this.#incoming(result?.data, length);
  }

  async controlTransferOut(
    setup: UsbControlTransferParameters,
    data: Uint8Array<ArrayBuffer> = new Uint8Array(0),
  ): Promise<UsbOutTransferResult> {
    const result = await this.#transfer('a control transfer', controlTimeoutMs, (timeoutMs) =>
      this.#library.controlTransferOut(setup, data, timeoutMs),
    );
    return result === undefined
      ? { status: 'stall', bytesWritten: 0 }
      : { status: 'ok', bytesWritten: data.length };
  }

  /** Waits until data come or the device is closed. */
  async transferIn(endpointNumber: number, length: number): Promise<UsbInTransferResult> {
    const action = `a read of endpoint ${endpointNumber}`;
    for (;;) {
      try {
        const result = await this.#transfer(action, readSliceMs, (timeoutMs) =>
          this.#library.transferIn(endpointNumber, length, timeoutMs),
        );
        return this.#incoming(result?.data, length);
      } catch (error) {
        // The library's own time-out: nothing came in this slice. Its silence beyond that is another thing.
        if (!(error instanceof Fault) || error.code !== 'usb-stuck' || !isCancelled(error.cause)) throw error;
      }
    }
  }

  async transferOut(endpointNumber: number, data: Uint8Array<ArrayBuffer>): Promise<UsbOutTransferResult> {
    const result = await this.#transfer(
      `a write to endpoint ${endpointNumber}`,
      controlTimeoutMs,
      (timeoutMs) => this.#library.transferOut(endpointNumber, data, timeoutMs),
    );
    if (result === undefined) return { status: 'stall', bytesWritten: 0 };
    return { status: 'ok', bytesWritten: result.bytesWritten ?? data.length };
  }

  #incoming(data: DataView | undefined, length: number): UsbInTransferResult {
    if (data === undefined) return { status: 'stall' };
    return data.byteLength > length ? { status: 'babble' } : { status: 'ok', data };
  }

  async clearHalt(direction: UsbDirection, endpointNumber: number): Promise<void> {
    this.#refuseClosed('clear');
    await this.#prepare('clear', () => this.#library.clearHalt(direction, endpointNumber));
  }

  /** The device may come back as another one: it is found again in its socket. */
  async reset(): Promise<void> {
    this.#refuseClosed('reset');
    await this.#prepare('reset', () => this.#library.reset());
  }
}

const bytesOf = (data: DataView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Names for texts, from what the system knows without opening the device. */
export function namesOf(socket: UsbSocket, library: LibraryDevice, productName: string | null): DeviceNames {
  const id = (value: number): string => value.toString(16).padStart(4, '0');
  const device = `${id(library.vendorId)}:${id(library.productId)}${productName === null ? '' : ` ${productName}`}`;
  return { socket: socketText(socket), device };
}
