// CMSIS-DAP probes as USB devices: version 1 is a HID with reports of 64 bytes (USB HID 1.11), version 2 a
// vendor interface with two bulk endpoints, told by its name (CMSIS-DAP documentation, "Connect SW to
// Hardware"). What packets mean is cmsis-dap.ts.

import { AnswerQueue } from './answer-queue.ts';
import { CmsisDapCommands } from './cmsis-dap.ts';
import type { ProbeTarget } from './probe-target.ts';
import { configurationDescriptor, deviceDescriptor, endpointDescriptor } from './usb-descriptors.ts';
import type { UsbDevice } from './usb-device.ts';
import type { Setup } from './usb-function.ts';

/** 1209:0001 and :0002, which pid.codes leaves to tests. */
const ids = { vendor: 0x1209, release: 0x0100 } as const;

const outEndpoint = 1;
const inEndpoint = 1;
const reportBytes = 64;
const bulkPacketBytes = 512;
/** Interface 0 with its endpoints 1 OUT and 1 IN; its name is string 4. */
function interfaceParts(options: {
  interfaceClass: number;
  endpointType: 2 | 3;
  packetBytes: number;
  between?: Uint8Array;
}): Uint8Array[] {
  const { interfaceClass, endpointType, packetBytes, between = new Uint8Array(0) } = options;
  const endpoint = (address: number) => endpointDescriptor(address, { type: endpointType, packetBytes });
  return [
    Uint8Array.of(9, 4, 0, 0, 2, interfaceClass, 0, 0, 4),
    between,
    endpoint(outEndpoint),
    endpoint(0x80 | inEndpoint),
  ];
}

const face = (interfaceClass: number) => [{ class: interfaceClass, subclass: 0, protocol: 0 }];

export interface CmsisDapUsbOptions {
  /** By which a debugger tells two probes apart. */
  readonly serial?: string;
}

const defaultSerial = 'firmseal-0001';

/**
 * A vendor page with one input and one output report of 64 bytes, without report numbers (HID 1.11, 6.2.2).
 */
const reportDescriptor = Uint8Array.of(
  ...[0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01], // usage page, usage, collection
  ...[0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08], // bytes from 0 to 255
  ...[0x95, reportBytes, 0x09, 0x01, 0x81, 0x02],
  ...[0x95, reportBytes, 0x09, 0x01, 0x91, 0x02],
  0xc0,
);
const hidDescriptor = Uint8Array.of(9, 0x21, 0x11, 0x01, 0, 1, 0x22, reportDescriptor.length, 0);

/** HID class requests (HID 1.11, 7.2) that hosts make of such a device. */
const setReport = 0x09;
const setIdle = 0x0a;
const outputReport = 0x02;

/** CMSIS-DAP version 1 at full speed, 1209:0001. */
export function cmsisDapHid(target: ProbeTarget, options: CmsisDapUsbOptions = {}): UsbDevice {
  const { serial = defaultSerial } = options;
  const commands = new CmsisDapCommands(target, { packetSizeBytes: reportBytes, serial });
  const answers = new AnswerQueue();
  const receive = (data: Uint8Array): boolean =>
    commands.run(data).every((answer) => {
      const report = new Uint8Array(reportBytes);
      report.set(answer);
      return answers.push(report);
    });
  return {
    speed: 'full',
    deviceDescriptor: deviceDescriptor({ ...ids, product: 0x0001 }),
    configurationDescriptor: configurationDescriptor(
      interfaceParts({
        ...{ interfaceClass: 3, endpointType: 3, packetBytes: reportBytes, between: hidDescriptor },
      }),
    ),
    strings: ['', 'firmseal', 'Virtual CMSIS-DAP', serial, 'CMSIS-DAP v1'],
    interfaces: face(3),
    interfaceDescriptor(type) {
      if (type === 0x21) return hidDescriptor;
      return type === 0x22 ? reportDescriptor : undefined;
    },
    async control({ requestType, request, value }: Setup, data) {
      if (requestType !== 0x21) return undefined;
      if (request === setIdle) return new Uint8Array(0);
      const isOutput = request === setReport && value >>> 8 === outputReport;
      return isOutput && receive(data) ? new Uint8Array(0) : undefined;
    },
    write: async (endpoint, data) => endpoint === outEndpoint && receive(data),
    read: async (endpoint, _lengthBytes, cancelled) =>
      endpoint === inEndpoint ? answers.read(cancelled) : undefined,
  };
}

/** CMSIS-DAP version 2 at high speed, 1209:0002. */
export function cmsisDapBulk(target: ProbeTarget, options: CmsisDapUsbOptions = {}): UsbDevice {
  const { serial = defaultSerial } = options;
  const commands = new CmsisDapCommands(target, { packetSizeBytes: bulkPacketBytes, serial });
  const answers = new AnswerQueue();
  return {
    speed: 'high',
    deviceDescriptor: deviceDescriptor({ ...ids, product: 0x0002 }),
    configurationDescriptor: configurationDescriptor(
      interfaceParts({ interfaceClass: 0xff, endpointType: 2, packetBytes: bulkPacketBytes }),
    ),
    strings: ['', 'firmseal', 'Virtual probe', serial, 'CMSIS-DAP v2'],
    interfaces: face(0xff),
    control: async () => undefined,
    write: async (endpoint, data) =>
      endpoint === outEndpoint && commands.run(data).every((answer) => answers.push(answer)),
    read: async (endpoint, _lengthBytes, cancelled) =>
      endpoint === inEndpoint ? answers.read(cancelled) : undefined,
  };
}
