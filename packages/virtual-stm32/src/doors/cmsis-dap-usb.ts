// CMSIS-DAP probes as USB devices: version 1 is a HID with reports of 64 bytes (USB HID 1.11), version 2 a vendor interface
// with two bulk endpoints, told by its name (CMSIS-DAP documentation, "Connect SW to Hardware"). What packets mean is
// cmsis-dap.ts.

import { configurationDescriptor, deviceDescriptor } from '../usb-descriptors.ts';
import type { Setup, UsbAnswer } from '../usb-function.ts';
import { CmsisDapCommands } from './cmsis-dap.ts';
import type { ProbeTarget } from './probe-target.ts';
import type { UsbDevice } from './usb-device.ts';

/** 1209:0001 and :0002, which pid.codes leaves to tests. */
const ids = { vendor: 0x1209, release: 0x0100 } as const;

const outEndpoint = 1;
const inEndpoint = 1;
const reportBytes = 64;
const bulkPacketBytes = 512;
/** Answers that may wait for a host; a real probe has `packetCount` of them, and lets a host wait that sends more. */
const mostWaiting = 64;

/** An IN endpoint: answers and reads meet in the order in which each came. */
class AnswerQueue {
  readonly #answers: Uint8Array[] = [];
  readonly #reads: ((answer: UsbAnswer) => void)[] = [];

  /** False when the host has not fetched what waits. */
  push(answer: Uint8Array): boolean {
    const read = this.#reads.shift();
    if (read !== undefined) read(answer);
    else if (this.#answers.length >= mostWaiting) return false;
    else this.#answers.push(answer);
    return true;
  }

  /** A read that is cancelled takes no answer with it. */
  read(cancelled: AbortSignal): Promise<UsbAnswer> {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve) => {
      this.#reads.push(resolve);
      cancelled.addEventListener('abort', () => {
        const index = this.#reads.indexOf(resolve);
        if (index >= 0) this.#reads.splice(index, 1);
        resolve(undefined);
      });
    });
  }
}

/** Interface 0 with its endpoints 1 OUT and 1 IN (USB 2.0, tables 9-12 and 9-13); its name is string 4. */
function interfaceParts(options: {
  interfaceClass: number;
  endpointType: 2 | 3;
  packetBytes: number;
  between?: Uint8Array;
}): Uint8Array[] {
  const { interfaceClass, endpointType, packetBytes, between = new Uint8Array(0) } = options;
  const endpoint = (address: number) =>
    Uint8Array.of(
      7,
      5,
      address,
      endpointType,
      packetBytes & 0xff,
      packetBytes >>> 8,
      endpointType === 3 ? 1 : 0,
    );
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

/** A vendor page with one input and one output report of 64 bytes, without report numbers (HID 1.11, 6.2.2). */
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
  const receive = (data: Uint8Array): boolean => {
    const answer = commands.run(data);
    if (answer === undefined || answer.length === 0) return true;
    const report = new Uint8Array(reportBytes);
    report.set(answer.subarray(0, reportBytes));
    return answers.push(report);
  };
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
    async write(endpoint, data) {
      if (endpoint !== outEndpoint) return false;
      const answer = commands.run(data);
      return answer === undefined || answer.length === 0 || answers.push(answer.subarray(0, bulkPacketBytes));
    },
    read: async (endpoint, _lengthBytes, cancelled) =>
      endpoint === inEndpoint ? answers.read(cancelled) : undefined,
  };
}
