// What machine code shows on the USB connector, found as a host finds it: a reset of the bus, an address,
// the descriptors by their requests. From then on every control request goes over the wire, standard
// ones too.

import type { Setup, UsbAnswer, UsbFunction } from '../doors/usb-function.ts';
import type { UsbWire } from '../peripherals/usb-wire.ts';

const none = new Uint8Array(0);
const address = 5;
const language = 0x0409;
const type = { device: 1, configuration: 2, string: 3, store: 15 } as const;

const standard = (
  requestType: number,
  request: number,
  { value = 0, index = 0, length = 0 }: { value?: number; index?: number; length?: number } = {},
): Setup => ({ requestType, request, value, index, length });

function ask(wire: UsbWire, setup: Setup): UsbAnswer {
  let got: UsbAnswer;
  wire.control(setup, none, (answer) => {
    got = answer;
  });
  return got;
}

const descriptor = (wire: UsbWire, kind: number, { index = 0, length = 0xff, from = 0 } = {}): UsbAnswer =>
  ask(wire, standard(0x80, 6, { value: (kind << 8) | index, index: from, length }));

/** Reset and address: the device is there as new. False when it does not answer. */
function enumerate(wire: UsbWire): boolean {
  if (!wire.busReset()) return false;
  if (ask(wire, standard(0x00, 5, { value: address })) === undefined) return false;
  wire.useAddress(address);
  return true;
}

/** Reads what the device says of itself. Undefined when it does not answer: nothing is on the bus. */
export function machineUsb(wire: UsbWire): UsbFunction | undefined {
  if (!wire.attached || !enumerate(wire)) return undefined;
  const device = descriptor(wire, type.device, { length: 18 });
  const configuration = descriptor(wire, type.configuration);
  if (device === undefined || configuration === undefined || configuration.length < 18) return undefined;
  const store = descriptor(wire, type.store);
  const text = (index: number): string =>
    new TextDecoder('utf-16le').decode(
      descriptor(wire, type.string, { index, from: language })?.subarray(2) ?? none,
    );
  return {
    speed: 'full',
    deviceDescriptor: device,
    configurationDescriptor: configuration,
    ...(store === undefined ? {} : { bosDescriptor: store }),
    strings: ['', ...[1, 2, 3, 4, 5].map(text)],
    interfaces: [{ class: configuration[14]!, subclass: configuration[15]!, protocol: configuration[16]! }],
    answersStandard: true,
    attached: () => void enumerate(wire),
    control: (setup, data, answer) => void wire.control(setup, data, answer),
  };
}
