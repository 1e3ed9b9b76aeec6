// A UsbDevice for tests, on top of anything that answers control transfers: it enumerates the device by
// standard requests as a host does (USB 2.0, chapter 9), keeps what a host keeps, and hands every transfer
// on. The answers are those of the device, malformed ones included.

import {
  type ConfigurationDescriptor,
  configurationLengthBytes,
  readConfigurationDescriptor,
  type UsbConfiguration,
  type UsbControlTransferParameters,
  type UsbDevice,
  type UsbDirection,
  type UsbInTransferResult,
  type UsbOutTransferResult,
} from '../src/index.ts';

/** Setup packet of a control transfer (USB 2.0, table 9-2). */
export interface Setup {
  readonly requestType: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  readonly length: number;
}

/** What stands behind the stand-in. */
export interface DeviceAnswers {
  /** A control transfer; undefined is a stall. Rejects when the device is gone. */
  control(setup: Setup, data: Uint8Array): Promise<Uint8Array | undefined>;
  /** Bulk and interrupt endpoints, for devices that have them. */
  read?(endpointNumber: number, lengthBytes: number): Promise<Uint8Array | undefined>;
  write?(endpointNumber: number, data: Uint8Array): Promise<boolean>;
  /** Aborted when the device leaves the bus. */
  readonly detached?: AbortSignal;
}

const nothing = new Uint8Array(0);
const requestTypes = { standard: 0x00, class: 0x20, vendor: 0x40 } as const;
const recipients = { device: 0, interface: 1, endpoint: 2, other: 3 } as const;
const endpointTypes = ['bulk', 'isochronous', 'bulk', 'interrupt'] as const;

type Identity = Pick<
  UsbDevice,
  | 'vendorId'
  | 'productId'
  | 'deviceVersionMajor'
  | 'deviceVersionMinor'
  | 'deviceVersionSubminor'
  | 'productName'
  | 'serialNumber'
>;

async function descriptor(device: DeviceAnswers, value: number, length: number): Promise<Uint8Array> {
  const setup = { requestType: 0x80, request: 6, value, index: value >>> 8 === 3 ? 0x0409 : 0, length };
  return (await device.control(setup, nothing)) ?? nothing;
}

async function text(device: DeviceAnswers, index: number): Promise<string | null> {
  if (index === 0) return null;
  const bytes = await descriptor(device, 0x0300 | index, 255);
  if (bytes.length < 2) return null;
  return new TextDecoder('utf-16le').decode(bytes.slice(2, Math.max(2, bytes[0]!)));
}

/**
 * What a host learns of a device that was plugged in. Throws `usb-descriptor-malformed` at a lying device.
 */
export async function enumerate(device: DeviceAnswers): Promise<UsbStandIn> {
  const own = await descriptor(device, 0x0100, 18);
  const view = new DataView(own.slice(0, 18).buffer);
  const release = view.getUint16(12, true);
  const identity: Identity = {
    vendorId: view.getUint16(8, true),
    productId: view.getUint16(10, true),
    deviceVersionMajor: release >>> 8,
    deviceVersionMinor: (release >>> 4) & 0xf,
    deviceVersionSubminor: release & 0xf,
    productName: await text(device, own[15]!),
    serialNumber: await text(device, own[16]!),
  };
  const lengthBytes = configurationLengthBytes(await descriptor(device, 0x0200, 9));
  const configuration = readConfigurationDescriptor(await descriptor(device, 0x0200, lengthBytes));
  const names = new Map<number, string | null>();
  for (const { nameIndex } of configuration.interfaces)
    if (!names.has(nameIndex)) names.set(nameIndex, await text(device, nameIndex));
  return new UsbStandIn(device, identity, configuration, names);
}

export class UsbStandIn implements UsbDevice {
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceVersionMajor: number;
  readonly deviceVersionMinor: number;
  readonly deviceVersionSubminor: number;
  readonly productName: string | null;
  readonly serialNumber: string | null;
  readonly #device: DeviceAnswers;
  readonly #descriptor: ConfigurationDescriptor;
  readonly #names: ReadonlyMap<number, string | null>;
  readonly #claimed = new Set<number>();
  readonly #selected = new Map<number, number>();
  /** Ends of the transfers that wait. */
  readonly #waiting = new Set<() => void>();
  #opened = false;
  /** As through npm's usb, where what a device consists of is asked when it is opened. */
  #described = false;
  #configured = false;

  constructor(
    device: DeviceAnswers,
    identity: Identity,
    configuration: ConfigurationDescriptor,
    names: ReadonlyMap<number, string | null>,
  ) {
    this.#device = device;
    this.#descriptor = configuration;
    this.#names = names;
    this.vendorId = identity.vendorId;
    this.productId = identity.productId;
    this.deviceVersionMajor = identity.deviceVersionMajor;
    this.deviceVersionMinor = identity.deviceVersionMinor;
    this.deviceVersionSubminor = identity.deviceVersionSubminor;
    this.productName = identity.productName;
    this.serialNumber = identity.serialNumber;
  }

  get opened(): boolean {
    return this.#opened;
  }

  get configurations(): readonly UsbConfiguration[] {
    return this.#described ? [this.#show()] : [];
  }

  get configuration(): UsbConfiguration | null {
    return this.#configured ? this.#show() : null;
  }

