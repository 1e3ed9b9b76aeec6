// A USB device of software: descriptors and the requests that reach it, before any transport. USB 2.0, chapter 9.

/** Setup packet of a control transfer (USB 2.0, table 9-2). */
export interface Setup {
  readonly requestType: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  readonly length: number;
}

/** Bytes for the host, or undefined for a STALL. */
export type UsbAnswer = Uint8Array | undefined;

export interface UsbDevice {
  readonly speed: 'full' | 'high';
  readonly deviceDescriptor: Uint8Array;
  readonly configurationDescriptor: Uint8Array;
  /** By index; 0 is the language list and is made here. */
  readonly strings: readonly string[];
  readonly interfaces: readonly {
    readonly class: number;
    readonly subclass: number;
    readonly protocol: number;
  }[];
  /** Descriptors of an interface beyond the standard ones (HID report). */
  interfaceDescriptor?(type: number, index: number): Uint8Array | undefined;
  selectAlternate?(interfaceNumber: number, alternate: number): void;
  /** Class and vendor requests; `data` is the data stage of an OUT request. */
  control(setup: Setup, data: Uint8Array): Promise<UsbAnswer>;
  /** Data sent to an OUT endpoint. False is a STALL. */
  write?(endpoint: number, data: Uint8Array): Promise<boolean>;
  /** Waits for data of an IN endpoint, at most `lengthBytes`; undefined is a STALL. `cancelled` aborts the wait. */
  read?(endpoint: number, lengthBytes: number, cancelled: AbortSignal): Promise<UsbAnswer>;
}

export function parseSetup(bytes: Uint8Array): Setup {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    requestType: bytes[0]!,
    request: bytes[1]!,
    value: view.getUint16(2, true),
    index: view.getUint16(4, true),
    length: view.getUint16(6, true),
  };
}

const languageList = Uint8Array.of(4, 3, 0x09, 0x04);

function stringDescriptor(text: string): Uint8Array {
  const bytes = new Uint8Array(2 + 2 * text.length);
  bytes.set([bytes.length, 3]);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes.set([unit & 0xff, unit >>> 8], 2 + 2 * i);
  }
  return bytes;
}

/** The state that standard requests keep: configuration and alternate settings. */
export class UsbControl {
  readonly #device: UsbDevice;
  readonly #alternates = new Map<number, number>();
  #configuration = 0;

  constructor(device: UsbDevice) {
    this.#device = device;
  }

  /** Any control transfer on endpoint 0. */
  async handle(setup: Setup, data: Uint8Array): Promise<UsbAnswer> {
    if ((setup.requestType & 0x60) !== 0) return this.#device.control(setup, data);
    const answer = this.#standard(setup);
    return answer?.subarray(0, setup.length);
  }

  #standard({ requestType, request, value, index }: Setup): UsbAnswer {
    switch (request) {
      case 0:
        return Uint8Array.of(0, 0);
      case 1:
      case 3:
        return new Uint8Array(0);
      case 6:
        return this.#descriptor(requestType & 0x1f, value >>> 8, value & 0xff);
      case 8:
        return Uint8Array.of(this.#configuration);
      case 9:
        this.#configuration = value;
        return new Uint8Array(0);
      case 10:
        return Uint8Array.of(this.#alternates.get(index) ?? 0);
      case 11:
        this.#alternates.set(index, value);
        this.#device.selectAlternate?.(index, value);
        return new Uint8Array(0);
      default:
        return undefined;
    }
  }

  #descriptor(recipient: number, type: number, index: number): UsbAnswer {
    if (recipient !== 0) return this.#device.interfaceDescriptor?.(type, index);
    if (type === 1) return this.#device.deviceDescriptor;
    if (type === 2) return this.#device.configurationDescriptor;
    if (type !== 3) return undefined;
    if (index === 0) return languageList;
    const text = this.#device.strings[index];
    return text === undefined ? undefined : stringDescriptor(text);
  }
}

/** Device descriptor of 18 bytes with strings 1, 2, 3 and one configuration (USB 2.0, table 9-8). */
export function deviceDescriptor(options: {
  vendor: number;
  product: number;
  release: number;
  usbVersion?: number;
  maxPacketBytes?: number;
}): Uint8Array {
  const { vendor, product, release, usbVersion = 0x0200, maxPacketBytes = 64 } = options;
  const bytes = Uint8Array.of(18, 1, 0, 0, 0, 0, 0, maxPacketBytes, 0, 0, 0, 0, 0, 0, 1, 2, 3, 1);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, usbVersion, true);
  view.setUint16(8, vendor, true);
  view.setUint16(10, product, true);
  view.setUint16(12, release, true);
  return bytes;
}

/** Configuration descriptor around the given interface, endpoint and functional descriptors (USB 2.0, table 9-10). */
export function configurationDescriptor(parts: readonly Uint8Array[], interfaceCount = 1): Uint8Array {
  const totalBytes = 9 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(totalBytes);
  bytes.set([9, 2, totalBytes & 0xff, totalBytes >>> 8, interfaceCount, 1, 0, 0xc0, 50]);
  let offset = 9;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
