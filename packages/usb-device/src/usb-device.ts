// The seam between a protocol and a USB device. Names, parameters and results are those of WebUSB
// (WICG, sections 5 to 7), so that the USBDevice of a browser, and of npm's `usb`, fits as it is. It
// has what the clients of this house use: no isochronous transfers. A deadline belongs to the caller: a
// transfer here may take for ever.

export type UsbDirection = 'in' | 'out';

/** `stall`: the device refused the request and goes on. `babble`: it sent more than was asked for. */
export type UsbTransferStatus = 'ok' | 'stall' | 'babble';

export interface UsbEndpoint {
  /** 1 to 15, without the bit of the direction. */
  readonly endpointNumber: number;
  readonly direction: UsbDirection;
  readonly type: 'bulk' | 'interrupt' | 'isochronous';
  readonly packetSize: number;
}

export interface UsbAlternateInterface {
  readonly alternateSetting: number;
  readonly interfaceClass: number;
  readonly interfaceSubclass: number;
  readonly interfaceProtocol: number;
  /** The string of iInterface; null where the device has none. DfuSe keeps its memory layout here. */
  readonly interfaceName: string | null;
  readonly endpoints: readonly UsbEndpoint[];
}

export interface UsbInterface {
  readonly interfaceNumber: number;
  /** The setting in use. */
  readonly alternate: UsbAlternateInterface;
  readonly alternates: readonly UsbAlternateInterface[];
  readonly claimed: boolean;
}

export interface UsbConfiguration {
  readonly configurationValue: number;
  readonly configurationName: string | null;
  readonly interfaces: readonly UsbInterface[];
}

export interface UsbControlTransferParameters {
  requestType: 'standard' | 'class' | 'vendor';
  recipient: 'device' | 'interface' | 'endpoint' | 'other';
  request: number;
  value: number;
  index: number;
}

export interface UsbInTransferResult {
  readonly status: UsbTransferStatus;
  /** At most as long as was asked for; absent or null with a stall. */
  readonly data?: DataView | null | undefined;
}

export interface UsbOutTransferResult {
  readonly status: UsbTransferStatus;
  readonly bytesWritten: number;
}

/**
 * A USB device. Every method rejects when the device left the bus, and when `close` is called while it waits.
 * A stall is a result and never a rejection: an adapter whose library throws at a stall makes a result of it.
 */
export interface UsbDevice {
  readonly vendorId: number;
  readonly productId: number;
  /** bcdDevice 0x0JMN as JJ, M, N. */
  readonly deviceVersionMajor: number;
  readonly deviceVersionMinor: number;
  readonly deviceVersionSubminor: number;
  readonly productName: string | null;
  readonly serialNumber: string | null;
  readonly opened: boolean;
  /** Null before a configuration was selected. */
  readonly configuration: UsbConfiguration | null;
  /** Empty before the device was opened, where an adapter has to ask the device itself. */
  readonly configurations: readonly UsbConfiguration[];
  open(): Promise<void>;
  close(): Promise<void>;
  selectConfiguration(configurationValue: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  selectAlternateInterface(interfaceNumber: number, alternateSetting: number): Promise<void>;
  controlTransferIn(setup: UsbControlTransferParameters, length: number): Promise<UsbInTransferResult>;
  controlTransferOut(
    setup: UsbControlTransferParameters,
    data?: Uint8Array<ArrayBuffer>,
  ): Promise<UsbOutTransferResult>;
  clearHalt(direction: UsbDirection, endpointNumber: number): Promise<void>;
  /** Waits for data of an endpoint, at most `length` bytes. */
  transferIn(endpointNumber: number, length: number): Promise<UsbInTransferResult>;
  transferOut(endpointNumber: number, data: Uint8Array<ArrayBuffer>): Promise<UsbOutTransferResult>;
  /** Resets the device on the bus; it may come back as another one. */
  reset(): Promise<void>;
}
