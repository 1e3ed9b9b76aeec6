// What firmware shows on the chip's USB connector: descriptors, and the control requests that reach it. USB
// 2.0, chapter 9. Standard requests and transports are doors/; what the requests mean is the firmware's.

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

export interface UsbDescriptors {
  readonly speed: 'full' | 'high';
  readonly deviceDescriptor: Uint8Array;
  readonly configurationDescriptor: Uint8Array;
  /** By index; 0 is the language list and is made by the door. */
  readonly strings: readonly string[];
  readonly interfaces: readonly {
    readonly class: number;
    readonly subclass: number;
    readonly protocol: number;
  }[];
  /** Binary device object store (USB 3.2, section 9.6.2): platform capabilities. */
  readonly bosDescriptor?: Uint8Array;
  /** Descriptors of an interface beyond the standard ones; undefined is a STALL. */
  interfaceDescriptor?(type: number, index: number): Uint8Array | undefined;
}

/**
 * The USB device that firmware plays. Calls run inside the chip: any may throw what
 * unwinds firmware (signals.ts).
 */
export interface UsbFunction extends UsbDescriptors {
  /** Standard requests of endpoint 0 come to `control` too, and not the two calls that follow. */
  readonly answersStandard?: boolean;
  /** Another host takes the device over: it resets the bus and gives an address. */
  attached?(): void;
  /** The host chose a configuration: it is a real host. */
  configured?(): void;
  selectAlternate?(interfaceNumber: number, alternate: number): void;
  /**
   * Class and vendor requests; `data` is the data stage of an OUT request. Calls `answer` once,
   * when the answer goes out: work may go on after it, and a reset in that work reaches a host
   * that has its answer already.
   */
  control(setup: Setup, data: Uint8Array, answer: (bytes: UsbAnswer) => void): void;
}
