// The USB side of the agent's module: device/agent/core/fs_usb.h. Descriptors are asked for as a host does;
// standard requests are the door's, and it says which configuration and alternate setting it answered for.

import type { Setup, UsbAnswer, UsbFunction } from '../doors/usb-function.ts';

export interface AgentUsbExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  fs_receive_buffer(): number;
  fs_receive_capacity(): number;
  fs_usb_setup_buffer(): number;
  /** Length of the answer; -1 for a STALL. */
  fs_usb_control(length: number): number;
  fs_usb_answer(): number;
  fs_usb_after(): void;
}

const stall = -1;
const none = new Uint8Array(0);

function setupBytes({ requestType, request, value, index, length }: Setup): Uint8Array {
  const bytes = Uint8Array.of(requestType, request, 0, 0, 0, 0, 0, 0);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, value, true);
  view.setUint16(4, index, true);
  view.setUint16(6, length, true);
  return bytes;
}

function request(exports: AgentUsbExports, setup: Setup, data: Uint8Array): UsbAnswer {
  if (data.length > exports.fs_receive_capacity()) return undefined;
  const { buffer } = exports.memory;
  new Uint8Array(buffer).set(setupBytes(setup), exports.fs_usb_setup_buffer());
  new Uint8Array(buffer).set(data, exports.fs_receive_buffer());
  const length = exports.fs_usb_control(data.length);
  return length === stall
    ? undefined
    : new Uint8Array(buffer).slice(exports.fs_usb_answer()).slice(0, length);
}

const standard = (requestType: number, code: number, value: number, length = 0): Setup => ({
  ...{ requestType, request: code, value, index: 0, length },
});

/** Runs something with the exports of the agent's present instance. */
type AgentCall = <T>(run: (exports: AgentUsbExports) => T) => T;

/** What the agent shows on USB. */
export function agentUsb(call: AgentCall): UsbFunction {
  const ask = (setup: Setup) => call((exports) => request(exports, setup, none));
  const descriptor = (type: number, index = 0) => ask(standard(0x80, 6, (type << 8) | index, 0xffff));
  const text = (index: number) => new TextDecoder('utf-16le').decode(descriptor(3, index)!.subarray(2));
  const [device, configuration, bos] = [descriptor(1)!, descriptor(2)!, descriptor(15)!];
  return {
    speed: 'full',
    deviceDescriptor: device,
    configurationDescriptor: configuration,
    bosDescriptor: bos,
    strings: ['', ...[1, 2, 3, 4, 5].map(text)],
    interfaces: [{ class: configuration[14]!, subclass: configuration[15]!, protocol: configuration[16]! }],
    interfaceDescriptor: (type, index) => ask(standard(0x81, 6, (type << 8) | index, 0xffff)),
    configured: () => void ask(standard(0x00, 9, 1)),
    selectAlternate: (_, alternate) => void ask(standard(0x01, 11, alternate)),
    control(setup, data, answer) {
      answer(call((exports) => request(exports, setup, data)));
      call((exports) => exports.fs_usb_after());
    },
  };
}
