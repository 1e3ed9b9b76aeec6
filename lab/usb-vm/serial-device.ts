// USB serial ports as virtual devices (CDC ACM, PSTN120 section 6.3): what a kernel makes a /dev/ttyACM of.
// One tells of the line what the host set: `?` is answered with a line of JSON, every other byte comes back.
// One leads to the UART of a virtual chip, as the port of a Nucleo board's ST-LINK does.

import {
  type Setup,
  UartDoor,
  type UsbAnswer,
  type UsbDevice,
  type VirtualChip,
} from '@firmseal/virtual-stm32';

const [setLineCoding, getLineCoding, setControlLineState, sendBreak] = [0x20, 0x21, 0x22, 0x23];
/** Capabilities of PSTN120 table 4: bit 1 line coding, bit 2 break. */
const interfaces = (sendsBreak: boolean): number[] =>
  [
    [9, 4, 0, 0, 1, 2, 2, 1, 0],
    [5, 0x24, 0, 0x10, 1],
    [5, 0x24, 1, 0, 1],
    [4, 0x24, 2, sendsBreak ? 6 : 2],
    [5, 0x24, 6, 0, 1],
    [7, 5, 0x83, 3, 8, 0, 16],
    [9, 4, 1, 0, 2, 10, 0, 0, 0],
    [7, 5, 0x02, 2, 64, 0, 0],
    [7, 5, 0x82, 2, 64, 0, 0],
  ].flat();
const parities = ['none', 'odd', 'even'] as const;

/** What the host sees of the line, in the answer to `?`. */
export interface SeenLine {
  readonly baud: number;
  readonly parity: string;
  readonly dtr: boolean;
  readonly rts: boolean;
}

interface SerialPort {
  readonly device: UsbDevice;
  /** Sends bytes to the host. */
  readonly say: (bytes: Uint8Array) => void;
}

/** `received` gets what the host sends, and how it set the line. */
function createSerialPort(
  sendsBreak: boolean,
  received: (bytes: Uint8Array, line: SeenLine) => void,
): SerialPort {
  const descriptors = interfaces(sendsBreak);
  const answers: Uint8Array[] = [];
  const readers: ((answer: UsbAnswer) => void)[] = [];
  let coding = Uint8Array.of(0, 0xc2, 1, 0, 0, 0, 8);
  let state = 0;
  const say = (bytes: Uint8Array): void => {
    answers.push(bytes);
    while (answers.length > 0 && readers.length > 0) readers.shift()!(answers.shift()!);
  };
  const seen = (): SeenLine => ({
    baud: new DataView(coding.buffer).getUint32(0, true),
    parity: parities[coding[5]!] ?? 'other',
    dtr: (state & 1) !== 0,
    rts: (state & 2) !== 0,
  });
  const device: UsbDevice = {
    speed: 'full',
    deviceDescriptor: Uint8Array.of(18, 1, 0, 2, 2, 0, 0, 64, 0x83, 0x04, 0x40, 0x57, 0, 1, 1, 2, 3, 1),
    configurationDescriptor: Uint8Array.of(
      9,
      2,
      9 + descriptors.length,
      0,
      2,
      1,
      0,
      0x80,
      50,
      ...descriptors,
    ),
    strings: ['', 'firmseal', 'serial port', 'P1'],
    interfaces: [
      { class: 2, subclass: 2, protocol: 1 },
      { class: 10, subclass: 0, protocol: 0 },
    ],
    async control({ request, value }: Setup, data) {
      if (request === setLineCoding) coding = Uint8Array.from(data);
      else if (request === getLineCoding) return coding;
      else if (request === setControlLineState) state = value;
      else if (request !== sendBreak || !sendsBreak) return undefined;
      return new Uint8Array(0);
    },
    async read(endpoint, lengthBytes, cancelled) {
      const fitting = (answer: UsbAnswer): UsbAnswer => {
        if (answer === undefined || answer.length <= lengthBytes) return answer;
        answers.unshift(answer.subarray(lengthBytes));
        return answer.subarray(0, lengthBytes);
      };
      const answer = endpoint === 2 ? answers.shift() : undefined;
      if (answer !== undefined) return fitting(answer);
      return new Promise((resolve) => {
        const take = (given: UsbAnswer): void => resolve(fitting(given));
        if (endpoint === 2) readers.push(take);
        cancelled.addEventListener('abort', () => {
          const at = readers.indexOf(take);
          if (at >= 0) readers.splice(at, 1);
          resolve(undefined);
        });
      });
    },
    async write(_, data) {
      received(data, seen());
      return true;
    },
  };
  return { device, say };
}

/** Many ports of STM32 firmware announce no break, and Linux then refuses to clear one. */
export function createSerialDevice({ sendsBreak }: { sendsBreak: boolean }): UsbDevice {
  const { device, say } = createSerialPort(sendsBreak, (bytes, line) => {
    for (const byte of bytes)
      say(byte === 0x3f ? new TextEncoder().encode(`${JSON.stringify(line)}\n`) : Uint8Array.of(byte));
  });
  return device;
}

/** The UART of a chip behind a USB cable. */
export function chipSerialDevice(chip: VirtualChip): UsbDevice {
  const door = new UartDoor(chip);
  const { device, say } = createSerialPort(false, (bytes, { baud }) => door.receive(bytes, baud));
  door.onSend = (bytes) => say(bytes.slice());
  return device;
}
