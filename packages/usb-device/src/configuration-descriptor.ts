// Reads a configuration descriptor as the device sent it: what WebUSB does not show are the descriptors of a
// class between those of interfaces (DFU's functional descriptor). USB 2.0, sections 9.6.3 to 9.6.6. Every
// byte is the device's word, so lengths are checked before anything is read.

import { Fault } from '@firmseal/fault';

/** One interface descriptor (one alternate setting) and what follows it up to the next. */
export interface InterfaceDescriptor {
  readonly interfaceNumber: number;
  readonly alternateSetting: number;
  readonly interfaceClass: number;
  readonly interfaceSubclass: number;
  readonly interfaceProtocol: number;
  /** iInterface: index of the string that names the setting; 0 means that no string does. */
  readonly nameIndex: number;
  readonly endpoints: readonly EndpointDescriptor[];
  /** Descriptors that are neither interface nor endpoint, whole, in their order. */
  readonly others: readonly Uint8Array[];
}

export interface EndpointDescriptor {
  /** Bit 7 set: towards the host. */
  readonly address: number;
  /** Bits 1:0 of bmAttributes: 0 control, 1 isochronous, 2 bulk, 3 interrupt. */
  readonly type: number;
  readonly packetBytes: number;
}

export interface ConfigurationDescriptor {
  readonly configurationValue: number;
  readonly interfaces: readonly InterfaceDescriptor[];
}

const [configurationType, interfaceType, endpointType] = [2, 4, 5];
/** A configuration of a real device has a handful of settings; more is a device that wants memory. */
const mostInterfaces = 256;

const malformed = (problem: string) => new Fault('usb-descriptor-malformed', { problem });

/** wTotalLength of the first 9 bytes. Throws `usb-descriptor-malformed`. */
export function configurationLengthBytes(head: Uint8Array): number {
  if (head.length < 9 || head[0] !== 9 || head[1] !== configurationType)
    throw malformed('the configuration descriptor does not begin as one');
  const lengthBytes = head[2]! | (head[3]! << 8);
  if (lengthBytes < 9) throw malformed(`a configuration of ${lengthBytes} bytes`);
  return lengthBytes;
}

type Building = { -readonly [K in keyof InterfaceDescriptor]: InterfaceDescriptor[K] } & {
  endpoints: EndpointDescriptor[];
  others: Uint8Array[];
};

/** `configuration = head(9) *(bLength bDescriptorType content)`; what follows wTotalLength is left. */
export function readConfigurationDescriptor(bytes: Uint8Array): ConfigurationDescriptor {
  const end = configurationLengthBytes(bytes);
  if (end > bytes.length) throw malformed(`${bytes.length} bytes came of a configuration of ${end}`);
  const interfaces: Building[] = [];
  for (let at = 9; at < end; ) {
    const lengthBytes = bytes[at]!;
    // bLength is the device's: 0 would never end, 1 has no type, and more than is left
    // would read past the end.
    if (lengthBytes < 2 || at + lengthBytes > end)
      throw malformed(`a length of ${lengthBytes} at byte ${at}`);
    takeDescriptor(interfaces, bytes.slice(at, at + lengthBytes));
    at += lengthBytes;
  }
  return { configurationValue: bytes[5]!, interfaces };
}

function takeDescriptor(interfaces: Building[], one: Uint8Array): void {
  const last = interfaces.at(-1);
  if (one[1] === interfaceType) {
    if (one.length < 9) throw malformed(`an interface descriptor of ${one.length} bytes`);
    if (interfaces.length === mostInterfaces) throw malformed(`more than ${mostInterfaces} settings`);
    interfaces.push({
      interfaceNumber: one[2]!,
      alternateSetting: one[3]!,
      interfaceClass: one[5]!,
      interfaceSubclass: one[6]!,
      interfaceProtocol: one[7]!,
      nameIndex: one[8]!,
      endpoints: [],
      others: [],
    });
  } else if (one[1] === endpointType) {
    if (one.length < 7) throw malformed(`an endpoint descriptor of ${one.length} bytes`);
    const packetBytes = (one[4]! | (one[5]! << 8)) & 0x7ff;
    last?.endpoints.push({ address: one[2]!, type: one[3]! & 3, packetBytes });
  } else last?.others.push(one);
}
