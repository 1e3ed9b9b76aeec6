// Asks a device for its descriptors, each with a deadline, so that one that stalls, lies or says nothing
// costs two seconds at most and holds up nothing else. USB 2.0, sections 9.4.3 and 9.6.

import {
  type ConfigurationDescriptor,
  configurationLengthBytes,
  readConfigurationDescriptor,
  type UsbConfiguration,
  type UsbInterface,
} from '@firmseal/usb-device';

/** The answer to a standard request to the device, undefined for a stall. Rejects when its time is over. */
export type AskDevice = (
  request: number,
  value: number,
  index: number,
  lengthBytes: number,
) => Promise<Uint8Array | undefined>;

const [getDescriptor, getConfiguration] = [6, 8];
const [configurationType, stringType] = [2, 3];
const englishUs = 0x0409;
/** A device has a name for each setting, and few settings. */
const mostStrings = 32;

/** The string of that index; null for one that the device does not give. */
async function readString(ask: AskDevice, index: number): Promise<string | null> {
  const bytes = await ask(getDescriptor, (stringType << 8) | index, englishUs, 255);
  // bLength is the device's: at most what came, and whole characters.
  if (bytes === undefined || bytes.length < 2 || bytes[1] !== stringType) return null;
  const end = Math.min(bytes[0]!, bytes.length) & ~1;
  return new TextDecoder('utf-16le').decode(bytes.slice(2, Math.max(2, end)));
}

const endpointTypes = ['isochronous', 'isochronous', 'bulk', 'interrupt'] as const;

function interfacesOf(
  descriptor: ConfigurationDescriptor,
  names: ReadonlyMap<number, string | null>,
): UsbInterface[] {
  const numbers = [...new Set(descriptor.interfaces.map(({ interfaceNumber }) => interfaceNumber))];
  return numbers.map((interfaceNumber) => {
    const alternates = descriptor.interfaces
      .filter((one) => one.interfaceNumber === interfaceNumber)
      .map(({ endpoints, nameIndex, others: _, ...setting }) => ({
        ...setting,
        interfaceName: names.get(nameIndex) ?? null,
        endpoints: endpoints.map(({ address, type, packetBytes }) => ({
          endpointNumber: address & 0xf,
          direction: (address & 0x80) === 0 ? ('out' as const) : ('in' as const),
          type: endpointTypes[type]!,
          packetSize: packetBytes,
        })),
      }));
    return { interfaceNumber, alternates, alternate: alternates[0]!, claimed: false };
  });
}

/**
 * The first configuration, and whether it is in force. Throws `usb-descriptor-malformed` at a
 * lying device, and what `ask` throws.
 */
export async function readConfiguration(
  ask: AskDevice,
): Promise<{ configuration: UsbConfiguration; isActive: boolean }> {
  const head = await ask(getDescriptor, configurationType << 8, 0, 9);
  const lengthBytes = configurationLengthBytes(head ?? new Uint8Array(0));
  const whole = await ask(getDescriptor, configurationType << 8, 0, lengthBytes);
  const descriptor = readConfigurationDescriptor(whole ?? new Uint8Array(0));
  const names = new Map<number, string | null>([[0, null]]);
  for (const { nameIndex } of descriptor.interfaces)
    if (!names.has(nameIndex) && names.size <= mostStrings)
      names.set(nameIndex, await readString(ask, nameIndex));
  const active = await ask(getConfiguration, 0, 0, 1);
  return {
    configuration: {
      configurationValue: descriptor.configurationValue,
      configurationName: null,
      interfaces: interfacesOf(descriptor, names),
    },
    isActive: active?.[0] === descriptor.configurationValue,
  };
}