  #show(): UsbConfiguration {
    const all = this.#descriptor.interfaces;
    const numbers = [...new Set(all.map((one) => one.interfaceNumber))];
    return {
      configurationValue: this.#descriptor.configurationValue,
      configurationName: null,
      interfaces: numbers.map((interfaceNumber) => {
        const alternates = all
          .filter((one) => one.interfaceNumber === interfaceNumber)
          .map((one) => ({
            alternateSetting: one.alternateSetting,
            interfaceClass: one.interfaceClass,
            interfaceSubclass: one.interfaceSubclass,
            interfaceProtocol: one.interfaceProtocol,
            interfaceName: this.#names.get(one.nameIndex) ?? null,
            endpoints: one.endpoints.map(({ address, type, packetBytes }) => ({
              endpointNumber: address & 0xf,
              direction: address & 0x80 ? ('in' as const) : ('out' as const),
              type: endpointTypes[type]!,
              packetSize: packetBytes,
            })),
          }));
        const selected = this.#selected.get(interfaceNumber) ?? 0;
        const alternate = alternates.find((one) => one.alternateSetting === selected) ?? alternates[0]!;
        return { interfaceNumber, alternate, alternates, claimed: this.#claimed.has(interfaceNumber) };
      }),
    };
  }

  async open(): Promise<void> {
    this.#opened = true;
    this.#described = true;
  }

  async close(): Promise<void> {
    this.#opened = false;
    for (const cancel of this.#waiting) cancel();
    this.#claimed.clear();
  }

  /** A transfer ends with the device's answer, with close(), or when the device leaves the bus. */
  async #transfer<T>(run: () => Promise<T>): Promise<T> {
    if (!this.opened) throw new DOMException('The device must be opened first.', 'InvalidStateError');
    const { detached } = this.#device;
    let cancel: () => void = () => undefined;
    let lost: () => void = () => undefined;
    const gone = new Promise<never>((_, reject) => {
      lost = () => reject(new DOMException('The device was disconnected.', 'NotFoundError'));
      cancel = () => reject(new DOMException('The transfer was cancelled.', 'AbortError'));
      if (detached?.aborted) lost();
    });
    gone.catch(() => undefined);
    this.#waiting.add(cancel);
    detached?.addEventListener('abort', lost, { once: true });
    try {
      return await Promise.race([gone, run()]);
    } finally {
      this.#waiting.delete(cancel);
      detached?.removeEventListener('abort', lost);
    }
  }

  async #standardOut(requestType: number, request: number, value: number, index: number): Promise<void> {
    const setup = { requestType, request, value, index, length: 0 };
    const answer = await this.#transfer(() => this.#device.control(setup, nothing));
    if (answer === undefined) throw new DOMException('The device refused the request.', 'NetworkError');
  }

  async selectConfiguration(configurationValue: number): Promise<void> {
    await this.#standardOut(0x00, 9, configurationValue, 0);
    this.#configured = true;
  }

  async claimInterface(interfaceNumber: number): Promise<void> {
    if (!this.#descriptor.interfaces.some((one) => one.interfaceNumber === interfaceNumber))
      throw new DOMException('The interface does not exist.', 'NotFoundError');
    this.#claimed.add(interfaceNumber);
  }

  async releaseInterface(interfaceNumber: number): Promise<void> {
    this.#claimed.delete(interfaceNumber);
  }

  async selectAlternateInterface(interfaceNumber: number, alternateSetting: number): Promise<void> {
    await this.#standardOut(0x01, 11, alternateSetting, interfaceNumber);
    this.#selected.set(interfaceNumber, alternateSetting);
  }

  async controlTransferIn(setup: UsbControlTransferParameters, length: number): Promise<UsbInTransferResult> {
    const requestType = 0x80 | requestTypes[setup.requestType] | recipients[setup.recipient];
    const { request, value, index } = setup;
    const answer = await this.#transfer(() =>
      this.#device.control({ requestType, request, value, index, length }, nothing),
    );
    if (answer === undefined) return { status: 'stall' };
    if (answer.length > length) return { status: 'babble' };
    return { status: 'ok', data: new DataView(answer.slice().buffer) };
  }

  async controlTransferOut(
    setup: UsbControlTransferParameters,
    data: Uint8Array<ArrayBuffer> = nothing,
  ): Promise<UsbOutTransferResult> {
    const requestType = requestTypes[setup.requestType] | recipients[setup.recipient];
    const { request, value, index } = setup;
    const answer = await this.#transfer(() =>
      this.#device.control({ requestType, request, value, index, length: data.length }, data.slice()),
    );
    return answer === undefined
      ? { status: 'stall', bytesWritten: 0 }
      : { status: 'ok', bytesWritten: data.length };
  }

  async clearHalt(direction: UsbDirection, endpointNumber: number): Promise<void> {
    await this.#standardOut(0x02, 1, 0, (direction === 'in' ? 0x80 : 0) | endpointNumber);
  }

  async transferIn(endpointNumber: number, length: number): Promise<UsbInTransferResult> {
    const answer = await this.#transfer(async () => this.#device.read?.(endpointNumber, length));
    if (answer === undefined) return { status: 'stall' };
    return { status: 'ok', data: new DataView(answer.slice().buffer) };
  }

  async transferOut(endpointNumber: number, data: Uint8Array<ArrayBuffer>): Promise<UsbOutTransferResult> {
    const taken = await this.#transfer(async () => this.#device.write?.(endpointNumber, data.slice()));
    return taken ? { status: 'ok', bytesWritten: data.length } : { status: 'stall', bytesWritten: 0 };
  }

  /** The device of software has no bus reset: it stays as it is. */
  async reset(): Promise<void> {}
}
