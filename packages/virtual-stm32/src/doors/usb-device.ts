// A USB device as a transport sees it: descriptors, answers that come when they come, and the moment it
// leaves the bus. The standard requests of USB 2.0 section 9.4 are answered here, unless the device
// does it; the others by the device.

import type { Setup, UsbAnswer, UsbDescriptors } from './usb-function.ts';

/** The device left the bus and will not answer. */
export class UsbDetached extends Error {
  override readonly name = 'UsbDetached';
}

export type Answered = (answer: UsbAnswer) => void;

export interface UsbDevice extends UsbDescriptors {
  /** Standard requests are the device's too. */
  readonly answersStandard?: boolean;
  /** Another host takes the device over. */
  attached?(): void;
  configured?(): void;
  selectAlternate?(interfaceNumber: number, alternate: number): void;
  /**
   * Class and vendor requests; `data` is the data stage of an OUT request. Rejects with UsbDetached.
   * `answered` is called the moment that the answer goes out, before work that the request began: a host need
   * not wait for the computing of it.
   */
  control(setup: Setup, data: Uint8Array, answered?: Answered): Promise<UsbAnswer>;
  /** Data sent to an OUT endpoint. False is a STALL. */
  write?(endpoint: number, data: Uint8Array): Promise<boolean>;
  /**
   * Waits for data of an IN endpoint, at most `lengthBytes`; undefined is a STALL.
   * `cancelled` aborts the wait.
   */
  read?(endpoint: number, lengthBytes: number, cancelled: AbortSignal): Promise<UsbAnswer>;
  /** Aborted when the device leaves the bus. */
  readonly detached?: AbortSignal;
}

/** The 8 bytes of a setup packet, little-endian. */
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
const done = new Uint8Array(0);

function stringDescriptor(text: string): Uint8Array {
  const bytes = new Uint8Array(2 + 2 * text.length);
  bytes.set([bytes.length, 3]);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes.set([unit & 0xff, unit >>> 8], 2 + 2 * i);
  }
  return bytes;
}

/** Whether the configuration has that alternate setting (interface descriptors, USB 2.0 table 9-12). */
function hasAlternate(configuration: Uint8Array, interfaceNumber: number, alternate: number): boolean {
  for (let at = 0; at + 1 < configuration.length && configuration[at]! > 0; at += configuration[at]!)
    if (configuration[at + 1] === 4)
      if (configuration[at + 2] === interfaceNumber && configuration[at + 3] === alternate) return true;
  return false;
}

/** The state that standard requests keep: configuration and alternate settings. */
export class UsbControl {
  readonly #device: UsbDevice;
  readonly #alternates = new Map<number, number>();
  #configuration = 0;

  constructor(device: UsbDevice) {
    this.#device = device;
  }

  /**
   * Any control transfer on endpoint 0. A data stage that is not as long as announced is a STALL. `answered`
   * may be called before this resolves, with the same answer.
   */
  async handle(setup: Setup, data: Uint8Array, answered?: Answered): Promise<UsbAnswer> {
    const toHost = (setup.requestType & 0x80) !== 0;
    if (!toHost && data.length !== setup.length) return undefined;
    const cut = (answer: UsbAnswer): UsbAnswer =>
      toHost ? answer?.subarray(0, setup.length) : answer && done;
    const isStandard = (setup.requestType & 0x60) === 0;
    if (isStandard && this.#device.answersStandard !== true) return cut(this.#standard(setup));
    return cut(await this.#device.control(setup, data, (answer) => answered?.(cut(answer))));
  }

  #standard({ requestType, request, value, index }: Setup): UsbAnswer {
    switch (`${(requestType & 0x80) === 0 ? 'set' : 'get'} ${request}`) {
      case 'get 0':
        return Uint8Array.of(0, 0);
      case 'set 1':
      case 'set 3':
        return done;
      case 'get 6':
        return this.#descriptor(requestType & 0x1f, value >>> 8, value & 0xff);
      case 'get 8':
        return Uint8Array.of(this.#configuration);
      case 'set 9':
        return this.#configure(value);
      case 'get 10':
        return Uint8Array.of(this.#alternates.get(index) ?? 0);
      case 'set 11':
        return this.#select(index, value);
      default:
        return undefined;
    }
  }

  #configure(value: number): UsbAnswer {
    if (value > 1) return undefined;
    this.#configuration = value;
    this.#alternates.clear();
    if (value === 1) this.#device.configured?.();
    return done;
  }

  #select(interfaceNumber: number, alternate: number): UsbAnswer {
    if (!hasAlternate(this.#device.configurationDescriptor, interfaceNumber, alternate)) return undefined;
    this.#alternates.set(interfaceNumber, alternate);
    this.#device.selectAlternate?.(interfaceNumber, alternate);
    return done;
  }

  #descriptor(recipient: number, type: number, index: number): UsbAnswer {
    if (recipient !== 0) return this.#device.interfaceDescriptor?.(type, index);
    if (type === 1) return this.#device.deviceDescriptor;
    if (type === 2) return index === 0 ? this.#device.configurationDescriptor : undefined;
    if (type === 15) return index === 0 ? this.#device.bosDescriptor : undefined;
    if (type !== 3) return undefined;
    if (index === 0) return languageList;
    const text = this.#device.strings[index];
    return text === undefined ? undefined : stringDescriptor(text);
  }
}
