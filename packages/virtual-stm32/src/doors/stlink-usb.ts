// An ST-LINK/V2 as a USB device: one vendor interface, commands of 16 bytes and their data to endpoint 2,
// answers from endpoint 1, trace (always empty) from endpoint 3. Numbers as public clients have them
// (OpenOCD, stlink-tools); ST publishes none. What commands mean is stlink-commands.ts.

import { AnswerQueue } from './answer-queue.ts';
import type { ProbeTarget } from './probe-target.ts';
import { commandBytes, dataBytesOf, StlinkCommands } from './stlink-commands.ts';
import { configurationDescriptor, deviceDescriptor, endpointDescriptor } from './usb-descriptors.ts';
import type { UsbDevice } from './usb-device.ts';

const ids = { vendor: 0x0483, product: 0x3748, release: 0x0100 } as const;
const answerEndpoint = 1;
const commandEndpoint = 2;
const traceEndpoint = 3;
const packetBytes = 64;

export interface StlinkUsbOptions {
  /** By which a debugger tells two probes apart. */
  readonly serial?: string;
}

/**
 * Commands as they come from a host: 16 bytes, padded by hosts that send fewer, then the
 * data that the command announces.
 */
class CommandStream {
  readonly #commands: StlinkCommands;
  readonly #answers: AnswerQueue;
  #command: Uint8Array | undefined;
  #data: number[] = [];

  constructor(commands: StlinkCommands, answers: AnswerQueue) {
    this.#commands = commands;
    this.#answers = answers;
  }

  /** A host begins again: a command that an earlier host left half sent is dropped. */
  reset(): void {
    this.#command = undefined;
  }

  /** One transfer to the probe. False where it has too much to say already. */
  take(bytes: Uint8Array): boolean {
    if (this.#command === undefined) {
      this.#command = new Uint8Array(commandBytes);
      this.#command.set(bytes.subarray(0, commandBytes));
      this.#data = [];
    } else for (const byte of bytes) this.#data.push(byte);
    const missing = dataBytesOf(this.#command) - this.#data.length;
    if (missing > 0) return true;
    const command = this.#command;
    this.#command = undefined;
    const answer = this.#commands.run(command, Uint8Array.from(this.#data).subarray(0, dataBytesOf(command)));
    return answer.length === 0 || this.#answers.push(answer);
  }
}

export function stlinkUsb(
  target: ProbeTarget,
  { serial = '066FFF000000000000000001' }: StlinkUsbOptions = {},
): UsbDevice {
  const answers = new AnswerQueue();
  const trace = new AnswerQueue();
  const commands = new CommandStream(new StlinkCommands(target), answers);
  const bulk = (address: number) => endpointDescriptor(address, { type: 2, packetBytes });
  return {
    speed: 'full',
    deviceDescriptor: deviceDescriptor(ids),
    configurationDescriptor: configurationDescriptor([
      Uint8Array.of(9, 4, 0, 0, 3, 0xff, 0xff, 0xff, 0),
      bulk(0x80 | answerEndpoint),
      bulk(commandEndpoint),
      bulk(0x80 | traceEndpoint),
    ]),
    strings: ['', 'STMicroelectronics', 'STM32 STLink', serial],
    interfaces: [{ class: 0xff, subclass: 0xff, protocol: 0xff }],
    configured: () => commands.reset(),
    selectAlternate: () => commands.reset(),
    control: async () => undefined,
    write: async (endpoint, data) => endpoint === commandEndpoint && commands.take(data),
    read: async (endpoint, _lengthBytes, cancelled) => {
      if (endpoint === answerEndpoint) return answers.read(cancelled);
      return endpoint === traceEndpoint ? trace.read(cancelled) : undefined;
    },
  };
}
